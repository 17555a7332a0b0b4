"""A guest's linear memory as its host functions see it.

Belongs here: bounds-checked access. Does not: what the bytes mean (`preview1`).

Invariants
1. Every access is checked against the memory's size of that moment; outside of it is
   `BadAddressError`, which a host function answers with EFAULT, never a host crash.
2. The base address never changes: the engine reserves the whole 32-bit range (`engine`).
3. Views never leave this room: they would dangle once the store is gone.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator

from boxer.wasmformat import Buffer


class BadAddressError(IndexError):
    """The guest gave an address outside of its memory."""


class GuestMemory:
    """base: host address of the memory's first byte. size: gives its size now, in bytes."""

    __slots__ = ("_base", "_size")

    def __init__(self, base: int, size: Callable[[], int]) -> None:
        self._base = base
        self._size = size

    @property
    def base(self) -> int:
        return self._base

    @property
    def size(self) -> int:
        return self._size()

    def view(self, offset: int, length: int) -> memoryview:
        """A writable view; valid until the store is gone."""
        offset, length = _unsigned(offset), _unsigned(length)
        if offset + length > self._size():
            raise BadAddressError
        return memoryview((ctypes.c_ubyte * length).from_address(self._base + offset)).cast("B")

    def read(self, offset: int, length: int) -> bytes:
        offset, length = _unsigned(offset), _unsigned(length)
        if offset + length > self._size():
            raise BadAddressError
        return ctypes.string_at(self._base + offset, length)

    def read_u32(self, offset: int) -> int:
        return int.from_bytes(self.read(offset, 4), "little")

    def write(self, offset: int, data: Buffer) -> None:
        self.view(offset, len(data))[:] = data

    def write_u32(self, offset: int, value: int) -> None:
        self.write(offset, value.to_bytes(4, "little"))

    def write_u64(self, offset: int, value: int) -> None:
        self.write(offset, (value & (1 << 64) - 1).to_bytes(8, "little"))

    def vectors(self, address: int, count: int) -> Iterator[memoryview]:
        """The buffers of an iovec array that are not empty."""
        for number in range(count):
            entry = self.read(address + 8 * number, 8)
            length = int.from_bytes(entry[4:], "little")
            if length:
                yield self.view(int.from_bytes(entry[:4], "little"), length)


def _unsigned(number: int) -> int:
    """A guest's i32 arrives as a signed number. The host's own may be 2**32, the largest size."""
    return number + (1 << 32) if number < 0 else number
