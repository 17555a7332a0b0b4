"""`boxer check`: reads a Dockerfile, plans its stages, and says what BuildKit's linter would."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "check", help="lint a Dockerfile without building it", allow_abbrev=False
    )
    parser.add_argument("-f", "--file", type=Path, help="the Dockerfile (CONTEXT/Dockerfile)")
    parser.add_argument("--build-arg", action="append", default=[], metavar="K[=V]")
    parser.add_argument("--target", metavar="STAGE", help="the stage to plan for")
    parser.add_argument("context", type=Path, metavar="CONTEXT")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Exit status 1 where there is a warning, as `docker build --check`."""
    from boxer.cli.commands.build import build_arguments
    from boxer.console import draw_table
    from boxer.pipeline import check

    found = check(options.context, options.file, build_arguments(options.build_arg), options.target)
    rows = [(str(entry.where), entry.rule, entry.message) for entry in found]
    draw_table(rows, sys.stdout)
    if not found:
        print("No warnings.")
    return 1 if found else 0
