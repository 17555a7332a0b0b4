"""`boxer wheel`: a Python package with native code, built from source for the box."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boxer.escape import escape
from boxer.listener import Silent

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "wheel",
        help="build Python packages with native code for boxes",
        description="Builds packages from their source archives. A build runs the package's own "
        "code on this machine, as pip does.",
        allow_abbrev=False,
    )
    parser.add_argument("packages", nargs="+", metavar="SDIST|NAME[==VERSION]")
    parser.add_argument("-o", "--output", type=Path, metavar="FOLDER", help="copy the wheels here")
    parser.add_argument("--base", default="python", help="the base (python)")
    parser.set_defaults(run=run)


class _Watcher(Silent):
    def progress(self, text: str) -> None:
        sys.stderr.write(f"{escape(text)}\n")
        sys.stderr.flush()


def run(options: argparse.Namespace) -> int:
    from boxer.blobstore import write_atomically
    from boxer.packages import build_wheel

    for package in options.packages:
        built = build_wheel(package, base=options.base, listener=_Watcher())
        modules = ", ".join(built.modules) or "no extension module: it is pure"
        took = "kept" if built.seconds is None else f"built in {built.seconds:.1f} s"
        told = f"{built.filename}: {modules} ({took}, {built.code_bytes} bytes of code)"
        print(escape(told))
        if built.confined is False:
            print("note: bubblewrap is not there: the build was not confined.", file=sys.stderr)
        if options.output is not None:
            options.output.mkdir(parents=True, exist_ok=True)
            write_atomically(options.output / built.filename, built.data)
    return 0
