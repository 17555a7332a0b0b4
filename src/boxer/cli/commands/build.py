"""`boxer build`: a Dockerfile and its context become a box."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from boxer.cli.dockeroptions import add_docker_build_options
from boxer.errors import BuildArgumentError, RunFailedError, SecretError, UnsupportedOptionError
from boxer.escape import escape

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_LARGEST_SECRET = 16 << 20


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "build", help="build a box from a Dockerfile", allow_abbrev=False
    )
    parser.add_argument("-f", "--file", type=Path, help="the Dockerfile (CONTEXT/Dockerfile)")
    parser.add_argument("-t", "--tag", action="append", default=[], metavar="NAME[:TAG]")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT.wasm", help="write the box here")
    parser.add_argument("--build-arg", action="append", default=[], metavar="K[=V]")
    parser.add_argument("--target", metavar="STAGE", help="the stage to build")
    parser.add_argument("--label", action="append", default=[], metavar="K=V")
    parser.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="id=ID[,src=FILE|,env=NAME]",
        help="what `RUN --mount=type=secret` shows",
    )
    parser.add_argument(
        "--init", metavar="MODULE:CALLABLE", help="call this before the machine is frozen"
    )
    parser.add_argument("--no-cache", action="store_true", help="run every instruction anew")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the result only")
    add_docker_build_options(parser)
    parser.add_argument(
        "context", type=Path, metavar="CONTEXT", help="a folder; -: an archive on standard input"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from boxer.boxfile import read_box
    from boxer.cli.contexts import context_folder
    from boxer.cli.interruption import farewell
    from boxer.console import Progress
    from boxer.describe import ImageStore, parse_reference
    from boxer.pipeline import build
    from boxer.runtime import write_plan

    tags = [parse_reference(text) for text in options.tag]
    output = options.output
    if output is not None and str(output).startswith(("type=", "dest=")):
        raise UnsupportedOptionError(
            f"`-o {output}`: a box is one file, not docker's exports.", hint="-o OUT.wasm"
        )
    if output is None and not tags:
        name = options.context.resolve().name if options.context != Path("-") else ""
        output = Path(f"{name or 'box'}.wasm")
    progress = Progress(sys.stderr, options.quiet)
    with (
        farewell(progress.farewell),
        _told_once(options.quiet),
        context_folder(options.context, options.file, progress.hide) as (context, dockerfile),
    ):
        result = build(
            context,
            dockerfile=dockerfile,
            build_args=build_arguments(options.build_arg),
            target=options.target,
            output=output,
            init=options.init,
            cache=not options.no_cache,
            labels=dict(map(label, options.label)),
            secrets=dict(map(secret, options.secret)),
            events=progress,
        )
    store = ImageStore()
    for tag in tags:
        store.put(tag, result.data)
    box = read_box(result.data)
    for file in [*([output] if output else []), *map(store.path, tags)]:
        write_plan(file, box)
    for name in [*([output] if output else []), *tags]:
        print(escape(str(name)))
    return 0


@contextmanager
def _told_once(quiet: bool) -> Iterator[None]:
    """What a command wrote before it failed is not repeated to who has just read it."""
    try:
        yield
    except RunFailedError as error:
        if not quiet:
            error.message = error.message.removesuffix(error.details)
        raise


def build_arguments(texts: list[str]) -> dict[str, str]:
    """K=V pairs; K alone takes its value from the environment, as docker does."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name:
            raise BuildArgumentError(f"`{text}` is not NAME=VALUE.", hint="--build-arg NAME=VALUE")
        if equals:
            found[name] = value
        elif name in os.environ:
            found[name] = os.environ[name]
    return found


def label(text: str) -> tuple[str, str]:
    """K=V; K alone is an empty label, as in docker. Raises `BuildArgumentError`."""
    name, _, value = text.partition("=")
    if not name:
        raise BuildArgumentError(f"`{text}` is not NAME=VALUE.", hint="--label NAME=VALUE")
    return name, value


def secret(text: str) -> tuple[str, bytes]:
    """A secret's id and what it is: of a file (`src`) or of a variable (`env`), by default of the
    variable or else the file called like it, as in docker. Raises `SecretError`."""
    fields = dict(field.partition("=")[::2] for field in text.split(","))
    name = fields.get("id", "")
    unknown = fields.keys() - {"id", "src", "source", "env", "type"}
    if not name or unknown or fields.get("type", "file") not in ("file", "env"):
        raise SecretError(
            f"`{text}` names no secret.",
            hint="--secret id=token,src=token.txt, or id=token,env=TOKEN",
        )
    source = fields.get("src", fields.get("source"))
    variable = fields.get("env", source if fields.get("type") == "env" else None)
    if variable is None and source is None and name in os.environ:
        variable = name
    if variable is not None:
        if variable not in os.environ:
            raise SecretError(f"The variable `{variable}` of the secret `{name}` is not set.")
        return name, os.environb[os.fsencode(variable)]
    from boxer.blobstore import read_limited

    path = Path(source or name).expanduser()
    try:
        return name, read_limited(path, _LARGEST_SECRET, f"`{path}` of the secret `{name}`")
    except OSError as error:
        raise SecretError(
            f"`{path}` of the secret `{name}` cannot be read: {error.strerror}."
        ) from None
