"""The one WebAssembly engine of this process, and its clock tick.

Belongs here: how the engine is set up, and why. Does not: compiled modules (`code`), stores
(`machine`).

Invariants
1. All machines of a process share one engine, so that compiled code is shared.
2. There is one ticking thread, and it ticks only while a run wants it: never a thread per run.
3. A tick reaches a running guest as a call of `door.on_tick` on the guest's own thread.
"""

from __future__ import annotations

import functools
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import wasmtime
from wasmtime import _ffi as ffi

from boxer.errors import EngineError

# Room for deep recursion in C: CPython's parser needs 1.9 MB for what it accepts elsewhere.
LARGEST_WASM_STACK = 6 << 20
# What host functions and Python itself may need of a thread's stack, generously.
HOST_SHARE = 1 << 20
# A new thread's stack where the limit is "unlimited" (glibc: ARCH_STACK_DEFAULT_SIZE).
UNLIMITED_THREAD_STACK = 2 << 20
# A time limit is exact to a tick. Each costs a guest a few microseconds.
TICK = 0.01


def wasm_stack(limit: int | None = None) -> int:
    """How much of a thread's stack a guest may use. limit: the stack of a thread, by default
    RLIMIT_STACK as it was at first.

    A guest that recurses beyond it traps. Were it larger than the thread's stack, the guest would
    end this process instead: `check_stack`.
    """
    limit = _first_limit() if limit is None else limit
    thread = UNLIMITED_THREAD_STACK if limit == resource.RLIM_INFINITY else limit
    return min(LARGEST_WASM_STACK, max(thread // 4, thread - HOST_SHARE))


@functools.cache
def _first_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_STACK)[0]


def check_stack() -> None:
    """Raises `EngineError` in a thread that was given less stack than a guest may use."""
    given = threading.stack_size()
    if given and given < wasm_stack() and threading.current_thread() is not threading.main_thread():
        raise too_little_stack()


def too_little_stack() -> EngineError:
    needed = (wasm_stack() + HOST_SHARE) >> 20
    return EngineError(
        "The thread has too little stack for a machine.",
        hint=f"Start it after `threading.stack_size({needed} << 20)`, or with the default size.",
    )


@functools.cache
def engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    stack = wasm_stack()
    # Never used, since nothing here is async; wasmtime aborts if it is not the larger one.
    ffi.wasmtime_config_async_stack_size_set(config.ptr(), stack + HOST_SHARE)
    config.max_wasm_stack = stack
    config.epoch_interruption = True
    # The whole range of a 32-bit memory, so that its base address never changes (`memory`).
    config.memory_reservation = 1 << 32
    config.memory_may_move = False
    return wasmtime.Engine(config)


@functools.cache
def engine_tag() -> str:
    """Names what compiled code depends on, as far as a folder's name should show it. Wasmtime
    itself refuses code of another version, configuration or processor."""
    package = Path(wasmtime.__file__).parent
    found = sorted(entry.name for entry in package.parent.glob("wasmtime-*.dist-info"))
    return (found[0].removesuffix(".dist-info") if found else "wasmtime") + "-1"


class Ticker:
    """Advances the engine's epoch while somebody is inside `ticking`."""

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
