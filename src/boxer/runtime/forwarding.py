"""Signals of this process, told to the program in a machine (native/signals.c).

Belongs here: when they are. Does not: what the program does with them (guest/kernel/task).

Where the native library is not there, they stay this process's own, and end it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from boxer.abi import SignalsField
from boxer.runtime import native
from boxer.runtime.memory import GuestMemory

SECOND = 1_000_000_000
BLOCK = "boxer_signals"


def nanoseconds(stop_timeout: float) -> int:
    return -1 if stop_timeout < 0 else int(stop_timeout * SECOND)


@contextmanager
def forwarded(stop_timeout: float | None, begin: Callable[[int], None]) -> Iterator[bool]:
    """Goes around a run in the main thread: whether they are. begin: starts it, with the time in
    nanoseconds."""
    library = native.library()
    main = threading.current_thread() is threading.main_thread()
    if stop_timeout is None or library is None or not main:
        yield False
        return
    begin(nanoseconds(stop_timeout))
    try:
        yield True
    finally:
        library.boxer_signals_end()


def to_memory(memory: GuestMemory, place: int) -> Callable[[int], None]:
    """Has signals told to the program in a memory. place: of its signals' block, 0: it has none."""

    def begin(stop_ns: int) -> None:
        library = native.library()
        assert library is not None
        library.boxer_signals_begin(memory.base, memory.size, place, stop_ns)

    return begin


def arrived(memory: GuestMemory, place: int) -> bool:
    """Whether the program has signals to look at."""
    if not place:
        return False
    sent = memory.read_u32(place + SignalsField.SENT)
    return sent != memory.read_u32(place + SignalsField.TAKEN)
