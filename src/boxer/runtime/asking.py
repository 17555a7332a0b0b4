"""A guest asks its host while it runs, and a call that is cancelled.

Belongs here: who answers on which thread, what ends a call from outside. Does not: what is asked
for (`boxer.extensions`), the machine's side (native/asking.c).

Invariants
1. While a machine is entered on a thread, what it asks is answered by the function that was set for
   that entry; entries within that one have their own.
2. Nothing that a function of the host raises reaches the machine's C code: it is a reply, or, if it
   is meant to end the process or this thread's work, it is raised behind the machine's end.
"""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable
from typing import Any

from boxer.errors import EngineError, LimitReached
from boxer.runtime import native

Ask = Callable[[bytes], bytes]
# Who answers during one entry.
Session = Callable[[], Ask]


class _Local(threading.local):
    ask: Ask | None = None
    raised: BaseException | None = None


_local = _Local()


def _answered(request: bytes) -> bytes | None:
    """Called by the library. None: the run is to be interrupted."""
    ask = _local.ask
    try:
        return ask(request) if ask is not None else b""
    except BaseException as raised:
        _local.raised = raised
        return None


@functools.cache
def address() -> int:
    """Of the function that a run's `ask` is."""
    loaded = native.library()
    assert loaded is not None, "it has machines"
    if not loaded.boxer_ask_python_with(_answered):
        raise EngineError("This Python's own functions cannot be found: a box cannot ask its host.")
    return ctypes.cast(loaded.boxer_ask_python, ctypes.c_void_p).value or 0


class _Answering:
    """Who answers while a machine is entered on this thread."""

    __slots__ = ("_before", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> None:
        ask = self._session()
        self._before, _local.ask = _local.ask, ask

    def __exit__(self, *raised: object) -> None:
        _local.ask = self._before
        failure, _local.raised = _local.raised, None
        if failure is not None and raised[0] is None:
            raise failure


class _Nobody:
    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *raised: object) -> None:
        pass


_NOBODY = _Nobody()


def as_host(session: Session | None) -> Any:
    """A context in which the guest is answered."""
    return _NOBODY if session is None else _Answering(session)


class Cancel:
    """Ends a call from another thread. One may be given to several calls: it ends all of them, and
    those that come."""

    def __init__(self) -> None:
        self._word = ctypes.c_int32(0)

    def cancel(self) -> None:
        """What runs ends within some 10 ms, as `LimitReached("cancelled")`."""
        self._word.value = 1

    @property
    def is_cancelled(self) -> bool:
        return self._word.value != 0

    def check(self) -> None:
        """Raises `LimitReached` where it was cancelled already."""
        if self._word.value:
            raise LimitReached("cancelled")

    def within(self, run: native.Run) -> native.Run:
        """The same run, which this ends. It holds what that one points to."""
        made = native.Run.from_buffer_copy(run)
        made.cancelled = ctypes.pointer(self._word)
        made.kept = run
        return made
