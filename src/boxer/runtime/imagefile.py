"""Files that hold a memory image, byte for byte as large as the memory.

Belongs here: where they are made and how they are written. Does not: mapping them (`mapped`).

Why a file of the cache folder and not memory (memfd): a file system that keeps a file in large
folios (ext4, xfs) maps 15 MB of it in 12 us, single pages take 1 ms, and so does unmapping. It is
written in large pieces for the same reason.

Invariants
1. A piece of zeros is a hole.
2. Of a piece that holds little, only the pages that hold something are written: a file of a few
   kilobytes can name a byte in every piece of 4 GiB.
3. A disk that is full costs time, never a run: the file is in memory then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

from boxer.blobstore import cache_folder
from boxer.boxfile import MemoryImage, Segment
from boxer.runtime.private import make_private

PIECE = 1 << 20
PAGE = 4096
# A piece is written whole if at least this part of it is held.
DENSE = 16

T = TypeVar("T")


def with_nameless_file(use: Callable[[int], T]) -> T:
    """Calls `use` with a descriptor of an empty file that nobody else can find: on disk, and where
    the disk is full or refuses, once more in memory. Raises OSError where that fails, too."""
    with suppress(OSError):
        folder = cache_folder() / "run"
        if make_private(folder):
            descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
            return _closing(descriptor, use)
    return _closing(os.memfd_create("boxer-image", os.MFD_CLOEXEC), use)


def _closing(descriptor: int, use: Callable[[int], T]) -> T:
    try:
        return use(descriptor)
    finally:
        os.close(descriptor)


def write_image(descriptor: int, image: MemoryImage) -> None:
    """Writes an image to an empty file. Raises OSError.

    What it takes is bounded by what the segments hold, whatever size the memory is said to have.
    """
    os.truncate(descriptor, image.size)
    for start, parts in _by_piece(image.segments):
        held = sum(len(part.data) for part in parts)
        size = PIECE if held * DENSE >= PIECE else PAGE
        for at, inside in _by_piece(parts, size) if size < PIECE else ((start, parts),):
            write_all(descriptor, _filled(at, min(size, image.size - at), inside), at)


def _by_piece(
    segments: Sequence[Segment], size: int = PIECE
) -> Iterator[tuple[int, list[Segment]]]:
    """The segments cut at multiples of `size`, gathered by the multiple they begin behind."""
    start, gathered = 0, list[Segment]()
    for segment in segments:
        data, offset = memoryview(segment.data), segment.offset
        while data:
            if gathered and offset >= start + size:
                yield start, gathered
                gathered = []
            start = offset - offset % size
            part = data[: start + size - offset]
            gathered.append(Segment(offset, part))
            data, offset = data[len(part) :], offset + len(part)
    if gathered:
        yield start, gathered


def _filled(start: int, size: int, parts: Sequence[Segment]) -> memoryview:
    """The bytes of the memory from `start`; none where all are zero."""
    piece = bytearray(size)
    for part in parts:
        piece[part.offset - start : part.end - start] = part.data
    return memoryview(piece if piece != bytes(size) else b"")


def write_all(descriptor: int, data: memoryview, offset: int) -> None:
    """pwrite(2) until all of it is written. Raises OSError."""
    while len(data):
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
