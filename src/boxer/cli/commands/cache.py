"""`boxer cache`: what is kept between builds, and throwing it away."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("cache", help="list or prune what is kept between builds")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("ls", help="kept RUN results, the one used last first")
    listing.set_defaults(run=run_list)
    sizing = actions.add_parser("du", help="what each folder of the cache takes")
    sizing.set_defaults(run=run_sizes)
    pruning = actions.add_parser("prune", help="throw away what was not used", allow_abbrev=False)
    pruning.add_argument(
        "--older-than",
        type=_days,
        default=30,
        metavar="DAYS",
        help="what was not used for so long (30); 0: all but the bases that are current",
    )
    pruning.add_argument(
        "--keep", type=_size, metavar="SIZE", help="and more of it, until so much is left: 500M, 2G"
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


def run_sizes(options: argparse.Namespace) -> int:
    from boxer.blobstore import cache_sizes
    from boxer.console import draw_table

    sizes = cache_sizes()
    rows = [(name, f"{size / 1e6:.1f} MB") for name, size in sizes.items()]
    draw_table([*rows, ("all", f"{sum(sizes.values()) / 1e6:.1f} MB")], sys.stdout)
    return 0


def run_prune(options: argparse.Namespace) -> int:
    from boxer.blobstore import prune_cache

    print(f"{prune_cache(options.older_than, options.keep) / 1e6:.1f} MB freed")
    return 0


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6):
        raise argparse.ArgumentTypeError(f"`{text}` is no number of days")
    return int(text)


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
