"""Names of boxes, [HOST[:PORT]/]NAME[:TAG][@DIGEST] (distribution's reference grammar)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from boxer.errors import BadReferenceError

_PART = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>{_PART}(?::[0-9]{{1,5}}(?=/))?(?:/{_PART})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?"
    r"(?:@sha256:(?P<digest>[0-9a-f]{64}))?"
)
_LONGEST = 330
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class TaggedName:
    """name: with the registry's host, if it has one. tag: may be empty where a digest is given.
    digest: sha256 of the manifest, hex; empty: whatever the tag names."""

    name: str
    tag: str
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@sha256:{self.digest}" if self.digest else "")

    @property
    def host(self) -> str:
        """The registry, HOST[:PORT]; empty for a name that is of this machine only.

        A host has a dot or a port, or is localhost (distribution's reference grammar).
        """
        first, slash, _ = self.name.partition("/")
        is_host = slash and ("." in first or ":" in first or first == "localhost")
        return first if is_host else ""

    @property
    def repository(self) -> str:
        """The name within its registry."""
        return self.name[len(self.host) + 1 :] if self.host else self.name


def parse_reference(text: str) -> TaggedName:
    """Reads a name; the tag is `latest` when neither tag nor digest is given.

    Raises `BadReferenceError`.
    """
    found = _REFERENCE.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or len(found["name"]) > _LONGEST_NAME:
        raise BadReferenceError(
            f"`{text}` is not a name for a box.",
            hint="Write [HOST/]NAME[:TAG] in small letters, for example `hello:1.0`.",
        )
    tag = found["tag"] or ("" if found["digest"] else "latest")
    return TaggedName(found["name"], tag, found["digest"] or "")
