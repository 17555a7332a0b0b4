"""What single packages are told when they are built for a box.

Belongs here: reading `packages.toml`. Most packages need no entry.
"""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources


@dataclass(frozen=True, slots=True)
class Settings:
    """variables: of the build's environment. settings: config settings of the back end, words.
    rust: whether it has Rust in it."""

    variables: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, list[str]] = field(default_factory=dict)
    rust: bool = False

    @property
    def digest(self) -> str:
        """Names what is told: part of what a wheel was built with."""
        parts = [sorted(self.variables.items()), sorted(self.settings.items())]
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def settings_of(filename: str) -> Settings:
    """The settings of the package whose source archive has this name."""
    return _table().get(_package(filename), Settings())


def _package(filename: str) -> str:
    return re.sub(r"[-_.]+", "-", filename.rpartition("-")[0]).lower()


@functools.cache
def _table() -> dict[str, Settings]:
    text = resources.files(__package__).joinpath("packages.toml").read_text("utf-8")
    return {name: Settings(**entry) for name, entry in tomllib.loads(text).items()}
