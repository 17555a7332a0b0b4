"""`boxer cache`: the results of RUN instructions that are kept between builds."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("cache", help="list or prune kept RUN results")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("ls", help="what is kept, the one used last first")
    listing.set_defaults(run=run_list)
    pruning = actions.add_parser("prune", help="throw kept results away", allow_abbrev=False)
    pruning.add_argument(
        "--keep", type=_size, default=0, metavar="SIZE", help="leave so much: 500M, 2G (none)"
    )
    pruning.set_defaults(run=run_prune)


def run_list(options: argparse.Namespace) -> int:
    from boxer.console import draw_table
    from boxer.pipeline import cached_steps

    rows = [
        (entry.key[:12], f"{entry.size / 1e6:.1f} MB", _when(entry.used), _line(entry.text))
        for entry in cached_steps()
    ]
    draw_table(rows, sys.stdout, ("key", "size", "used", "instruction"))
    return 0


def run_prune(options: argparse.Namespace) -> int:
    from boxer.pipeline import prune_steps

    print(f"{prune_steps(options.keep) / 1e6:.1f} MB freed")
    return 0


def _size(text: str) -> int:
    unit = text[-1:].lower() if not text[-1:].isdecimal() else ""
    number = text[: len(text) - len(unit)]
    if unit not in _UNITS or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"`{text}` is no size: write 500M, 2G")
    return int(number) * _UNITS[unit]


def _when(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else f"{line[:57]}..."
