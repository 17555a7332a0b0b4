"""Looking at a machine's watch every 10 ms while it runs.

Belongs here: both ways of being called back on the machine's own thread. Does not: what is looked
at (`watch`). Machines of the native library are looked at there.

With the native library a signal does it (native/interrupt.c) and costs a guest nothing; without,
the engine compiles a look at a counter into every loop.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import wasmtime
from wasmtime import _ffi as ffi

from boxer.errors import EngineError
from boxer.runtime import native
from boxer.runtime.code import Code
from boxer.runtime.door import NO_FINALIZER, TRAP_TEXT, address_of, current
from boxer.runtime.engine import TICK, engine, refused, ticks_by_epochs
from boxer.runtime.watch import Watch

SECOND = 1_000_000_000
_CONTINUE = 0  # WASMTIME_UPDATE_DEADLINE_CONTINUE
_EPOCH_CALLBACK = ctypes.CFUNCTYPE(
    ctypes.c_size_t,
    ctypes.POINTER(ffi.wasmtime_context_t),
    ctypes.c_void_p,
    ctypes.POINTER(ctypes.c_uint64),
    ctypes.POINTER(ffi.wasmtime_update_deadline_kind_t),
)
_CHECK_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)


def _is_over() -> bool:
    guest = current()
    try:
        guest.host.watch.check()
    except BaseException as failure:
        guest.failure = failure
        return True
    return False


def _on_epoch(context: Any, data: Any, delta: Any, kind: Any) -> int:
    if _is_over():
        return address_of(ffi.wasmtime_error_new(TRAP_TEXT))
    delta[0] = 1
    kind[0] = _CONTINUE
    return 0


# ctypes callbacks must outlive who calls them.
_on_epoch_callback = _EPOCH_CALLBACK(_on_epoch)
_check_callback = _CHECK_CALLBACK(lambda watched: int(_is_over()))


class Ticking:
    """Of one store. Used around each entry: `with ticking.around(watch): ...`."""

    def __init__(self, store: wasmtime.Store, code: Code) -> None:
        self._watched = 0
        if ticks_by_epochs():
            store.set_epoch_deadline(1)
            ffi.wasmtime_store_epoch_deadline_callback(
                store.ptr(), _on_epoch_callback, None, NO_FINALIZER
            )
        else:
            self._watched = _new_watched(code, store)

    def around(self, watch: Watch) -> AbstractContextManager[None]:
        return self._watching(watch) if self._watched else ticker.ticking()

    @contextmanager
    def _watching(self, watch: Watch) -> Iterator[None]:
        library = native.library()
        assert library is not None
        own_engine = ctypes.cast(engine().ptr(), ctypes.c_void_p)
        ends = (native.NO_LIMIT if end is None else int(end * SECOND) for end in watch.ends)
        if why := library.boxer_watched_begin(self._watched, own_engine, *ends):
            raise refused(why)
        try:
            yield
        except wasmtime.Trap:
            watch.check()  # a call that was cut short ends in a trap that says nothing of why
            raise
        finally:
            library.boxer_watched_end(self._watched)

    def __del__(self) -> None:
        library = native.library()
        if self._watched and library is not None:
            library.boxer_watched_free(self._watched)


def _new_watched(code: Code, store: wasmtime.Store) -> int:
    library = native.library()
    assert library is not None
    made, why = native.making(
        library.boxer_watched_new,
        native.engine_library().encode(),
        ctypes.cast(code.module.ptr(), ctypes.c_void_p),
        ctypes.cast(store._context(), ctypes.c_void_p),
        ctypes.cast(_check_callback, ctypes.c_void_p),
    )
    if made is None:
        raise EngineError(f"No machine can be watched: {why}.")
    return made


class Ticker:
    """Advances the engine's epoch while somebody is inside `ticking`: without native library."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._users = 0
        self._thread: threading.Thread | None = None

    @contextmanager
    def ticking(self) -> Iterator[None]:
        with self._condition:
            self._users += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._tick, name="boxer-tick", daemon=True)
                self._thread.start()
            self._condition.notify()
        try:
            yield
        finally:
            with self._condition:
                self._users -= 1

    def _tick(self) -> None:
        running = engine()
        pause = threading.Event()
        while True:
            with self._condition:
                while not self._users:
                    self._condition.wait()
            pause.wait(TICK)
            running.increment_epoch()


ticker = Ticker()
