"""Second pass: the program runs to its freeze point.

Invariants
1. The freeze point is the return of `boxer_freeze`: the C stack is unwound, so that the globals
   are as in the base and the machine is its memory alone.
2. A program that does not get there is an error with what it wrote, never a box.
"""

from __future__ import annotations

from boxer.errors import FreezeError, StoppedError
from boxer.preinit.state import InstanceState

ENTRY = "boxer_freeze"
# Lines of the program's output an error shows: a traceback's end tells most.
SHOWN_LINES = 20


def initialise(state: InstanceState) -> None:
    """Raises `FreezeError`."""
    try:
        status = state.call(ENTRY)
    except StoppedError as stopped:
        raise _failed(state, stopped.message) from stopped
    if status:
        raise _failed(state, f"It returned status `{status}`.")


def _failed(state: InstanceState, reason: str) -> FreezeError:
    lines = state.output.decode("utf-8", "replace").rstrip().splitlines()
    written = "".join(f"\n  {line}" for line in lines[-SHOWN_LINES:])
    return FreezeError(f"The program did not start. {reason}{written}", why=written or f" {reason}")
