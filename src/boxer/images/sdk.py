"""The SDK of C programs on this machine, which is `boxer cc`, and what any SDK's programs run with.

Belongs here: finding it, the variables its programs read. Does not: compiling.

An SDK is kept for all installations of Boxer on a machine, so its files name none of them: the
compiler itself is that of the installation which uses the SDK.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path

from boxer.errors import BaseMissingError
from boxer.images.artifacts import sdk_roots

# What brings the SDKs and the compiler they run.
INSTALL_SDK = "Install it: `pip install 'boxer[native]'`; or `make bases` in a checkout of Boxer."


def sdk_folder() -> Path | None:
    """Where the SDK lies; None where there is none."""
    for root in sdk_roots():
        try:
            digest = (root / "current").read_text("ascii", "replace").strip()
        except OSError:
            continue
        if re.fullmatch("[0-9a-f]{16,128}", digest):
            return root / digest
    return None


def sdk_digest() -> str:
    """Of what the SDK was made from; empty where there is none."""
    folder = sdk_folder()
    return folder.name if folder else ""


def sdk_program(name: str) -> Path:
    """The path of one of the SDK's programs (`cc`, `ar`, `ranlib`). Raises `BaseMissingError`."""
    folder = sdk_folder()
    if folder is None or not (folder / "bin" / name).is_file():
        raise BaseMissingError(
            "The C compiler for boxes is not on this machine.",
            hint=INSTALL_SDK,
        )
    return folder / "bin" / name


def zig_program(sdk: Path) -> Path:
    """The compiler of this installation, of the version that the SDK in folder `sdk` belongs to.

    Raises `BaseMissingError` where it is not installed, or another version.
    """
    from importlib.metadata import version

    wanted = json.loads((sdk / "sdk.json").read_text("utf-8"))["ziglang"][0]
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
