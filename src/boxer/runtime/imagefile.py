"""Files that hold a memory image, byte for byte as large as the memory.

Belongs here: where they are made and how they are written. Does not: mapping them (`mapped`).

Why a file of the cache folder and not memory (memfd): a file system that keeps a file in large
folios (ext4, xfs) maps 15 MB of it in 12 us, single pages take 1 ms, and so does unmapping. It is
written in large pieces for the same reason.

Invariants
1. A piece of zeros is a hole.
2. A disk that is full costs time, never a run: the file is in memory then.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar

from boxer.blobstore import cache_folder
from boxer.boxfile import MemoryImage
from boxer.runtime.private import make_private

PIECE = 1 << 20

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
    """Writes an image to an empty file. Raises OSError."""
    os.truncate(descriptor, image.size)
    for start, piece in _pieces(image):
        if any(piece):
            _write_all(descriptor, memoryview(piece), start)


def _pieces(image: MemoryImage) -> Iterator[tuple[int, bytearray]]:
    """The pieces that hold a segment's bytes, so that a memory of 4 GiB takes what is in it."""
    at, piece = -1, bytearray()
    for segment in image.segments:
        done = 0
        while done < len(segment.data):
            start = (segment.offset + done) // PIECE * PIECE
            if start != at:
                if piece:
                    yield at, piece
                at, piece = start, bytearray(min(PIECE, image.size - start))
            inside = segment.offset + done - start
            size = min(PIECE - inside, len(segment.data) - done)
            piece[inside : inside + size] = segment.data[done : done + size]
            done += size
    if piece:
        yield at, piece


def _write_all(descriptor: int, data: memoryview, offset: int) -> None:
    while len(data):
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
