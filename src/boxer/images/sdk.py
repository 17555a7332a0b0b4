"""The SDK of C programs on this machine, which is `boxer cc`, and what any SDK's programs run with.

Belongs here: where `recipes/` leaves it, the variables its programs read. Does not: compiling.

An SDK is kept for all installations of Boxer on a machine, so its files name none of them: the
compiler itself is that of the installation which uses the SDK.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

from boxer.blobstore import cache_folder
from boxer.errors import BaseMissingError


def sdk_digest() -> str:
    """Of what the SDK was made from; empty where it has not been made."""
    try:
        return (cache_folder() / "kit" / "current").read_text("ascii", "replace").strip()
    except OSError:
        return ""


def sdk_program(name: str) -> Path:
    """The path of one of the SDK's programs (`cc`, `ar`, `ranlib`). Raises `BaseMissingError`."""
    program = cache_folder() / "kit" / sdk_digest() / "bin" / name
    if not program.is_file():
        raise BaseMissingError(
            "The C compiler for boxes has not been made on this machine.",
            hint="Make it once: `make bases`.",
        )
    return program


def zig_program(sdk: Path) -> Path:
    """The compiler of this installation, of the version that the SDK in folder `sdk` belongs to.

    Raises `BaseMissingError` where it is not installed, or another version.
    """
    from importlib.metadata import version

    wanted = json.loads((sdk / "kit.json").read_text("utf-8"))["ziglang"][0]
    found = importlib.util.find_spec("ziglang")
    if found is None or not found.submodule_search_locations or version("ziglang") != wanted:
        raise BaseMissingError(
            f"Compiling for boxes takes `ziglang` {wanted}, which is not installed beside Boxer.",
            hint=f"Install it where Boxer is: `pip install ziglang=={wanted}`.",
        )
    return Path(found.submodule_search_locations[0]) / "zig"


def tool_environment(sdk: Path) -> dict[str, str]:
    """The variables that the programs of the SDK in folder `sdk` read.

    Raises `BaseMissingError` as `zig_program` does.
    """
    return {"BOXER_PYTHON": sys.executable, "BOXER_ZIG": str(zig_program(sdk))}
