"""What commands that talk to a registry have in common: options, keys, what goes with a box."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from boxer.errors import ImageMissingError, NotABoxError, SigningKeyError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from boxer.registry import Attachment, Pushed

LARGEST_KEY = 64 << 10


def add_insecure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--insecure", action="store_true", help="talk plain HTTP if the registry does"
    )


def add_push_options(parser: argparse.ArgumentParser) -> None:
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
    add_insecure(parser)


def push_named(name: str, options: argparse.Namespace, *more: Attachment, quiet: bool) -> Pushed:
    """Sends a named box with what the options of `add_push_options` say. more: attached, too.

    Raises what `registry.push` raises.
    """
    from boxer.describe import ImageStore, parse_reference
    from boxer.registry import push

    store, reference = ImageStore(), parse_reference(name)
    is_described = reference.host and not options.no_sbom  # without a host nothing is sent
    try:
        attached = bill_of_materials(store.get(reference)) if is_described else []
    except ImageMissingError as error:
        error.hint = f"`boxer tag BOX {reference}` gives a box that name."
        raise
    return push(
        store,
        reference,
        insecure=options.insecure,
        key=read_key(options.sign_key) if options.sign_key else None,
        attachments=[*attached, *more],
        bases=[parse_reference(base) for base in options.delta_from],
        with_deltas=not options.no_deltas,
        tell=(lambda text: None) if quiet else tell,
    )


def read_key(path: Path) -> PrivateKeyTypes:
    """Raises `SigningKeyError`."""
    from boxer.store import private_key

    return private_key(read_pem(path), str(path))


def read_pem(path: Path) -> bytes:
    """Raises `SigningKeyError`."""
    from boxer.blobstore import read_limited

    try:
        return read_limited(path, LARGEST_KEY, f"`{path}`")
    except OSError as error:
        raise SigningKeyError(f"`{path}` cannot be read: {error.strerror}.") from None


def bill_of_materials(box: bytes) -> list[Attachment]:
    """A program that is no box has none."""
    from boxer.blobstore import sha256
    from boxer.boxfile import read_info
    from boxer.describe import SBOM_TYPE, sbom
    from boxer.registry import Attachment

    try:
        return [Attachment(SBOM_TYPE, sbom(read_info(box), sha256(box)))]
    except NotABoxError:
        return []


def size_text(count: int) -> str:
    """Bytes as people say them."""
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"


def tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
