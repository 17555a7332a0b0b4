"""`boxer bases`: what can stand in a FROM, and where each base on this machine came from."""

from __future__ import annotations

import argparse
import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from boxer.images import BaseListing


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("bases", help="list the bases", allow_abbrev=False)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from boxer.console import draw_table
    from boxer.images import list_bases

    rows = [
        (
            f"{base.name}:{base.variant}",
            base.version or "-",
            base.digest[:12] if base.digest else "-",
            f"{base.size / 1e6:.1f} MB" if base.size else "-",
            _origin(base),
        )
        for base in list_bases()
    ]
    rows.append(("scratch", "-", "-", "-", "-"))
    draw_table(rows, sys.stdout, ("name", "version", "digest", "size", "from"))
    return 0


def _origin(base: BaseListing) -> str:
    """The package that a base came with, or the folder it was made in."""
    from importlib.metadata import PackageNotFoundError, version

    from boxer.images import base_package, is_installed

    package = base_package(base.name, base.variant)
    if base.folder is None:
        return f"not here: `pip install {package}`"
    if is_installed(base.folder):
        with contextlib.suppress(PackageNotFoundError):
            return f"{package} {version(package)}"
    return str(base.folder.parents[1])
