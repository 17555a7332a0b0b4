"""A name's repository, as the user of this machine sees it."""

from __future__ import annotations

from boxer.errors import BadReferenceError
from boxer.registry.client import Repository
from boxer.registry.login import Session
from boxer.registry.transport import Transport
from boxer.store import TaggedName


def open_repository(reference: TaggedName, *, insecure: bool = False) -> Repository:
    """Asks nothing yet. Raises `BadReferenceError` for a name without a registry."""
    if not reference.host:
        raise BadReferenceError(
            f"`{reference}` names no registry.",
            hint=f"Name it with the registry's host: `HOST/{reference}`. `boxer tag {reference}"
            f" HOST/{reference}` gives a box of this machine that name.",
        )
    transport = Transport(reference.host, insecure=insecure)
    return Repository(Session(transport), reference.repository)
