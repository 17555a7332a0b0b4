"""`boxer cc`: a C compiler, in the place of any other (`CC="boxer cc"`)."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    # No word is an option of ours: they are the compiler's, `-h` and `--version` too.
    parser = subparsers.add_parser(
        "cc", help="compile C programs for boxes", add_help=False, prefix_chars="\0"
    )
    parser.add_argument("words", nargs=argparse.REMAINDER)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from boxer.bases import kit_program

    program = kit_program("cc")
    os.execv(program, [str(program), *options.words])
