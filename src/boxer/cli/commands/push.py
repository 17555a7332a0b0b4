"""`boxer push`, `boxer sign`: boxes into a registry, and signatures of them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from boxer.cli import registryoptions

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("push", help="send a box to a registry", allow_abbrev=False)
    parser.add_argument("name", metavar="HOST/NAME[:TAG]")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the digest only")
    registryoptions.add_push_options(parser)
    parser.set_defaults(run=run)
    parser = subparsers.add_parser("sign", help="sign a box in a registry", allow_abbrev=False)
    parser.add_argument("name", metavar="HOST/NAME[:TAG]")
    parser.add_argument(
        "--key", type=Path, required=True, metavar="FILE", help="a private key, PEM"
    )
    registryoptions.add_insecure(parser)
    parser.set_defaults(run=_sign)


def run(options: argparse.Namespace) -> int:
    from boxer.escape import escape

    pushed = registryoptions.push_named(options.name, options, quiet=options.quiet)
    image = pushed.image
    if options.quiet:
        print(f"sha256:{image.manifest}")
        return 0
    for base, size in pushed.deltas:
        whose = f"sha256:{base[:12]}" if base else "no other box"
        registryoptions.tell(f"{registryoptions.size_text(size)} for who has {whose}")
    name = escape(str(image.reference))
    print(f"{name}: digest: sha256:{image.manifest} size: {image.size}")
    return 0


def _sign(options: argparse.Namespace) -> int:
    from boxer.describe import ImageStore, parse_reference
    from boxer.escape import escape
    from boxer.registry import sign_pushed

    reference = parse_reference(options.name)
    key = registryoptions.read_key(options.key)
    digest = sign_pushed(ImageStore(), reference, key, insecure=options.insecure)
    print(f"{escape(str(reference))}: signed: sha256:{digest}")
    return 0
