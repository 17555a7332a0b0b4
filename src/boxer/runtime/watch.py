"""Whether a run may go on: its wall time, and Ctrl-C.

Belongs here: the questions host functions and the engine's tick ask. Does not: the ticking
(`engine`), the other limits (`stdio`, `machine`).

Why Ctrl-C needs care: Python runs a signal's handler at the next bytecode, and while a guest runs
that is the first one of a host function called through ctypes, outside of any `try`: an exception
raised there is printed and lost. So during a run the handler only takes a note, which every host
function and every tick reads. Around a blocking system call it raises, or the call would be
resumed (PEP 475).
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# How long a wait goes on without a look at the clock.
SLICE = 0.1


class LimitHit(Exception):  # noqa: N818 - ends a run, is a result
    """A run reached one of its limits. `limit` is the name of the field of `Limits`."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class Watch:
    """seconds: how long the run may take from now. cpu: how many of them its thread may work.
    None = no end."""

    __slots__ = ("_blocked", "_cpu_end", "_end", "_interrupted", "arrived", "forwards")

    def __init__(self, seconds: float | None = None, cpu: float | None = None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self._cpu_end = None if cpu is None else time.thread_time() + cpu
        self._blocked = False
        self._interrupted = False
        self.forwards = False  # Ctrl-C is the program's
        # Whether the program has signals to look at, which end its waits.
        self.arrived: Callable[[], bool] = lambda: False

    @property
    def ends(self) -> tuple[float | None, float | None]:
        """When it is over: of `time.monotonic` and of `time.thread_time`."""
        return self._end, self._cpu_end

    def check(self) -> None:
        """Raises `LimitHit` when time is over, KeyboardInterrupt after Ctrl-C."""
        if self._interrupted:
            raise KeyboardInterrupt
        if self._end is not None and time.monotonic() >= self._end:
            raise LimitHit("time")
        if self._cpu_end is not None and time.thread_time() >= self._cpu_end:
            raise LimitHit("cpu")

    def pause(self, seconds: float | None = None) -> float:
        """How long to wait at once if one wants to wait for `seconds` (None = for ever)."""
        self.check()
        rest = SLICE if seconds is None else min(SLICE, seconds)
        return max(0.0, rest if self._end is None else min(rest, self._end - time.monotonic()))

    @contextmanager
    def blocking(self) -> Iterator[None]:
        """Goes around a system call that blocks: Ctrl-C ends it."""
        self._blocked = True
        try:
            if self._interrupted:
                raise KeyboardInterrupt
            yield
        finally:
            self._blocked = False

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Goes around a run. Where Ctrl-C would raise KeyboardInterrupt, it does so safely."""
        ours = (
            not self.forwards
            and threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if not ours:
            yield
            return
        signal.signal(signal.SIGINT, self._on_interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._interrupted:
            raise KeyboardInterrupt

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        self._interrupted = True
        if self._blocked:
            raise KeyboardInterrupt
