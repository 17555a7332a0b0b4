"""`boxer bases`: what can stand in a FROM, and what has been made on this machine."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


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
            base.digest[:12] if base.digest else "not made: `make bases`",
            f"{base.size / 1e6:.1f} MB" if base.size else "-",
        )
        for base in list_bases()
    ]
    rows.append(("scratch", "-", "-", "-"))
    draw_table(rows, sys.stdout, ("name", "version", "digest", "size"))
    return 0
