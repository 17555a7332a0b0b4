"""What the commands of `boxer fn` share: functions by their names, input and output, extensions.

Belongs here: arguments to values, values to a terminal. Does not: functions themselves
(`boxer.functions`).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boxer.errors import BoxerError, FunctionError, FunctionInputError, GuestError
from boxer.escape import escape

if TYPE_CHECKING:
    from boxer.boxfile import BoxInfo
    from boxer.functions import Chain, Description, Function

LARGEST_INPUT = 64 << 20


def add_host_options(parser: argparse.ArgumentParser) -> None:
    from boxer.cli.networkoptions import add_outbound_options

    parser.add_argument(
        "--host", action="append", default=[], metavar="NAME[=VALUE]",
        help="an extension: kv[=FILE.sqlite], fetch=HOST[:PORT][,..], secrets=VARIABLE[,..], log,"
        " clock; OTHER=KIND[:VALUE] under another name",
    )  # fmt: skip
    parser.add_argument("-e", "--env", action="append", default=[], metavar="K[=V]")
    parser.add_argument(
        "--limit", action="append", default=[], metavar="NAME=VALUE",
        help="of each call: time, cpu, memory, output, storage, files, tasks, call_depth",
    )  # fmt: skip
    parser.add_argument("--stateful", action="store_true", help="one machine for all calls")
    add_outbound_options(parser)


def extensions(texts: Sequence[str]) -> dict[str, Any]:
    """Raises `FunctionError`."""
    from boxer.extensions import Clock, Fetch, KeyValue, Log, Secrets

    made: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        kind = name
        if name not in ("kv", "fetch", "secrets", "log", "clock"):
            kind, _, value = value.partition(":")
        if kind == "kv":
            made[name] = KeyValue(value or None)
        elif kind == "fetch" and value:
            made[name] = Fetch(value.split(","))
        elif kind == "secrets" and value:
            missing = [one for one in value.split(",") if one not in os.environ]
            if missing:
                raise FunctionError(f"The variable `{missing[0]}` of --host {text} is not set.")
            made[name] = Secrets({one: os.environ[one] for one in value.split(",")})
        elif kind == "log":
            made[name] = Log()
        elif kind == "clock":
            made[name] = Clock()
        else:
            raise FunctionError(
                f"`--host {text}` is no extension.",
                hint="--host kv, --host fetch=api.example.com, --host secrets=TOKEN, log, clock",
            )
    return made


@contextmanager
def progress(quiet: bool) -> Iterator[Any]:
    from boxer.cli.interruption import farewell
    from boxer.console import Progress

    shown = Progress(sys.stderr, quiet)
    with farewell(shown.farewell):
        yield shown


def bytes_of(name: str) -> bytes:
    """The box of a function: a file, a name, or source, which is built."""
    from boxer.describe import load_bytes
    from boxer.errors import ImageMissingError
    from boxer.functions import build_function, is_project, project_of

    if not (Path(name).is_file() and is_project(name)):
        try:
            return load_bytes(name)
        except ImageMissingError:
            if not is_project(name):
                raise
    with progress(True) as events:
        return build_function(project_of(name), events=events).data


def info_of(name: str) -> BoxInfo:
    from boxer.boxfile import read_info

    return read_info(bytes_of(name))


def signature_of(name: str) -> dict[str, Any]:
    """Of a function, or as a file of JSON has it."""
    from boxer.functions import Description, checked_signature

    if name.endswith(".json"):
        try:
            told = json.loads(Path(name).read_bytes())
        except (OSError, ValueError) as error:
            raise FunctionError(f"`{name}` is no signature: {error}.") from None
        held = told.get("signature", told) if isinstance(told, dict) else told
        return checked_signature(held, name)
    return Description.of(info_of(name), name).signature


@contextmanager
def opened(names: Sequence[str], options: argparse.Namespace) -> Iterator[Function | Chain]:
    """A function, or several as a chain."""
    from boxer.boxfile import needed_hosts
    from boxer.cli import networkoptions, runoptions
    from boxer.functions import Description, Function, chain, limits_of
    from boxer.library import load_box

    own_limits, net_limits = networkoptions.split_limits(options.limit)
    host = extensions(options.host)
    with ExitStack() as stack:
        functions = []
        for name in names:
            box = load_box(bytes_of(name))
            told = limits_of(dict(Description.of(box.info, name).limits))
            needed = needed_hosts(box.info)
            functions.append(
                stack.enter_context(
                    Function(
                        box, name,
                        stateful=options.stateful,
                        size=None if getattr(options, "serve", False) else 1,
                        limits=runoptions.read_limits(own_limits, told),
                        env=runoptions.read_environment(options.env),
                        network=networkoptions.read_outbound(options, net_limits),
                        host={one: host[one] for one in host if one in needed} or None,
                    )
                )
            )  # fmt: skip
        yield functions[0] if len(functions) == 1 else chain(*functions)


def called(function: Function | Chain, options: argparse.Namespace) -> int:
    from boxer.functions import Reply, arguments_of, as_json

    given = arguments_of(function.name, _input(function, options), function.signature)
    given |= _arguments(function, options)
    try:
        told = function.call(given, timeout=options.timeout)
    except GuestError as error:
        _print_streams(error.stdout, error.stderr)
        raise
    if isinstance(told, Reply):
        _print_streams(told.stdout, told.stderr)
        told = told.value
    print(json.dumps(as_json(told), ensure_ascii=False, indent=_indent(options)))
    return 0


def _indent(options: argparse.Namespace) -> int | None:
    return 2 if options.format == "human" and sys.stdout.isatty() else None


def _print_streams(stdout: bytes, stderr: bytes) -> None:
    """Standard output is the result's: what the function printed goes to standard error."""
    for data in (stdout, stderr):
        if data:
            sys.stderr.write(escape(data.decode("utf-8", "replace")))


