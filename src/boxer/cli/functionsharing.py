"""`boxer fn push`, `boxer fn pull`: functions in registries, with their signatures beside them.

Belongs here: these two commands. Does not: boxes in registries (`boxer.registry`), what a change of
a signature breaks (`boxer.functions`).
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from boxer.cli import functionoptions, registryoptions
from boxer.errors import BreakingChangeError, FunctionError, RegistryMissingError

# A function's signature, canonical: an artifact about its box.
SIGNATURE_TYPE = "application/vnd.boxer.function.signature.v1+json"


def add_push(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("function", metavar="HOST/NAME[:TAG]")
    parser.add_argument(
        "--breaking",
        action="store_true",
        help="also if callers of what the tag names now may fail",
    )
    registryoptions.add_push_options(parser)


def add_pull(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("function", metavar="HOST/NAME[:TAG|@DIGEST]")
    registryoptions.add_insecure(parser)


def push(options: argparse.Namespace) -> int:
    """Raises `BreakingChangeError`, and what pushing raises."""
    from boxer.boxfile import read_info
    from boxer.describe import ImageStore, parse_reference
    from boxer.functions import Description, canonical
    from boxer.registry import Attachment

    reference = parse_reference(options.function)
    name = str(reference)
    description = Description.of(read_info(ImageStore().get(reference)), name)
    if reference.tag:
        _compare(options, name, description.signature)
    attachment = Attachment(SIGNATURE_TYPE, canonical(description.signature))
    quiet = options.format == "json"
    pushed = registryoptions.push_named(name, options, attachment, quiet=quiet)
    digests = {
        "manifest": f"sha256:{pushed.image.manifest}",
        "signature": f"sha256:{description.digest}",
    }
    line = f"{name}: digest: {digests['manifest']} signature: {digests['signature']}"
    functionoptions.tell(options, {"name": name, **digests}, [line])
    return 0


def pull(options: argparse.Namespace) -> int:
    """A box that is no function is said, and stays a box."""
    from boxer.boxfile import read_info
    from boxer.describe import ImageStore, parse_reference
    from boxer.functions import Description
    from boxer.registry import pull as pull_box

    reference = parse_reference(options.function)
    store, name = ImageStore(), str(reference)
    pulled = pull_box(store, reference, insecure=options.insecure)
    description = Description.of(read_info(store.get(reference)), name)
    digests = {
        "manifest": f"sha256:{pulled.image.manifest}",
        "signature": f"sha256:{description.digest}",
    }
    functionoptions.tell(options, {"name": name, **digests}, [name])
    return 0


def _compare(options: argparse.Namespace, name: str, newer: dict[str, Any]) -> None:
    """What the tag names in the registry now is what callers know."""
    from boxer.describe import parse_reference
    from boxer.functions import checked_signature, compare
    from boxer.registry import attachment

    try:
        reference = parse_reference(name)
        data = attachment(reference, SIGNATURE_TYPE, insecure=options.insecure)
    except RegistryMissingError:
        return
    if data is None:
        registryoptions.tell(f"`{name}` has no signature in the registry: nothing was compared")
        return
    try:
        older = checked_signature(json.loads(data), name)
    except (ValueError, RecursionError):
        raise FunctionError(f"The signature of `{name}` in the registry is none.") from None
    breaking = [change for change in compare(older, newer) if change.breaking]
    if breaking and not options.breaking:
        listed = "\n".join(f"  {change.path}: {change.message}" for change in breaking)
        raise BreakingChangeError(
            f"Callers of `{name}`, as the registry has it, may fail with this one:\n{listed}",
            hint="Give it another tag, or push it all the same: --breaking",
        )
