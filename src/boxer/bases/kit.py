"""The C kit of this machine: what `boxer cc` is.

Belongs here: where `recipes/` leaves it. Does not: compiling.
"""

from __future__ import annotations

import os
from pathlib import Path

from boxer.errors import BaseMissingError


def kit_program(name: str) -> Path:
    """The path of one of the kit's programs (`cc`, `ar`, `ranlib`). Raises `BaseMissingError`."""
    cache = os.environ.get("XDG_CACHE_HOME")
    root = Path(cache) if cache and Path(cache).is_absolute() else Path.home() / ".cache"
    kit = root / "boxer" / "kit"
    try:
        program = kit / (kit / "current").read_text("ascii", "replace").strip() / "bin" / name
    except OSError:
        program = kit
    if not program.is_file():
        raise BaseMissingError(
            "The C compiler for boxes has not been made on this machine.",
            hint="Make it once: `make bases`.",
        )
    return program
