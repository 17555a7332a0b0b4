"""A machine for building: deterministic, without files, read and written from outside.

Belongs here: the `InstanceState` that `preinit` asks for. Does not: what is done with it.

Invariant: two instances given the same image and entered in the same way hold the same memory
after it: time is fixed, randomness is seeded, and nothing else of the host is visible.
"""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

import wasmtime

from boxer.errors import StoppedError
from boxer.runtime import mapped
from boxer.runtime.buildmachine import BuildMachine
from boxer.runtime.code import Code
from boxer.runtime.engineinstance import EngineInstance
from boxer.runtime.exitstatus import ExitStatus, run_to_end
from boxer.runtime.limits import LARGEST_MEMORY
from boxer.runtime.memory import GuestMemory
from boxer.runtime.preview1 import Exited, Host
from boxer.runtime.sources import FixedClock, FixedEntropy
from boxer.runtime.stdio import Budget, BytesSource, CapturedSink
from boxer.runtime.traps import crash_of, crash_of_error
from boxer.runtime.watch import LimitHit, Watch
from boxer.wasmformat import Buffer

# A build is unattended, and importing a few hundred modules takes seconds at most.
BUILD_SECONDS = 600.0
BUILD_OUTPUT = 16 << 20


class BuildInstance:
    """epoch: what the clock shows, seconds since 1970. stdin: what the program can read. still:
    its threads switch where they wait and nowhere else, so that two builds come to the same memory;
    otherwise one that computes gives way, as in a run."""

    def __init__(
        self, code: Code, epoch: int = 0, stdin: bytes = b"", *, still: bool = True
    ) -> None:
        self._machine: _Machine = (
            BuildMachine(
                code,
                LARGEST_MEMORY,
                epoch=epoch,
                stdin=stdin,
                still=still,
                seconds=BUILD_SECONDS,
                output_bytes=BUILD_OUTPUT,
            )
            if mapped.is_available()
            else _EngineMachine(code, epoch, stdin)
        )

    @property
    def stdout(self) -> bytes:
        return self._machine.stdout

    @property
    def stderr(self) -> bytes:
        return self._machine.stderr

    @property
    def output(self) -> bytes:
        """What the program wrote to stdout, then what it wrote to stderr."""
        return self.stdout + self.stderr

    def memory_size(self) -> int:
        return self._machine.memory.size

    def read(self, offset: int, size: int) -> bytes:
        """Raises IndexError outside of the memory."""
        return self._machine.memory.read(offset, size)

    def write(self, offset: int, data: Buffer) -> None:
        self._machine.memory.write(offset, data)

    def grow(self, pages: int) -> None:
        self._machine.grow(pages)

    def global_value(self, name: str) -> int:
        return self._machine.global_value(name)

    def call(self, name: str) -> int | None:
        """Calls an export. Raises `StoppedError` where it did not return: the program exited,
        crashed, or took too long."""
        return self._machine.call(name)

    def run_to_end(self, name: str) -> ExitStatus:
        """Calls an export that is a program, and says how it ended."""
        return self._machine.run_to_end(name)

    def close(self) -> None:
        self._machine.close()

    def __enter__(self) -> BuildInstance:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Machine(Protocol):
    memory: GuestMemory

    @property
    def stdout(self) -> bytes: ...
    @property
    def stderr(self) -> bytes: ...
    def grow(self, pages: int) -> None: ...
    def global_value(self, name: str) -> int: ...
    def call(self, name: str) -> int | None: ...
    def run_to_end(self, name: str) -> ExitStatus: ...
    def close(self) -> None: ...


class _EngineMachine(EngineInstance):
    """Without the native library: threads run to their end."""

    def __init__(self, code: Code, epoch: int, stdin: bytes) -> None:
        budget = Budget(BUILD_OUTPUT)
        self._out, self._err = CapturedSink(budget), CapturedSink(budget)
        host = Host(
            stdin=BytesSource(stdin),
            stdout=self._out,
            stderr=self._err,
            clock=FixedClock(epoch),
            entropy=FixedEntropy(),
            arguments=(b"box",),
            watch=Watch(BUILD_SECONDS),
        )
        super().__init__(code, host, LARGEST_MEMORY)

    @property
    def stdout(self) -> bytes:
        return self._out.data

    @property
    def stderr(self) -> bytes:
        return self._err.data

    def call(self, name: str) -> int | None:
        try:
            return self.enter(name)
        except Exited as ended:
            raise StoppedError(f"The program exited with status `{ended.status}`.") from None
        except LimitHit as ended:
            raise StoppedError(f"A build's {ended.limit} limit was reached.") from None
        except wasmtime.Trap as trap:
            raise StoppedError(crash_of(trap).message) from trap
        except wasmtime.WasmtimeError as error:
            raise StoppedError(crash_of_error(error).message) from error

    def run_to_end(self, name: str) -> ExitStatus:
        return run_to_end(self, name)
