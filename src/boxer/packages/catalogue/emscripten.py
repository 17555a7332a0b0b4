"""Wheels made for Pyodide that a box takes: extension modules in Rust, as WebAssembly.

Belongs here: for which packages, and which of their files. Does not: what such a module becomes
(`boxer.packages.sidemodule`).

Invariant: only packages of the table, whose wheels were tried: CPython 3.14's API is not that of a
box, and what a module takes from it in line cannot be seen from outside.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources

from boxer.packages.prefix import normalize
from boxer.packages.resolve import Locked, RemoteFile

# The platform of Emscripten 5 and what goes with it, and the Python whose layouts a base has.
TAGS = "-cp314-cp314-pyemscripten_2026_0_wasm32.whl"


def emscripten_wheel(package: Locked) -> RemoteFile | None:
    """The wheel of a package that can be linked for a box; None where it has none."""
    if not has_emscripten_wheels(package.key):
        return None
    return next((wheel for wheel in package.wheels if wheel.name.endswith(TAGS)), None)


def has_emscripten_wheels(name: str) -> bool:
    """Whether there are such wheels of some versions of a package. name: normalised."""
    return name in _table()


def constraints() -> Sequence[str]:
    """The versions that are looked for first, as lines of a constraints file."""
    return [f"{name}{entry['preferred']}" for name, entry in sorted(_table().items())]


def those_that_work(name: str) -> tuple[str, str]:
    """Which versions of a package of the table work, and what to ask for."""
    return _table()[name]["versions"], _table()[name]["instead"]


@functools.cache
def _table() -> Mapping[str, Mapping[str, str]]:
    text = resources.files(__package__).joinpath("emscripten.toml").read_text("utf-8")
    return {normalize(name): entry for name, entry in tomllib.loads(text).items()}
