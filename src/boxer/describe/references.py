"""Names of boxes, NAME[:TAG], as docker writes them (distribution's reference grammar)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from boxer.errors import BadReferenceError

_NAME = re.compile(r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class TaggedName:
    name: str
    tag: str

    def __str__(self) -> str:
        return f"{self.name}:{self.tag}"


def parse_reference(text: str) -> TaggedName:
    """Reads `NAME[:TAG]`; the tag is `latest` when none is given. Raises `BadReferenceError`."""
    name, colon, tag = text.partition(":")
    if len(text) > _LONGEST or not _NAME.fullmatch(name) or (colon and not _TAG.fullmatch(tag)):
        raise BadReferenceError(
            f"`{text}` is not a name for a box.",
            hint="Write NAME[:TAG] in small letters, for example `hello:1.0`.",
        )
    return TaggedName(name, tag or "latest")
