"""`boxer pull`, `boxer verify`: boxes from a registry, and whose signatures they have."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boxer.cli import registryoptions

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("pull", help="fetch a box from a registry", allow_abbrev=False)
    parser.add_argument("name", metavar="HOST/NAME[:TAG|@DIGEST]")
    registryoptions.add_insecure(parser)
    parser.add_argument("--whole", action="store_true", help="fetch the box itself, no delta")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the name only")
    parser.set_defaults(run=run)
    parser = subparsers.add_parser(
        "verify", help="see whether a key has signed a box", allow_abbrev=False
    )
    parser.add_argument("name", metavar="HOST/NAME[:TAG]")
    parser.add_argument("--key", type=Path, required=True, metavar="FILE", help="a public key, PEM")
    parser.set_defaults(run=_verify)


def run(options: argparse.Namespace) -> int:
    from boxer.describe import ImageStore, parse_reference
    from boxer.escape import escape
    from boxer.registry import pull

    reference = parse_reference(options.name)
    pulled = pull(ImageStore(), reference, insecure=options.insecure, whole=options.whole)
    if not options.quiet:
        size = f"{pulled.fetched / 1e6:.2f} MB fetched" if pulled.fetched else "it was here"
        base = f", the rest taken from sha256:{pulled.base[:12]}" if pulled.base else ""
        sys.stderr.write(f"digest: sha256:{pulled.image.manifest}; {size}{base}\n")
    print(escape(str(reference)))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from boxer.describe import ImageStore, parse_reference
    from boxer.escape import escape
    from boxer.store import check_signed

    reference = parse_reference(options.name)
    key = registryoptions.read_pem(options.key)
    digest = check_signed(ImageStore(), reference, str(options.key), key)
    print(f"{escape(str(reference))}: signed by `{escape(str(options.key))}`: sha256:{digest}")
    return 0
