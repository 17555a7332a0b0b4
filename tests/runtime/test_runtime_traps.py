from __future__ import annotations

import pytest
import wasmtime
from wasmtime import TrapCode

from boxer.errors import EngineError
from boxer.runtime.traps import CRASHES, IMPOSSIBLE, crash_of, crash_of_error


def test_every_trap_code_of_the_engine_is_mapped_once() -> None:
    assert set(CRASHES) | IMPOSSIBLE == set(TrapCode)
    assert not set(CRASHES) & IMPOSSIBLE


def test_every_crash_has_a_signals_status_and_a_sentence() -> None:
    for crash in CRASHES.values():
        assert crash.exit_code in {134, 136, 139}
        assert crash.message.startswith("The program ")


def test_trap_without_a_code_is_an_error_of_ours() -> None:
    with pytest.raises(EngineError, match="out of the blue"):
        crash_of(wasmtime.Trap("out of the blue"))


def test_error_that_is_no_trap_is_a_crash_with_its_innermost_cause() -> None:
    crash = crash_of_error(wasmtime.WasmtimeError("backtrace:\n  0: x\n\nCaused by:\n  bad\n"))
    assert (crash.exit_code, crash.message) == (134, "The engine ended the program: bad.")
