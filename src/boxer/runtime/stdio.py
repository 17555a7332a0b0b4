"""A machine's standard input and outputs.

Belongs here: bytes in memory, or descriptors of this process. Does not: the calls the guest makes
(`preview1`).

Invariants
1. Nothing is buffered on top of an inherited descriptor: what the guest wrote is out.
2. Captured output never grows beyond the run's budget, which stdout and stderr share.
3. A write takes at most TRANSFER bytes at once; a short write is legal and the guest goes on.
4. A read or a write that blocks comes back when a signal arrives, as InterruptedError: there is
   something to look at then (native/interrupt.c). Python's own would go on (PEP 475).
"""

from __future__ import annotations

import ctypes
import os
import select
import stat
from enum import Enum
from typing import Any, Protocol

from boxer.runtime.abi import Filetype
from boxer.runtime.engine import ticks_by_epochs
from boxer.runtime.watch import LimitHit

TRANSFER = 1 << 20

_libc = ctypes.CDLL(None, use_errno=True)
for _function in (_libc.read, _libc.write):
    _function.restype = ctypes.c_ssize_t
    _function.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t)


class Stream(Enum):
    """INHERIT: this process's own. CAPTURE: kept, and returned in the result."""

    INHERIT = "inherit"
    CAPTURE = "capture"


class Source(Protocol):
    """Something the guest reads. descriptor: what to wait on, None = always ready."""

    @property
    def descriptor(self) -> int | None: ...
    def filetype(self) -> Filetype: ...
    def read_into(self, buffer: memoryview) -> int: ...


class Sink(Protocol):
    """Something the guest writes to."""

    @property
    def descriptor(self) -> int | None: ...
    def filetype(self) -> Filetype: ...
    def write(self, data: memoryview) -> int: ...


class BytesSource:
    """Input that is all there."""

    descriptor = None

    def __init__(self, data: bytes) -> None:
        self._rest = memoryview(data)

    def filetype(self) -> Filetype:
        return Filetype.UNKNOWN  # as wasmtime calls a pipe

    def read_into(self, buffer: memoryview) -> int:
        piece = self._rest[: len(buffer)]
        buffer[: len(piece)] = piece
        self._rest = self._rest[len(piece) :]
        return len(piece)


class Budget:
    """How many bytes a run may still write. limit: None = any number."""

    def __init__(self, limit: int | None) -> None:
        self.rest = limit

    def allowed(self, size: int) -> int:
        """How many of `size` bytes may be written. Raises `LimitHit` when there are none."""
        if self.rest is None:
            return size
        if size and not self.rest:
            raise LimitHit("output")
        return min(size, self.rest)

    def spend(self, written: int) -> int:
        """Notes how many were written."""
        if self.rest is not None:
            self.rest -= written
        return written

    def take_all(self, size: int) -> None:
        """Raises `LimitHit` where fewer than `size` bytes may be written."""
        if self.rest is not None and size > self.rest:
            raise LimitHit("output")


class CapturedSink:
    descriptor = None

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._data = bytearray()

    @property
    def data(self) -> bytes:
        return bytes(self._data)

    def filetype(self) -> Filetype:
        return Filetype.UNKNOWN

    def write(self, data: memoryview) -> int:
        size = self._budget.allowed(min(len(data), TRANSFER))
        self._data += data[:size]
        return self._budget.spend(size)


class InheritedDescriptor:
    """A descriptor of this process, as source or sink."""

    def __init__(self, descriptor: int, budget: Budget | None = None) -> None:
        self.data = b""  # as `CapturedSink` has it: nothing is kept
        self.descriptor: int | None = descriptor
        self._descriptor = descriptor
        self._budget = budget or Budget(None)

    def filetype(self) -> Filetype:
        try:
            mode = os.fstat(self._descriptor).st_mode
        except OSError:
            return Filetype.UNKNOWN
        if stat.S_ISCHR(mode):
            # A box asks isatty by this; /dev/null is a character device and no terminal.
            return Filetype.CHARACTER_DEVICE if os.isatty(self._descriptor) else Filetype.UNKNOWN
        return Filetype.REGULAR_FILE if stat.S_ISREG(mode) else Filetype.UNKNOWN

    def read_into(self, buffer: memoryview) -> int:
        return _move(_libc.read, self._descriptor, buffer[:TRANSFER])

    def write(self, data: memoryview) -> int:
        # Where no signal comes, what fits when there is room at all (pipe(7)).
        most = select.PIPE_BUF if ticks_by_epochs() else TRANSFER
        size = self._budget.allowed(min(len(data), most))
        return self._budget.spend(_move(_libc.write, self._descriptor, data[:size]))


def _move(function: Any, descriptor: int, data: memoryview) -> int:
    """read(2) or write(2), once. Raises OSError."""
    place = ctypes.addressof(ctypes.c_char.from_buffer(data)) if data else 0
    moved = int(function(descriptor, place, len(data)))
    if moved < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return moved
