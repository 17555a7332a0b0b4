"""A room's front door whose names are loaded when they are first used (PEP 562).

For rooms of which one command needs a corner only: `boxer images` draws a table, and must not wait
for all that draws the progress of a build.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def load_lazily(
    room: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a room. homes: the names of each module inside of it.

    What type checkers see is imported under TYPE_CHECKING beside it.
    """
    home_of = {name: f"{room}.{home}" for home, names in homes.items() for name in names}

    def load(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module '{room}' has no attribute '{name}'")
        found = getattr(import_module(home_of[name]), name)
        setattr(sys.modules[room], name, found)
        return found

    return load, lambda: sorted({*vars(sys.modules[room]), *home_of})
