"""Files that hold a memory image, byte for byte as large as the memory.

Belongs here: where they are made and how they are written. Does not: mapping them (`mapped`).

Why a file of the cache folder and not memory (memfd): a file system that keeps a file in large
folios (ext4, xfs) maps 15 MB of it in 12 us, single pages take 1 ms, and so does unmapping. It is
written in large pieces for the same reason.

Invariant: a piece of zeros is a hole.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from boxer.blobstore import cache_folder
from boxer.boxfile import MemoryImage
from boxer.runtime.private import make_private

PIECE = 1 << 20


@contextmanager
def nameless_file() -> Iterator[int]:
    """A descriptor of an empty file that nobody else can find: on disk, else in memory."""
    folder = cache_folder() / "run"
    descriptor = None
    if make_private(folder):
        with suppress(OSError):
            descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    if descriptor is None:
        descriptor = os.memfd_create("boxer-image", os.MFD_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write_image(descriptor: int, image: MemoryImage) -> None:
    """Writes an image to an empty file. Raises OSError."""
    os.truncate(descriptor, image.size)
    memory = memoryview(image.to_bytes())
    zeros = bytes(PIECE)
    for start in range(0, image.size, PIECE):
        piece = memory[start : start + PIECE]
        if piece != zeros[: len(piece)]:
            _write_all(descriptor, piece, start)


def _write_all(descriptor: int, data: memoryview, offset: int) -> None:
    while len(data):
        written = os.pwrite(descriptor, data, offset)
        data, offset = data[written:], offset + written
