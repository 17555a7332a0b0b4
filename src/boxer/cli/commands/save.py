"""`boxer save`, `boxer load`: boxes in an archive, which is an OCI image layout."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boxer.errors import WriteError

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "save", help="write boxes into an archive (OCI image layout)", allow_abbrev=False
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="instead of stdout")
    parser.add_argument("names", nargs="+", metavar="NAME[:TAG]")
    parser.set_defaults(run=run)
    parser = subparsers.add_parser(
        "load", help="put an archive's boxes into the store", allow_abbrev=False
    )
    parser.add_argument(
        "-i", "--input", type=Path, metavar="FILE", help="an archive or a folder, instead of stdin"
    )
    parser.add_argument("--tag", metavar="NAME[:TAG]", help="what the one box in it is called")
    parser.add_argument("-q", "--quiet", action="store_true", help="print nothing")
    parser.set_defaults(run=_load)


def run(options: argparse.Namespace) -> int:
    from boxer.blobstore import write_atomically
    from boxer.describe import ImageStore, parse_reference
    from boxer.store import save

    pieces = save(ImageStore(), [parse_reference(name) for name in options.names])
    if options.output:
        write_atomically(options.output, pieces)
        return 0
    if sys.stdout.isatty():
        raise WriteError("An archive is not for a terminal.", hint="-o FILE.tar")
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    return 0


def _load(options: argparse.Namespace) -> int:
    from boxer.describe import ImageStore, parse_reference
    from boxer.ending import temporary_folder
    from boxer.errors import StoreError
    from boxer.escape import escape
    from boxer.store import load

    name = parse_reference(options.tag) if options.tag else None
    store = ImageStore()
    try:
        if options.input:
            loaded = load(store, options.input, name)
        else:
            with temporary_folder() as folder:
                loaded = load(store, _from_stdin(folder / "boxes.tar"), name)
    except OSError as error:
        raise StoreError(f"The archive cannot be read: {error.strerror or error}.") from None
    for image in loaded if not options.quiet else []:
        print(f"Loaded box: {escape(str(image.reference))}")
    return 0


def _from_stdin(path: Path) -> Path:
    """An archive is read from its end and its middle."""
    import shutil

    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return path
