"""`boxer rmi`: forgets named boxes."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("rmi", help="remove named boxes", allow_abbrev=False)
    parser.add_argument("names", nargs="*", metavar="NAME[:TAG]")
    parser.add_argument(
        "--unnamed", action="store_true", help="boxes whose names others have got since"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from boxer.describe import ImageStore, parse_reference
    from boxer.errors import ImageMissingError

    store = ImageStore()
    for reference in [parse_reference(name) for name in options.names]:
        gone = store.remove(reference)
        print(f"{reference} {'removed' if gone else 'untagged: its box has another name'}")
    if options.unnamed:
        print(f"{store.remove_unnamed()} unnamed removed")
    elif not options.names:
        raise ImageMissingError("No box is named.", hint="boxer rmi NAME[:TAG]..., or --unnamed")
    return 0
