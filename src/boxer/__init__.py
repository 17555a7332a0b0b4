"""Boxer turns a Dockerfile into one WebAssembly file that holds a started machine.

    import boxer

    box = boxer.load("app.wasm")
    print(box.run(["python", "-c", "print(1)"]).stdout)

The names below are the Python API. They are loaded when they are first used, so that the command
line starts quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boxer.errors import (
        BoxerError,
        CallDataError,
        ChainError,
        FunctionError,
        FunctionInputError,
        GuestError,
        GuestExitedError,
        GuestFileError,
        HostFunctionError,
        LimitReached,
        MachineBusyError,
        MachineOverError,
        NetworkValueError,
        PoolClosedError,
        PortTakenError,
        PortValueError,
    )
    from boxer.extensions import Clock, Fetch, Fresh, KeyValue, Log, Secrets
    from boxer.functions import Chain, Function, chain, function
    from boxer.library import (
        Box,
        CellResult,
        FileInfo,
        Files,
        Machine,
        Program,
        Template,
        build,
        load,
    )
    from boxer.runtime import (
        Cancel,
        Limits,
        Mount,
        Network,
        OpenNetwork,
        Pool,
        Port,
        RunResult,
        Stream,
        Usage,
        open_network,
    )

_ROOMS = {
    "boxer.errors": (
        "BoxerError", "CallDataError", "ChainError", "FunctionError", "FunctionInputError",
        "GuestError", "GuestExitedError", "GuestFileError", "HostFunctionError", "LimitReached",
        "MachineBusyError", "MachineOverError", "NetworkValueError", "PoolClosedError",
        "PortTakenError", "PortValueError",
    ),
    "boxer.extensions": ("Clock", "Fetch", "Fresh", "KeyValue", "Log", "Secrets"),
    "boxer.functions": ("Chain", "Function", "chain", "function"),
    "boxer.library": (
        "Box", "CellResult", "FileInfo", "Files", "Machine", "Program", "Template", "build", "load",
    ),
    "boxer.runtime": (
        "Cancel", "Limits", "Mount", "Network", "OpenNetwork", "Pool", "Port", "RunResult",
        "Stream", "Usage", "open_network",
    ),
}  # fmt: skip
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "Box", "BoxerError", "CallDataError", "Cancel", "CellResult", "Chain", "ChainError", "Clock",
    "Fetch", "FileInfo", "Files", "Fresh", "Function", "FunctionError", "FunctionInputError",
    "GuestError", "GuestExitedError", "GuestFileError", "HostFunctionError", "KeyValue",
    "LimitReached", "Limits", "Log", "Machine", "MachineBusyError", "MachineOverError", "Mount",
    "Network", "NetworkValueError", "OpenNetwork", "Pool", "PoolClosedError", "Port",
    "PortTakenError", "PortValueError", "Program", "RunResult", "Secrets", "Stream", "Template",
    "Usage", "build", "chain", "function", "load", "open_network",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'boxer' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
