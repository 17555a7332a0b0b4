"""`boxer fn`: typed functions: made, built, called, tested, listed, described."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boxer.cli import functionoptions, functionsharing

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_TARGET = "a folder with a boxer.toml, or [FOLDER/]MODULE:FUNCTION (the folder here)"
_FUNCTION = "a file, NAME[:TAG], or source as of `build`"


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("fn", help="typed functions in boxes", allow_abbrev=False)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _add_making(commands)
    _add_calling(commands)
    _add_describing(commands)
    push = _command(commands, "push", "send a function to a registry", functionsharing.push)
    functionsharing.add_push(push)
    pull = _command(commands, "pull", "fetch a function from one", functionsharing.pull)
    functionsharing.add_pull(pull)


def _command(
    commands: _SubParsersAction[argparse.ArgumentParser], name: str, text: str, run: Any
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text, allow_abbrev=False)
    parser.add_argument("--format", choices=("human", "json"), default="human")
    parser.set_defaults(run=run)
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < 1e9:
        raise ValueError
    return seconds


_seconds.__name__ = "number of seconds"  # what argparse says it is not


def _add_making(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(commands, "new", "write a new function into a folder", new)
    parser.add_argument("name", metavar="FUNCTION", help="of the function, and of its folder")
    parser.add_argument("--lang", choices=("python", "js", "ts", "c"), default="python")
    parser.add_argument("--folder", type=Path, help="instead of one named as the function")
    parser.add_argument(
        "--signature", metavar="FILE.hcl", help="of Scale's that it is typed with, or `http`"
    )
    parser = _command(commands, "import", "print a signature of Scale's as Python", import_scale)
    parser.add_argument("-o", "--output", type=Path, metavar="OUT.py", help="write it here")
    parser.add_argument("signature", metavar="FILE.hcl", help="or `http`: Scale's own for HTTP")
    parser = _command(commands, "build", "build a function", build)
    parser.add_argument("-t", "--tag", metavar="NAME[:TAG]", help="instead of the project's")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT.wasm", help="write the box here")
    parser.add_argument("--no-cache", action="store_true", help="run every instruction anew")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the result only")
    parser.add_argument("target", nargs="?", default=".", metavar="TARGET", help=_TARGET)
    parser = _command(commands, "delete", "forget functions", delete)
    parser.add_argument("functions", nargs="+", metavar="NAME[:TAG]")
    parser = _command(commands, "export", "write a function's box to a file", export)
    parser.add_argument("--raw", action="store_true", help="without what Boxer says in it")
    parser.add_argument("function", metavar="BOX", help=_FUNCTION)
    parser.add_argument("output", type=Path, metavar="OUT.wasm")


def _add_calling(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = _command(commands, "run", "call a function, or a chain of several", run_function)
    parser.add_argument("functions", nargs="+", metavar="BOX", help=_FUNCTION)
    parser.add_argument(
        "-i", "--input", metavar="JSON", help="JSON, @FILE, or - for standard input (the default)"
    )
    parser.add_argument(
        "-a", "--arg", action="append", default=[], metavar="NAME=VALUE",
        help="one argument: JSON, a text, or @FILE for its bytes",
    )  # fmt: skip
    parser.add_argument("--record", type=Path, metavar="FILE", help="write it down as an example")
    parser.add_argument("--serve", action="store_true", help="answer HTTP requests")
    parser.add_argument(
        "-p", "--port", default="8080", metavar="[IP:]PORT", help="where --serve listens (8080)"
    )
    parser.add_argument("--timeout", type=_seconds, metavar="SECONDS", help="for all of it")
    functionoptions.add_host_options(parser)
    parser = _command(commands, "test", "make the calls of a function's examples again", test)
    parser.add_argument("target", nargs="?", default=".", metavar="TARGET", help=_TARGET)
    parser.add_argument("--function", metavar="BOX", help="this one, instead of building TARGET")
    parser.add_argument("--update", action="store_true", help="write down what comes now")
    functionoptions.add_host_options(parser)


def _add_describing(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    _command(commands, "list", "list named functions", list_functions)
    parser = _command(commands, "inspect", "show what a function takes and gives", inspect)
    parser.add_argument("--as", dest="kind", choices=("signature", "openapi", "mcp"))
    parser.add_argument("function", metavar="BOX", help=_FUNCTION)
    parser = _command(commands, "stub", "print a caller's source, or WIT", stub)
    parser.add_argument("--lang", choices=("python", "ts", "wit"), default="python")
    parser.add_argument("function", metavar="BOX", help=_FUNCTION)
    parser = _command(commands, "diff", "compare two functions' signatures", diff)
    parser.add_argument("older", metavar="BOX", help=f"{_FUNCTION}, or a signature's file (.json)")
    parser.add_argument("newer", metavar="BOX")


def new(options: argparse.Namespace) -> int:
    from boxer.functions import read_scale, write_project

    folder = options.folder or Path(options.name)
    signature = read_scale(options.signature) if options.signature else None
    files = write_project(folder, options.name, options.lang, signature)
    functionoptions.tell(options, [str(path) for path in files], [str(path) for path in files])
    return 0


def import_scale(options: argparse.Namespace) -> int:
    from boxer.functions import python_module, read_scale

    source = python_module(read_scale(options.signature))
    if options.output is not None:
        functionoptions.write(options.output, source.encode())
        functionoptions.tell(options, str(options.output), [str(options.output)])
    elif options.format == "json":
        functionoptions.print_json({"source": source})
    else:
        print(source, end="")
    return 0


def build(options: argparse.Namespace) -> int:
    from boxer.describe import ImageStore, TaggedName, parse_reference
    from boxer.functions import build_function, project_of

    project = project_of(options.target)
    with functionoptions.progress(options.quiet) as events:
        built = build_function(project, cache=not options.no_cache, events=events)
    tag = parse_reference(options.tag) if options.tag else TaggedName(project.name, project.tag)
    names = []
    if options.output is not None:
        functionoptions.write(options.output, built.data)
        names.append(str(options.output))
    if options.output is None or options.tag:
        ImageStore().put(tag, built.data)
        names.append(str(tag))
    told = {
        "names": names,
        "digest": f"sha256:{built.digest}",
        "signature": f"sha256:{built.description.digest}",
        "size": len(built.data),
    }
    functionoptions.tell(options, told, names)
    return 0


def delete(options: argparse.Namespace) -> int:
    from boxer.describe import ImageStore, parse_reference

    store = ImageStore()
    for name in options.functions:
        store.remove(parse_reference(name))
    functionoptions.tell(options, options.functions, options.functions)
    return 0


def export(options: argparse.Namespace) -> int:
    from boxer.functions import without_description

    data = functionoptions.bytes_of(options.function)
    functionoptions.write(options.output, without_description(data) if options.raw else data)
    functionoptions.tell(options, str(options.output), [str(options.output)])
    return 0


def run_function(options: argparse.Namespace) -> int:
    with functionoptions.opened(options.functions, options) as function:
        if options.serve:
            return functionoptions.serve(function, options)
        if options.record is not None:
            return functionoptions.recorded(function, options)
        return functionoptions.called(function, options)


def test(options: argparse.Namespace) -> int:
    from boxer.functions import project_of

    project = project_of(options.target)
    with functionoptions.opened([options.function or options.target], options) as function:
        return functionoptions.tested(function, project.folder, options)


def list_functions(options: argparse.Namespace) -> int:
    rows = functionoptions.named_functions()
    functionoptions.tell_rows(options, rows, ("name", "tag", "digest", "signature", "takes"))
    return 0


def inspect(options: argparse.Namespace) -> int:
    from boxer.functions import Description, mcp_tool, openapi

    info = functionoptions.info_of(options.function)
    description = Description.of(info, options.function)
    kind = options.kind
    name = description.signature["name"]
    if kind == "openapi":
        told: Any = openapi({name: description.signature}, name)
    elif kind == "mcp":
        told = mcp_tool(name, description.signature)
    elif kind == "signature" or options.format == "json":
        told = description.signature if kind else functionoptions.described(description)
    else:
        functionoptions.draw(description)
        return 0
    functionoptions.print_json(told)
    return 0


def stub(options: argparse.Namespace) -> int:
    from boxer.functions import Description, python_stub, typescript_stub, wit_package

    description = Description.of(functionoptions.info_of(options.function), options.function)
    make = {"python": python_stub, "ts": typescript_stub, "wit": wit_package}[options.lang]
    source = make(options.function, description.signature)
    if options.format == "json":
        functionoptions.print_json({"source": source})
    else:
        print(source, end="")
    return 0


def diff(options: argparse.Namespace) -> int:
    """1 where callers of the older one may fail."""
    from boxer.functions import compare

    older, newer = (functionoptions.signature_of(name) for name in (options.older, options.newer))
    changes = compare(older, newer)
    rows = [
        {
            "path": change.path,
            "change": "breaking" if change.breaking else "compatible",
            "message": change.message,
        }
        for change in changes
    ]
    functionoptions.tell_rows(options, rows, ("change", "path", "message"))
    return 1 if any(change.breaking for change in changes) else 0
