"""How a program ended, whatever ended it.

Belongs here: one value for exits, limits and crashes. Does not: the table of traps (`traps`).
"""

from __future__ import annotations

from dataclasses import dataclass

import wasmtime

from boxer.runtime.engineinstance import EngineInstance
from boxer.runtime.memory import BadAddressError
from boxer.runtime.preview1 import Exited
from boxer.runtime.traps import SIGKILL, Crash, crash_of, crash_of_error, crash_of_text
from boxer.runtime.watch import LimitHit


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """exit_code: 0 to 255, or 128 + N where a signal N would have ended the program elsewhere.

    limit: the limit that ended it, a field's name of `Limits`. crash: a sentence for people.
    """

    exit_code: int
    limit: str | None = None
    crash: str | None = None


def run_to_end(machine: EngineInstance, name: str = "_start") -> ExitStatus:
    """Calls an export that is a program; returning is status 0."""
    try:
        machine.enter(name)
    except BaseException as ended:
        return exit_status_of(ended)
    return ExitStatus(0)


def exit_status_of(ended: BaseException) -> ExitStatus:
    """What ended a program, as `EngineInstance.enter` raises it; what is not its doing is
    raised again."""
    match ended:
        case Exited():
            return ExitStatus(ended.status & 0xFF)
        case LimitHit():
            return ExitStatus(128 + SIGKILL, limit=ended.limit)
        case wasmtime.Trap():
            return _crashed(crash_of(ended))
        case wasmtime.WasmtimeError():
            return _crashed(crash_of_error(ended))
        case BadAddressError():
            return _crashed(crash_of_text("its reply lies outside of its memory"))
        case _:
            raise ended


def _crashed(crash: Crash) -> ExitStatus:
    return ExitStatus(crash.exit_code, crash.limit, crash.message)
