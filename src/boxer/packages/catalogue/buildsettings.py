"""What single packages are told when they are built for a box.

Belongs here: reading `buildsettings.toml`. Most packages need no entry.
"""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from packaging.specifiers import SpecifierSet


@dataclass(frozen=True, slots=True)
class Settings:
    """variables: of the build's environment. settings: config settings of the back end, words.
    rust: the toolchain it takes (`native.rust`), if it has Rust in it. loosened: crates of which
    the toolchain's version will do. header: the text of a header put before each of its C files."""

    variables: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, list[str]] = field(default_factory=dict)
    rust: str = ""
    loosened: Sequence[str] = ()
    header: str = ""

    @property
    def digest(self) -> str:
        """Names what is told: part of what a wheel was built with."""
        parts: list[object] = [sorted(self.variables.items()), sorted(self.settings.items())]
        parts += [self.header] if self.header else []
        parts += [list(self.loosened)] if self.loosened else []
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def settings_of(filename: str) -> Settings:
    """The settings of the package whose source archive has this name."""
    entry = dict(_table().get(_package(filename), {}))
    rust = _release(entry.pop("rust", {}), filename.rpartition("-")[2])
    if "header" in entry:
        entry["header"] = _text(entry["header"])
    return Settings(**entry, rust=rust)


def rust_releases() -> set[str]:
    """The toolchains that packages take."""
    return {release for entry in _table().values() for release in entry.get("rust", {})}


def _release(versions: Mapping[str, str], archive: str) -> str:
    """Of the releases, that whose versions have the one in a source archive's name."""
    found = re.match(r"\d+(\.\d+)*", archive)
    told = found[0] if found else "0"
    return next((r for r, fit in versions.items() if SpecifierSet(fit).contains(told)), "")


def _package(filename: str) -> str:
    return re.sub(r"[-_.]+", "-", filename.rpartition("-")[0]).lower()


@functools.cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads(_text("buildsettings.toml"))


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")
