"""The table of images, `images.toml`.

Belongs here: its rows as values, and which row an image's name means. Does not: what follows from
it (`references`, `spelling`).
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class KnownBase:
    """A base Boxer can make. variant: the `X.Y` of its version, also its folder's name. package:
    the name of the one that brings it, where it is not the usual one."""

    name: str
    variant: str
    package: str = ""

    @property
    def reference(self) -> str:
        return f"{self.name}:{self.variant}"


@dataclass(frozen=True, slots=True)
class Image:
    """A row. match: an expression for the end of a name. official: in the registry's own namespace
    only. base: the name of what a FROM gets, empty where it is refused. The rest: see the table."""

    match: re.Pattern[str]
    base: str = ""
    official: bool = False
    tools: tuple[str, ...] = ()
    says: str = ""
    instructions: str = ""
    pythons: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    hint: str = ""

    def means(self, name: str) -> bool:
        """Whether an image of this name, without registry, tag and digest, is one of the row's."""
        found = self.match.search(name)
        return found is not None and (not self.official or is_official(name))


def base_package(name: str, variant: str) -> str:
    """The name of the package that brings a base: `boxer-base-python39`."""
    named = (base.package for base in known_bases() if (base.name, base.variant) == (name, variant))
    return next(named, "") or f"boxer-base-{name}{variant.replace('.', '')}"


def known_bases() -> tuple[KnownBase, ...]:
    """Every base Boxer can make, made on this machine or not."""
    return tuple(KnownBase(**entry) for entry in _table()["base"])


def default_base() -> str:
    """The reference of the base that hints suggest."""
    return base_of("python").reference


def base_of(name: str, version: str = "") -> KnownBase:
    """The base of that name and version, else the default one of the name."""
    found = [base for base in known_bases() if base.name == name]
    return next((base for base in found if base.variant == version), found[0])


def image_named(name: str) -> Image | None:
    """The row of an image's name, None where the table has none."""
    return next((image for image in _images() if image.means(name)), None)


def is_official(name: str) -> bool:
    """Official images live in `library`; mirrors put that namespace below one of their own."""
    namespace = name.rpartition("/")[0]
    return namespace in ("", "library") or namespace.endswith("/library")


@functools.cache
def _table() -> Mapping[str, Any]:
    text = resources.files(__package__).joinpath("images.toml").read_text("utf-8")
    return tomllib.loads(text)


@functools.cache
def _images() -> tuple[Image, ...]:
    found = []
    for entry in _table()["image"]:
        match = re.compile(rf"(?:^|/)(?:{entry['match']})$")
        rest = {key: value for key, value in entry.items() if key not in ("match", "tools")}
        found.append(Image(match, tools=tuple(entry.get("tools", ())), **rest))
    return tuple(found)
