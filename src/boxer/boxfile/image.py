"""The memory of a machine as a value: its size and the bytes in it that are not zero.

Belongs here: the value and its laws. Does not: how memory becomes segments (`preinit`).

Invariants
1. `size` is a whole number of 64 KiB pages, at most 4 GiB.
2. Segments are sorted, disjoint, not empty, and lie within `size`.
"""

from __future__ import annotations

from dataclasses import dataclass

from boxer.errors import DamagedBoxError
from boxer.wasmformat import MOST_PAGES, PAGE, DataSegment

Segment = DataSegment


@dataclass(frozen=True, slots=True)
class MemoryImage:
    """size in bytes. Raises `DamagedBoxError` when an invariant does not hold."""

    size: int
    segments: tuple[Segment, ...]

    def __post_init__(self) -> None:
        if self.size % PAGE or not 0 <= self.size <= MOST_PAGES * PAGE:
            raise DamagedBoxError(f"A memory cannot be `{self.size}` bytes large.")
        end = 0
        for segment in self.segments:
            if segment.offset < end or not len(segment.data):
                raise DamagedBoxError(
                    f"The memory's segment at `{segment.offset:#x}` is empty or out of order."
                )
            end = segment.end
        if end > self.size:
            raise DamagedBoxError(f"The memory's segments end at `{end:#x}`, outside of it.")

    @property
    def pages(self) -> int:
        return self.size // PAGE

    @property
    def stored(self) -> int:
        """Bytes the segments hold."""
        return sum(len(segment.data) for segment in self.segments)

    def to_bytes(self) -> bytearray:
        """The whole memory. The caller vouches for the size: it may be 4 GiB."""
        memory = bytearray(self.size)
        for segment in self.segments:
            memory[segment.offset : segment.end] = segment.data
        return memory