def recorded(function: Function | Chain, options: argparse.Namespace) -> int:
    from boxer.functions import record

    given = _input(function, options)
    told = record(options.record, given, _caller(function), function.name, function.signature)
    print(json.dumps(told, ensure_ascii=False, indent=_indent(options)))
    return 0


def _caller(function: Function | Chain) -> Any:
    def call(arguments: dict[str, Any]) -> Any:
        told = function.call(arguments)
        return getattr(told, "value", told) if type(told).__name__ == "Reply" else told

    return call


def _input(function: Function | Chain, options: argparse.Namespace) -> Any:
    text = options.input
    if text is None and (options.arg or sys.stdin.isatty()):
        return {}
    if text is None or text == "-":
        data = sys.stdin.buffer.read(LARGEST_INPUT + 1)
        if not data.strip() and text is None:
            return {}
    elif text.startswith("@"):
        data = _file(text[1:])
    else:
        data = text.encode()
    if len(data) > LARGEST_INPUT:
        raise FunctionInputError(function.name, [("", f"has more than {LARGEST_INPUT} bytes")])
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise FunctionInputError(function.name, [("", f"is no JSON: {error}")]) from None


def _arguments(function: Function | Chain, options: argparse.Namespace) -> dict[str, Any]:
    from boxer.functions import arguments_of

    plain: dict[str, Any] = {}
    as_bytes: dict[str, Any] = {}
    properties = function.signature["input"].get("properties", {})
    for text in options.arg:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise FunctionError(f"`--arg {text}` is not NAME=VALUE.")
        if value.startswith("@"):
            as_bytes[name] = _file(value[1:])
        elif properties.get(name, {}).get("type") == "string":
            plain[name] = value
        else:
            try:
                plain[name] = json.loads(value)
            except ValueError:
                plain[name] = value
    read = arguments_of(function.name, plain, function.signature) if plain else {}
    return {**read, **as_bytes}


def _file(name: str) -> bytes:
    from boxer.blobstore import read_limited

    try:
        return read_limited(Path(name), LARGEST_INPUT, f"`{name}`")
    except OSError as error:
        raise FunctionError(f"`{name}` cannot be read: {error.strerror}.") from None


def serve(function: Function | Chain, options: argparse.Namespace) -> int:
    from boxer.functions import serve_function

    host, _, port = options.port.rpartition(":")
    if not (port.isascii() and port.isdecimal() and int(port[:6]) < 1 << 16):
        raise FunctionError(f"`{options.port}` is not [IP:]PORT.", hint="-p 8080, -p 0.0.0.0:80")
    serve_function(function, function.signature["name"], host.strip("[]") or "127.0.0.1", int(port))
    return 0


