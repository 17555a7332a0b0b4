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
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import wasmtime
from wasmtime import _ffi as ffi

# Room for deep recursion in C: CPython's parser needs 1.9 MB for what it accepts elsewhere. The
# main thread's stack is 8 MiB almost everywhere; the host functions need some of it, too.
WASM_STACK = 4 << 20
# Never used, since nothing here is async; wasmtime aborts if it is smaller than WASM_STACK.
ASYNC_STACK = WASM_STACK + (1 << 20)
# A time limit is exact to a tick. Each costs a guest a few microseconds.
TICK = 0.01


@functools.cache
def engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    ffi.wasmtime_config_async_stack_size_set(config.ptr(), ASYNC_STACK)
    config.max_wasm_stack = WASM_STACK
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
