"""What wasmtime's traps and errors mean for a run.

Belongs here: the one table from the engine's outcomes to ours. Does not: outcomes that host
functions decide (`Exited`, `LimitHit`).

Invariant: every trap code wasmtime-py knows has a row; a test compares the two sets. A trap is the
guest's doing and a result; what a core module cannot cause is an `EngineError`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import wasmtime
from wasmtime import TrapCode

from boxer.errors import EngineError

# As a Linux shell reports a process ended by a signal: 128 + its number (signal(7)).
SIGINT, SIGABRT, SIGFPE, SIGKILL, SIGSEGV = 2, 6, 8, 9, 11


@dataclass(frozen=True, slots=True)
class Crash:
    """A guest that trapped: what its exit status is, and a sentence for people. limit: the limit
    that it ran into, if it is one."""

    exit_code: int
    message: str
    limit: str | None = None


def _crash(signal: int, message: str) -> Crash:
    return Crash(128 + signal, message)


CRASHES: dict[TrapCode, Crash] = {
    TrapCode.STACK_OVERFLOW: Crash(
        128 + SIGABRT,
        "The program ran out of stack: its calls were nested too deeply.",
        "call_depth",
    ),
    TrapCode.UNREACHABLE: _crash(SIGABRT, "The program aborted."),
    TrapCode.MEMORY_OUT_OF_BOUNDS: _crash(
        SIGSEGV, "The program used an address outside of its memory."
    ),
    TrapCode.HEAP_MISALIGNED: _crash(SIGSEGV, "The program used a misaligned address."),
    TrapCode.TABLE_OUT_OF_BOUNDS: _crash(
        SIGSEGV, "The program called a function that does not exist."
    ),
    TrapCode.INDIRECT_CALL_TO_NULL: _crash(SIGSEGV, "The program called a null function pointer."),
    TrapCode.BAD_SIGNATURE: _crash(
        SIGSEGV, "The program called a function through a pointer of another type."
    ),
    TrapCode.INTEGER_OVERFLOW: _crash(SIGFPE, "The program overflowed an integer division."),
    TrapCode.INTEGER_DIVISION_BY_ZERO: _crash(SIGFPE, "The program divided an integer by zero."),
    TrapCode.BAD_CONVERSION_TO_INTEGER: _crash(
        SIGFPE, "The program converted a number no integer can hold."
    ),
    TrapCode.UNCAUGHT_EXCEPTION: _crash(SIGABRT, "The program threw an exception nobody caught."),
    TrapCode.ATOMIC_WAIT_NON_SHARED_MEMORY: _crash(
        SIGABRT, "The program waited on memory that no other thread shares."
    ),
    TrapCode.NULL_REFERENCE: _crash(SIGSEGV, "The program used a null reference."),
    TrapCode.ARRAY_OUT_OF_BOUNDS: _crash(SIGSEGV, "The program left the bounds of an array."),
    TrapCode.ALLOCATION_TOO_LARGE: _crash(SIGABRT, "The program asked for too large an object."),
    TrapCode.CAST_FAILURE: _crash(SIGABRT, "The program cast a reference to a wrong type."),
    TrapCode.UNHANDLED_TAG: _crash(SIGABRT, "The program suspended with nobody to resume it."),
    TrapCode.CONTINUATION_ALREADY_CONSUMED: _crash(
        SIGABRT, "The program resumed a continuation twice."
    ),
}

# Of components, of Wasmtime's interpreter, or of settings that are not used here: a core module
# under this engine cannot cause them.
IMPOSSIBLE: frozenset[TrapCode] = frozenset(
    TrapCode[name]
    for name in (
        "INTERRUPT", "OUT_OF_FUEL", "CANNOT_ENTER_COMPONENT", "NO_ASYNC_RESULT",
        "DISABLED_OPCODE", "ASYNC_DEADLOCK", "CANNOT_LEAVE_COMPONENT", "CANNOT_BLOCK_SYNC_TASK",
        "INVALID_CHAR", "DEBUG_ASSERT_STRING_ENCODING_FINISHED", "DEBUG_ASSERT_EQUAL_CODE_UNITS",
        "DEBUG_ASSERT_POINTER_ALIGNED", "DEBUG_ASSERT_UPPER_BITS_UNSET", "STRING_OUT_OF_BOUNDS",
        "LIST_OUT_OF_BOUNDS", "INVALID_DISCRIMINANT", "UNALIGNED_POINTER",
        "TASK_CANCEL_NOT_CANCELLED", "TASK_CANCEL_OR_RETURN_TWICE",
        "SUBTASK_CANCEL_AFTER_TERMINAL", "TASK_RETURN_INVALID", "WAITABLE_SET_DROP_HAS_WAITERS",
        "SUBTASK_DROP_NOT_RESOLVED", "THREAD_NEW_INDIRECT_INVALID_TYPE",
        "THREAD_NEW_INDIRECT_UNINITIALIZED", "BACKPRESSURE_OVERFLOW",
        "UNSUPPORTED_CALLBACK_CODE", "CANNOT_RESUME_THREAD", "CONCURRENT_FUTURE_STREAM_OP",
        "REFERENCE_COUNT_OVERFLOW", "STREAM_OP_TOO_BIG", "WAITABLE_SYNC_AND_ASYNC",
    )
)  # fmt: skip


def crash_of(trap: wasmtime.Trap) -> Crash:
    """What a trap means. Raises `EngineError` for one a guest cannot cause."""
    code = trap.trap_code
    if code is None or code not in CRASHES:
        raise EngineError(f"The engine ended the box: {_cause(str(trap))}.") from trap
    return CRASHES[code]


def crash_of_code(number: int) -> Crash:
    """As `crash_of`, for the number of a trap code."""
    known = {int(code.value): crash for code, crash in CRASHES.items()}
    if number not in known:
        raise EngineError(f"The engine ended the box with trap `{number}`.")
    return known[number]


def crash_of_error(error: wasmtime.WasmtimeError) -> Crash:
    """What an error means that is no trap but ended a guest: wasmtime's WASI gives these for an
    address or a number no guest should hand to its host."""
    return crash_of_text(str(error))


def crash_of_text(text: str) -> Crash:
    """As `crash_of_error`, for the error's text."""
    return _crash(SIGABRT, f"The engine ended the program: {_cause(text)}.")


def _cause(text: str) -> str:
    """The innermost reason of an error's text, which begins with a backtrace."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return re.sub(r"^\d+: ", "", lines[-1]) if lines else "no reason given"
