"""Ctrl-C, and what else asks a command to end: SIGINT, SIGTERM, SIGHUP.

Belongs here: hearing them and ending the process at once. Does not: what must be gone then
(`ending`); what a box under `boxer run` does with a signal.

Python runs a signal's handler at the next bytecode of the main thread, and there may be none for
minutes: while the engine compiles, while a guest runs, while threads are waited for. So a thread
hears of the signal by the wake-up descriptor, which is written to at once, and ends the process:
all that is kept is written atomically, so every moment is a good one.

Invariant: who sets a handler of his own for one of these signals gets it, and nothing happens here.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from boxer.ending import end_all

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_DEFAULTS = (signal.SIG_DFL, signal.default_int_handler)

_farewells: list[Callable[[], str]] = []


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Goes around a command: a signal ends it with 128 and its number as exit status."""
    heard = [number for number in _SIGNALS if signal.getsignal(number) in _DEFAULTS]
    if threading.current_thread() is not threading.main_thread():
        heard = []
    if not heard:  # what is ignored stays so: nohup(1)
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    handlers = {number: signal.signal(number, _noted) for number in heard}
    thread = threading.Thread(target=_wait, args=(reading,), name="boxer-signals", daemon=True)
    thread.start()
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        os.close(writing)
        thread.join()
        os.close(reading)


@contextmanager
def farewell(text: Callable[[], str]) -> Iterator[None]:
    """Goes around work; text: what a person is told if it is ended, asked for in another thread."""
    _farewells.append(text)
    try:
        yield
    finally:
        _farewells.remove(text)


def _noted(number: int, frame: FrameType | None) -> None:
    """The handler: the thread has heard of it already."""


def _wait(reading: int) -> None:
    while heard := os.read(reading, 1):
        if signal.getsignal(heard[0]) is _noted:
            _end(heard[0])


def _end(number: int) -> None:
    end_all()
    said = "".join(f"{text()}\n" for text in _farewells)
    # Not by `sys.stderr`: the main thread may hold its lock.
    with contextlib.suppress(OSError, ValueError):
        stream = sys.__stderr__.fileno() if sys.__stderr__ else 2
        if said and select.select([], [stream], [], 0)[1]:
            os.write(stream, said.encode())
    os._exit(128 + number)
