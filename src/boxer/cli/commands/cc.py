"""`boxer cc`, `boxer c++`: compilers, in the place of any other (`CC="boxer cc"`), and the
programs makefiles call beside them: `boxer ar`, `boxer ranlib`, `boxer strip`."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


_PROGRAMS = {
    "cc": "compile C programs for boxes",
    "c++": "compile C++ programs for boxes",
    "ar": "make libraries of what cc and c++ compile",
    "ranlib": "index such a library",
    "strip": "do nothing: programs for boxes have no symbols",
}


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    # No word is an option of ours: they are the compiler's, `-h` and `--version` too.
    for name, what in _PROGRAMS.items():
        parser = subparsers.add_parser(name, help=what, add_help=False, prefix_chars="\0")
        parser.add_argument("arguments", nargs=argparse.REMAINDER)
        parser.set_defaults(run=run, program=name)


def run(options: argparse.Namespace) -> int:
    from boxer.ending import run_program, temporary_folder
    from boxer.images import sdk_program, tool_environment

    program = sdk_program(options.program)
    with temporary_folder("boxer-cc-") as folder:
        own = dict.fromkeys(("TMPDIR", "ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"), str(folder))
        done = run_program(
            [program, *options.arguments],
            environment={**os.environ, **tool_environment(program.parent.parent), **own},
            timeout=None,
            streams="own",
        )
    return done.returncode if done.returncode >= 0 else 128 - done.returncode
