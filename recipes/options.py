"""The table of compiler options, for the compilers that recipes make.

Belongs here: what sdk.json and the compiler of a configure get of it. Does not: the table, which
Boxer needs where no recipes are: `src/boxer/toolchain/options.toml`. It is read as data; recipes
import nothing of Boxer.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from recipes.workshop import ROOT

FILE = ROOT / "src" / "boxer" / "toolchain" / "options.toml"


def load_options() -> list[dict[str, Any]]:
    """The rows, in their order."""
    return list(tomllib.loads(FILE.read_text("utf-8"))["option"])


def own_libraries() -> list[str]:
    """What every program is linked with."""
    return list(tomllib.loads(FILE.read_text("utf-8"))["own_libraries"])


def shell_pattern(kinds: Iterable[str], has_next: bool | None = None) -> str:
    """The names of some kinds of options, as a pattern of a shell's `case`.

    has_next: only those that have their value in the next argument, or only the others.
    """
    wanted = set(kinds)
    return " | ".join(
        name
        for row in load_options()
        if row["kind"] in wanted
        for name in row["names"]
        if has_next in (None, row.get("value", False) and "*" not in name)
    )
