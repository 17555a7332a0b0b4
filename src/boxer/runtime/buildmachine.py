"""A machine of the native library for building: deterministic, filled from outside.

Belongs here: what `BuildInstance` asks of an `EngineInstance`, of a native machine. Does not: what
is built.

Invariant: it shows a program what an `EngineInstance` with a fixed clock and fixed entropy does,
and lets its threads and processes take turns besides.
"""

from __future__ import annotations

import ctypes
from ctypes import byref

import wasmtime

from boxer.errors import LimitValueError, StoppedError, UnsupportedModuleError
from boxer.runtime import mapped, native
from boxer.runtime.code import Code
from boxer.runtime.entry import Outcome
from boxer.runtime.exitstatus import ExitStatus
from boxer.runtime.mapped import MappedImage, MappedInstance
from boxer.runtime.memory import GuestMemory
from boxer.wasmformat import PAGE

SECOND = 1_000_000_000
TASKS = 64


class BuildMachine:
    """epoch: what the clock shows, seconds since 1970. still: threads switch where they wait, and
    nowhere else. seconds, output_bytes: limits of each entry."""

    def __init__(
        self,
        code: Code,
        memory_limit: int,
        *,
        epoch: int,
        stdin: bytes,
        still: bool,
        seconds: float,
        output_bytes: int,
    ) -> None:
        self._types = {kind.name: kind.type for kind in code.module.exports}
        size = _initial_pages(self._types.get("memory")) * PAGE
        self._machine = MappedInstance(code, MappedImage.of_zeros(size), memory_limit)
        self._limit = memory_limit
        self._run = native.Run(
            arguments=b"box\0",
            argument_count=1,
            argument_size=4,
            environment=b"",
            input=stdin,
            input_size=len(stdin),
            tasks=TASKS,
            time_ns=int(seconds * SECOND),
            cpu_ns=native.NO_LIMIT,
            output=output_bytes,
            attend=native.attend_python(),
            epoch_ns=epoch * SECOND,
            fixed=1,
            still=still,
        )
        for number in range(3):
            self._run.descriptors[number] = -1
        self._library = mapped.library()
        self.stdout = self.stderr = b""
        self.memory = GuestMemory(self._base(), lambda: self._size())

    def _size(self) -> int:
        size = ctypes.c_uint64()
        self._library.boxer_machine_memory(self._machine.address, byref(size))
        return size.value

    def _base(self) -> int:
        size = ctypes.c_uint64()
        base: int = self._library.boxer_machine_memory(self._machine.address, byref(size))
        return base

    def grow(self, pages: int) -> None:
        """Raises `LimitValueError` where the memory limit is below what the machine needs."""
        if self._library.boxer_machine_grow(self._machine.address, pages * PAGE):
            needed = self.memory.size + pages * PAGE
            raise LimitValueError(
                f"The box needs `{needed >> 20}` MiB of memory to start, the limit is"
                f" `{self._limit >> 20}` MiB."
            )

    def global_value(self, name: str) -> int:
        value: int = self._library.boxer_machine_constant(self._machine.address, name.encode())
        if not value:
            raise UnsupportedModuleError(f"The module exports no integer global `{name}`.")
        return value

    def call(self, name: str) -> int | None:
        """Calls an export. Raises `StoppedError` where it did not return."""
        outcome = self._entered(name)
        ended = outcome.exit_status
        if outcome.status is not None:
            return outcome.status
        if ended.crash:
            raise StoppedError(ended.crash)
        if ended.limit:
            raise StoppedError(f"A build's {ended.limit} limit was reached.")
        raise StoppedError(f"The program exited with status `{ended.exit_code}`.")

    def run_to_end(self, name: str) -> ExitStatus:
        """Enters `_start`, the one program there is."""
        return self._entered(name).exit_status

    def _entered(self, name: str) -> Outcome:
        if not isinstance(self._types.get(name), wasmtime.FuncType):
            raise UnsupportedModuleError(f"The module exports no function `{name}`.")
        machine, outcome = self._machine.address, self._machine.native_outcome
        if name == "_start":
            self._library.boxer_machine_run(machine, self._run, byref(outcome))
        else:
            self._library.boxer_machine_enter(machine, name.encode(), self._run, byref(outcome))
        ended = self._machine.outcome()
        self.stdout += ended.stdout
        self.stderr += ended.stderr
        return ended

    def close(self) -> None:
        self.memory = GuestMemory(0, lambda: 0)
        self._machine.close()


def _initial_pages(memory: object) -> int:
    if not isinstance(memory, wasmtime.MemoryType):
        raise UnsupportedModuleError("The module exports no memory.")
    return int(memory.limits.min)
