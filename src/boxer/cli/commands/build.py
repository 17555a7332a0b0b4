"""`boxer build`: a Dockerfile and its context become a box."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boxer.errors import BuildArgumentError

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "build", help="build a box from a Dockerfile", allow_abbrev=False
    )
    parser.add_argument("-f", "--file", type=Path, help="the Dockerfile (CONTEXT/Dockerfile)")
    parser.add_argument("-t", "--tag", action="append", default=[], metavar="NAME[:TAG]")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT.wasm", help="write the box here")
    parser.add_argument("--build-arg", action="append", default=[], metavar="K[=V]")
    parser.add_argument("--target", metavar="STAGE", help="the stage to build")
    parser.add_argument(
        "--init", metavar="MODULE:CALLABLE", help="call this before the machine is frozen"
    )
    parser.add_argument("--no-cache", action="store_true", help="run every instruction anew")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the result only")
    parser.add_argument("context", type=Path, metavar="CONTEXT")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from boxer.boxfile import read_box
    from boxer.build import build
    from boxer.console import Progress
    from boxer.describe import ImageStore, parse_reference
    from boxer.sandbox import write_plan

    tags = [parse_reference(text) for text in options.tag]
    output = options.output
    if output is None and not tags:
        output = Path(f"{options.context.resolve().name or 'box'}.wasm")
    result = build(
        options.context,
        dockerfile=options.file,
        build_args=build_arguments(options.build_arg),
        target=options.target,
        output=output,
        init=options.init,
        cache=not options.no_cache,
        events=Progress(sys.stderr, options.quiet),
    )
    store = ImageStore()
    for tag in tags:
        store.put(tag, result.data, result.info.created)
    box = read_box(result.data)
    for file in [*([output] if output else []), *map(store.path, tags)]:
        write_plan(file, box)
    for name in [*([output] if output else []), *tags]:
        print(name)
    return 0


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
