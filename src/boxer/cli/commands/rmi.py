"""`boxer rmi`: forgets named boxes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("rmi", help="remove named boxes", allow_abbrev=False)
    parser.add_argument("names", nargs="+", metavar="NAME[:TAG]")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from boxer.describe import ImageStore, parse_reference

    store = ImageStore()
    for reference in [parse_reference(name) for name in options.names]:
        gone = store.remove(reference)
        print(f"{reference} {'removed' if gone else 'untagged: its box has another name'}")
    return 0
