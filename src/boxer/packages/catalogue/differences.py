"""Packages that work and give other results than elsewhere: `differences.toml`.

Belongs here: what is different, and what to do about it. Does not: packages that cannot work
(`known`), telling anyone.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources

from boxer.packages.prefix import normalize


def difference_of(name: str) -> tuple[str, str] | None:
    """What a package gives otherwise in a box, and what to do about it. name: as it is spelled."""
    entry = _table().get(normalize(name))
    return (entry["why"], entry["instead"]) if entry else None


@functools.cache
def _table() -> Mapping[str, Mapping[str, str]]:
    text = resources.files(__package__).joinpath("differences.toml").read_text("utf-8")
    return {normalize(name): entry for name, entry in tomllib.loads(text).items()}
