"""`boxer tag`: another name for a box."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("tag", help="give a box another name", allow_abbrev=False)
    parser.add_argument("box", metavar="BOX", help="a file, or NAME[:TAG]")
    parser.add_argument("name", metavar="NAME[:TAG]")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from pathlib import Path

    from boxer.boxfile import read_info
    from boxer.describe import ImageStore, load_bytes, parse_reference
    from boxer.errors import BadReferenceError

    name = parse_reference(options.name)
    if name.digest:
        raise BadReferenceError(f"`{name}` has a digest: a tag is given, a digest is what it is.")
    store = ImageStore()
    if Path(options.box).is_file():
        box = load_bytes(options.box)
        read_info(box)
        store.put(name, box)
    else:
        store.tag(parse_reference(options.box), name)
    return 0
