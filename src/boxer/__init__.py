"""Boxer turns a Dockerfile into one WebAssembly file that holds a started machine.

    import boxer

    box = boxer.load("app.wasm")
    print(box.run(["python", "-c", "print(1)"]).stdout)

The names below are the Python API. They are loaded when they are first used, so that the command
line starts quickly.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boxer.errors import (
        BoxerError,
        CallDataError,
        GuestError,
        GuestExitedError,
        LimitReached,
        MachineOverError,
        PoolClosedError,
    )
    from boxer.library import Box, Machine, build, load
    from boxer.sandbox import Limits, Mount, Pool, RunResult, Stream, Usage

_ROOMS = {
    "boxer.errors": (
        "BoxerError", "CallDataError", "GuestError", "GuestExitedError", "LimitReached",
        "MachineOverError", "PoolClosedError",
    ),
    "boxer.library": ("Box", "Machine", "build", "load"),
    "boxer.sandbox": ("Limits", "Mount", "Pool", "RunResult", "Stream", "Usage"),
}  # fmt: skip
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "Box", "BoxerError", "CallDataError", "GuestError", "GuestExitedError", "LimitReached",
    "Limits", "Machine", "MachineOverError", "Mount", "Pool", "PoolClosedError", "RunResult",
    "Stream", "Usage", "build", "load",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'boxer' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


class _Api(ModuleType):
    """The room `boxer.build` has the name of the function people call, and importing a room puts it
    into its package: the function is what stays."""

    @property
    def build(self) -> Any:
        return __getattr__("build")

    @build.setter
    def build(self, room: ModuleType) -> None:
        return None


sys.modules[__name__].__class__ = _Api


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
