"""`boxer push`, `boxer sign`: boxes into a registry, and signatures of them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import _SubParsersAction


_LARGEST_KEY = 64 << 10


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    _add_push(subparsers)
    _add_sign(subparsers)


def _add_push(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("push", help="send a box to a registry", allow_abbrev=False)
    parser.add_argument("name", metavar="HOST/NAME[:TAG]")
    parser.add_argument(
        "--sign-key", type=Path, metavar="FILE", help="sign it, as cosign does: a private key, PEM"
    )
    parser.add_argument(
        "--delta-from",
        action="append",
        default=[],
        metavar="NAME[:TAG]",
        help="a box of the store that who pulls may have: he fetches what differs",
    )
    parser.add_argument("--no-deltas", action="store_true", help="send the box itself alone")
    parser.add_argument("--no-sbom", action="store_true", help="attach no bill of materials")
    parser.add_argument("-q", "--quiet", action="store_true", help="print the digest only")
    _add_insecure(parser)
    parser.set_defaults(run=run)


def _add_sign(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("sign", help="sign a box in a registry", allow_abbrev=False)
    parser.add_argument("name", metavar="HOST/NAME[:TAG]")
    parser.add_argument(
        "--key", type=Path, required=True, metavar="FILE", help="a private key, PEM"
    )
    _add_insecure(parser)
    parser.set_defaults(run=_sign)


def _add_insecure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--insecure", action="store_true", help="talk plain HTTP if the registry does"
    )


def run(options: argparse.Namespace) -> int:
    from boxer.describe import ImageStore, parse_reference
    from boxer.escape import escape
    from boxer.registry import push

    reference = parse_reference(options.name)
    store = ImageStore()
    pushed = push(
        store,
        reference,
        insecure=options.insecure,
        key=_key(options.sign_key) if options.sign_key else None,
        attachments=[] if options.no_sbom else _sbom(store.get(reference)),
        bases=[parse_reference(name) for name in options.delta_from],
        with_deltas=not options.no_deltas,
        tell=lambda text: _tell(text, options.quiet),
    )
    image = pushed.image
    if options.quiet:
        print(f"sha256:{image.manifest}")
        return 0
    for base, size in pushed.deltas:
        _tell(
            f"{_size(size)} for who has {f'sha256:{base[:12]}' if base else 'no other box'}", False
        )
    print(f"{escape(str(reference))}: digest: sha256:{image.manifest} size: {image.size}")
    return 0


def _sign(options: argparse.Namespace) -> int:
    from boxer.describe import ImageStore, parse_reference
    from boxer.escape import escape
    from boxer.registry import sign_pushed

    reference = parse_reference(options.name)
    digest = sign_pushed(ImageStore(), reference, _key(options.key), insecure=options.insecure)
    print(f"{escape(str(reference))}: signed: sha256:{digest}")
    return 0


def _key(path: Path):  # type: ignore[no-untyped-def]
    from boxer.blobstore import read_limited
    from boxer.errors import SigningKeyError
    from boxer.store import private_key

    try:
        return private_key(read_limited(path, _LARGEST_KEY, f"`{path}`"), str(path))
    except OSError as error:
        raise SigningKeyError(f"`{path}` cannot be read: {error.strerror}.") from None


def _sbom(box: bytes):  # type: ignore[no-untyped-def]
    """The bill of materials; a program that is no box has none."""
    from boxer.blobstore import sha256
    from boxer.boxfile import read_info
    from boxer.describe import SBOM_TYPE, sbom
    from boxer.errors import NotABoxError
    from boxer.registry import Attachment

    try:
        return [Attachment(SBOM_TYPE, sbom(read_info(box), sha256(box)))]
    except NotABoxError:
        return []


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


def _tell(text: str, quiet: bool) -> None:
    if not quiet:
        sys.stderr.write(f"{text}\n")
