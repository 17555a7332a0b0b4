"""One instance of a code-only module, its memory, and the world its host functions show it.

Belongs here: making an instance, filling its memory, entering it. Does not: what it is for
(`instance` builds, `runner` runs).

Invariants
1. Code and image are apart: the module has no data, all memory comes from an image.
2. The memory limit holds for the image, too.
3. A machine is used by one thread at a time.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable

import wasmtime
from wasmtime._instance import InstanceExports

from boxer.boxfile import MemoryImage
from boxer.errors import LimitValueError, UnsupportedModuleError
from boxer.runtime.code import Code
from boxer.runtime.door import Guest, define_preview1, enter
from boxer.runtime.engine import check_stack, engine
from boxer.runtime.memory import GuestMemory
from boxer.runtime.preview1 import Host
from boxer.runtime.ticking import Ticking
from boxer.wasmformat import PAGE

# As native/machine.c: no program has so many functions that pointers can name.
MOST_TABLE_ENTRIES = 1 << 20


@functools.cache
def _linker() -> wasmtime.Linker:
    linker = wasmtime.Linker(engine())
    define_preview1(linker)
    return linker


class EngineInstance:
    """memory_limit: bytes of linear memory, the image included."""

    def __init__(self, code: Code, host: Host, memory_limit: int) -> None:
        self.guest = Guest(host)
        self._limit = memory_limit
        self._store = wasmtime.Store(engine())
        self._store.set_limits(memory_size=memory_limit, table_elements=MOST_TABLE_ENTRIES)
        self._ticking = Ticking(self._store, code)
        self._exports = self._instantiate(code)
        self._memory = self._own_memory()
        store, memory = self._store, self._memory
        base = ctypes.addressof(memory.data_ptr(store).contents)
        self.memory = GuestMemory(base, lambda: memory.data_len(store))
        host.memory = self.memory

    def load(self, image: MemoryImage) -> None:
        """Fills the memory, which must not have been written to yet."""
        self._grow_to(image.size)
        # One view for all segments: ctypes makes a type for each view's size.
        whole = self.memory.view(0, image.size)
        for segment in image.segments:
            whole[segment.offset : segment.end] = segment.data

    def map(self, size: int, map_over: Callable[[int], None]) -> None:
        """Has an image of that size mapped over the memory instead."""
        self._grow_to(size)
        map_over(self.memory.base)

    def _grow_to(self, size: int) -> None:
        missing = size - self.memory.size
        if missing > 0:
            self.grow(missing // PAGE)

    def grow(self, pages: int) -> None:
        """Raises `LimitValueError` where the memory limit is below what the machine needs."""
        try:
            self._memory.grow(self._store, pages)
        except wasmtime.WasmtimeError:
            needed = self.memory.size + pages * PAGE
            raise LimitValueError(
                f"The box needs `{needed >> 20}` MiB of memory to start, the limit is"
                f" `{self._limit >> 20}` MiB."
            ) from None

    def enter(self, name: str) -> int | None:
        """Calls an export; raises what ended it, see `door.enter`."""
        function = self._exports.get(name)
        if not isinstance(function, wasmtime.Func):
            raise UnsupportedModuleError(f"The module exports no function `{name}`.")
        check_stack()
        watch = self.guest.host.watch
        with self._ticking.around(watch), watch.interruptible():
            return enter(self._store, self.guest, function)

    def global_value(self, name: str) -> int:
        found = self._exports.get(name)
        value = found.value(self._store) if isinstance(found, wasmtime.Global) else None
        if not isinstance(value, int):
            raise UnsupportedModuleError(f"The module exports no integer global `{name}`.")
        return value

    def close(self) -> None:
        """Gives the memory back. Views of it must not be used any more."""
        self.memory = self.guest.host.memory = GuestMemory(0, lambda: 0)
        self._store.close()

    def __enter__(self) -> EngineInstance:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _instantiate(self, code: Code) -> InstanceExports:
        try:
            return _linker().instantiate(self._store, code.module).exports(self._store)
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            reason = str(error).strip().replace("\n", " ")
            raise UnsupportedModuleError(f"The module cannot be instantiated: {reason}.") from None

    def _own_memory(self) -> wasmtime.Memory:
        memory = self._exports.get("memory")
        if not isinstance(memory, wasmtime.Memory):
            raise UnsupportedModuleError("The module exports no memory.")
        return memory