def tested(function: Function | Chain, folder: Path, options: argparse.Namespace) -> int:
    """1 where an example's call does otherwise."""
    from boxer.functions import read_examples, record, try_example

    examples = read_examples(folder)
    if not examples:
        raise FunctionError(
            f"There are no examples in `{folder / 'examples'}`.",
            hint="`boxer fn run --record examples/NAME.json ...` writes one.",
        )
    rows = []
    for example in examples:
        call = _caller(function)
        if options.update:
            record(example.path, example.told["input"], call, function.name, function.signature)
            difference = ""
        else:
            outcome = try_example(example, call, function.name, function.signature)
            difference = outcome.difference
        result = "failed" if difference else "updated" if options.update else "passed"
        rows.append({"example": example.path.stem, "result": result, "message": difference})
    tell_rows(options, rows, ("result", "example", "message"))
    return 1 if any(row["result"] == "failed" for row in rows) else 0


def named_functions() -> list[dict[str, Any]]:
    """Those of the store."""
    import mmap

    from boxer.boxfile import read_info
    from boxer.describe import ImageStore
    from boxer.functions import Description

    store, rows = ImageStore(), []
    for image in store.list():
        try:
            with (
                store.path(image.reference).open("rb") as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
            ):
                info = read_info(bytes(data))
            if info.function is None:
                continue
            description = Description.of(info, str(image.reference))
        except (BoxerError, OSError, ValueError):
            continue  # `boxer images` lists what is damaged, too
        rows.append(
            {
                "name": image.reference.name,
                "tag": image.reference.tag,
                "digest": image.digest[:12],
                "signature": description.digest[:12],
                "takes": ", ".join(description.signature["input"].get("properties", {})),
            }
        )
    return rows


def described(description: Description) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(description.to_json())
    return told


def draw(description: Description) -> None:
    from boxer.console import draw_table

    signature = description.signature
    schema = signature["input"]
    rows = [
        ("function", signature["name"]),
        ("description", signature.get("description", "")),
        ("entry", description.entry),
        ("language", description.language),
    ]
    required = set(schema.get("required", ()))
    for name, one in schema.get("properties", {}).items():
        default = f" = {json.dumps(one['default'])}" if "default" in one else ""
        optional = "" if name in required or default else " (may be left out)"
        rows.append(("takes", f"{name}: {_type(one)}{default}{optional}"))
    rows.append(("gives", _type(signature["output"])))
    if signature.get("next") is not None:
        rows.append(("chains", "calls the next link itself"))
    rows += [("needs", f"`{name}` of the host") for name in description.hosts]
    rows += [(f"limit {name}", str(value)) for name, value in description.limits.items()]
    rows.append(("signature", f"sha256:{description.digest}"))
    draw_table([row for row in rows if row[1]], sys.stdout)


def _type(schema: Any) -> str:
    if not isinstance(schema, dict):
        return "anything"
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    choices = schema.get("anyOf")
    if choices:
        return " or ".join(_type(choice) for choice in choices)
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(json.dumps(value) for value in values)
    if schema.get("contentEncoding"):
        return "bytes"
    if schema.get("type") == "array":
        return f"array of {_type(schema.get('items', True))}"
    return str(schema.get("format") or schema.get("type") or "anything")


def write(path: Path, data: bytes) -> None:
    from boxer.blobstore import check_place, write_atomically

    check_place(path)
    write_atomically(path, data)


def print_json(value: Any) -> None:
    from boxer.console import draw_json

    draw_json(value, sys.stdout)


def tell(options: argparse.Namespace, value: Any, lines: Sequence[str]) -> None:
    if options.format == "json":
        print_json(value)
        return
    for line in lines:
        print(escape(line))


def tell_rows(
    options: argparse.Namespace, rows: list[dict[str, Any]], columns: tuple[str, ...]
) -> None:
    from boxer.console import draw_table

    if options.format == "json":
        print_json(rows)
    elif rows:
        draw_table([tuple(str(row[name]) for name in columns) for row in rows], sys.stdout, columns)
