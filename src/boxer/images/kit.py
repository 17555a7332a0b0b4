"""The C kit of this machine: what `boxer cc` is. And what the programs of every kit run with.

Belongs here: where `recipes/` leaves it, the variables its programs read. Does not: compiling.

A kit is kept for all installations of Boxer on a machine, so its files name none of them: the
compiler itself is that of the installation which uses the kit.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

from boxer.blobstore import cache_folder
from boxer.errors import BaseMissingError


def kit_digest() -> str:
    """Of what the kit was made from; empty where it has not been made."""
    try:
        return (cache_folder() / "kit" / "current").read_text("ascii", "replace").strip()
    except OSError:
        return ""


def kit_program(name: str) -> Path:
    """The path of one of the kit's programs (`cc`, `ar`, `ranlib`). Raises `BaseMissingError`."""
    program = cache_folder() / "kit" / kit_digest() / "bin" / name
    if not program.is_file():
        raise BaseMissingError(
            "The C compiler for boxes has not been made on this machine.",
            hint="Make it once: `make bases`.",
        )
    return program


def zig_program(kit: Path) -> Path:
    """The compiler of this installation, of the version that the kit in folder `kit` belongs to.

    Raises `BaseMissingError` where it is not installed, or another version.
    """
    from importlib.metadata import version

    wanted = json.loads((kit / "kit.json").read_text("utf-8"))["ziglang"][0]
    found = importlib.util.find_spec("ziglang")
    if found is None or not found.submodule_search_locations or version("ziglang") != wanted:
        raise BaseMissingError(
            f"Compiling for boxes takes `ziglang` {wanted}, which is not installed beside Boxer.",
            hint=f"Install it where Boxer is: `pip install ziglang=={wanted}`.",
        )
    return Path(found.submodule_search_locations[0]) / "zig"


def tool_environment(kit: Path) -> dict[str, str]:
    """The variables that the programs of the kit in folder `kit` read.

    Raises `BaseMissingError` as `zig_program` does.
    """
    return {"BOXER_PYTHON": sys.executable, "BOXER_ZIG": str(zig_program(kit))}
