"""Wheels that came with an SDK: packages in Rust, for whom there is no compiler.

    SDK/wheels/index.json, SDK/wheels/NAME-VERSION-...whl

Belongs here: their folder, and what its index says. Does not: making them (`wheels`, where Boxer is
packed).

Invariant: a wheel is taken for the source archive it was built from, by its sha256, and no other.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

BROUGHT = "wheels"
_INDEX = "index.json"


@dataclass(frozen=True, slots=True)
class BroughtWheel:
    """name: the package's, normalised. source: the sha256 of the archive it was built from.
    path: of the wheel."""

    name: str
    version: str
    source: str
    path: Path

    def read(self) -> tuple[str, bytes]:
        return self.path.name, self.path.read_bytes()


@functools.cache
def brought_wheels(sdk: Path) -> tuple[BroughtWheel, ...]:
    """Those of an SDK; none where it is a checkout's own."""
    folder = sdk / BROUGHT
    try:
        entries = json.loads((folder / _INDEX).read_text("utf-8"))
    except FileNotFoundError:
        return ()
    return tuple(
        BroughtWheel(entry["name"], entry["version"], entry["source"], folder / entry["wheel"])
        for entry in entries
    )


def write_brought(folder: Path, wheels: Iterable[tuple[BroughtWheel, bytes]]) -> None:
    """Fills a folder, `BROUGHT` of an SDK: wheels by what is known of them, and their bytes."""
    entries = []
    for wheel, data in wheels:
        (folder / wheel.path.name).write_bytes(data)
        entry = {"name": wheel.name, "version": wheel.version, "source": wheel.source}
        entries.append({**entry, "wheel": wheel.path.name})
    (folder / _INDEX).write_text(json.dumps(entries, indent=1) + "\n", "utf-8")


def brought_for(sdk: Path, source: bytes) -> BroughtWheel | None:
    """The wheel that was built from a source archive."""
    wheels = brought_wheels(sdk)
    digest = hashlib.sha256(source).hexdigest() if wheels else ""
    return next((wheel for wheel in wheels if wheel.source == digest), None)


def brought_versions(sdk: Path) -> Mapping[str, str]:
    """By normalised names, the versions there are wheels of."""
    return {wheel.name: wheel.version for wheel in brought_wheels(sdk)}
