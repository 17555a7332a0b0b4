"""What hatchling asks when it builds Boxer's own wheel.

With BOXER_NATIVE_PARTS, a folder with `libboxer.so` and the launcher `boxer` (recipes/native.py
makes them, `make wheels` names it), the wheel is one for this kind of machine, and its command is
the launcher. Without it the wheel is one for any machine, without native parts; so is a checkout
that is installed for development.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PARTS = "BOXER_NATIVE_PARTS"
# The C library that recipes/native.py compiles for: PEP 600.
PLATFORM = f"manylinux_2_28_{platform.machine()}"


class MetadataHook(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        """The command `boxer`: a Python program where no launcher takes its place."""
        if not os.environ.get(PARTS):
            metadata["scripts"] = {"boxer": "boxer.cli:main"}


class BuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the native parts to a wheel that is no editable one."""
        folder = os.environ.get(PARTS)
        if not folder or version == "editable":
            return
        parts = Path(folder)
        build_data["tag"] = f"py3-none-{PLATFORM}"
        build_data["pure_python"] = False
        build_data["force_include"][str(parts / "libboxer.so")] = "boxer/runtime/lib/libboxer.so"
        build_data["shared_scripts"][str(parts / "boxer")] = "boxer"
