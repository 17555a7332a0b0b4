"""`boxer cc`, `boxer c++`: compilers, in the place of any other (`CC="boxer cc"`), and the
programs makefiles call beside them: `boxer ar`, `boxer ranlib`, `boxer strip`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from boxer.escape import escape

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


_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".C", ".i", ".ii")
# Options whose value is a file that need not be there.
_NAMES_A_FILE = ("-o", "-D", "-MF", "-MT", "-MQ")
_PAGE = """\
usage: boxer {name} [OPTION]... FILE...

{what}.

{text}
{others}
docs/how-to/c-programs.md says what a box has of C, and what it has not."""
_TEXTS = {
    "cc": """\
It takes what gcc and clang take, and goes where those go:

  boxer cc -O2 -o hello.wasm hello.c       compile and link a program
  boxer cc -c -o part.o part.c             compile only
  make CC="boxer cc" AR="boxer ar"         build what has a makefile
  boxer run hello.wasm                     run it

  -c -S -E          stop after compiling, before assembling, after preprocessing
  -o FILE           where the result goes
  -O0 .. -O3 -Os    how much to optimise
  -D -U -I -L -l    macros, folders of headers and libraries, libraries
  -std= -W* -f*     language, warnings, what else clang takes
  --version         the compiler's

""",
    "ar": """\
It takes what ar takes: `boxer ar rcs libpart.a part.o`.

""",
    "ranlib": """\
It takes what ranlib takes: `boxer ranlib libpart.a`.

""",
    "strip": """\
It is there for makefiles that call it.

""",
}
_TEXTS["c++"] = _TEXTS["cc"].replace("boxer cc", "boxer c++").replace("CC=", "CXX=")


def _page(name: str) -> str:
    what = _PROGRAMS[name]
    others = ", ".join(f"boxer {other}" for other in _PROGRAMS if other != name)
    return _PAGE.format(
        name=name,
        what=what[0].upper() + what[1:],
        text=_TEXTS[name],
        others=f"See also: {others}.",
    )


def _missing(arguments: Sequence[str]) -> list[str]:
    """Sources that are not there: of those zig says that its cache is wrong."""
    return [
        word
        for before, word in zip(["", *arguments], arguments, strict=False)
        if word.endswith(_SOURCES)
        and not word.startswith("-")
        and before not in _NAMES_A_FILE
        and not os.path.lexists(word)
    ]


def run(options: argparse.Namespace) -> int:
    if options.arguments == ["--help"]:
        print(_page(options.program))
        return 0
    from boxer.ending import run_program, temporary_folder
    from boxer.images import sdk_program, tool_environment

    missing = _missing(options.arguments)
    for path in missing:
        print(f"{options.program}: error: {escape(path)}: No such file", file=sys.stderr)
    if missing:
        return 1
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
