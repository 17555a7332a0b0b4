"""The bytes of a compressed archive, and no more of them than a limit.

Belongs here: gzip, bzip2, xz and zstd, told by their first bytes. Does not: what the bytes mean.

Invariants
1. A reader never gives out more than its limit, whatever the compressed bytes claim.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
from typing import BinaryIO, Protocol

import zstandard

from boxer.errors import ArchiveLimitError


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class Counted:
    """A reader that gives out no more than `limit` bytes in all."""

    def __init__(self, inner: Readable, limit: int) -> None:
        self._inner = inner
        # Headers and padding come on top of the data they describe.
        self._left = limit + (limit >> 2) + (1 << 20)
        self._limit = limit

    def read(self, size: int) -> bytes:
        data = self._inner.read(min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise too_large(self._limit)
        return data


def decompressed(fileobj: BinaryIO) -> Readable:
    """The archive's bytes, by the compression its first bytes show."""
    head = fileobj.read(6)
    fileobj.seek(-len(head), io.SEEK_CUR)
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=fileobj)
    if head.startswith(b"BZh"):
        return bz2.BZ2File(fileobj)
    if head.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile(fileobj)
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.ZstdDecompressor().stream_reader(fileobj, read_across_frames=True)
    return fileobj


def too_large(limit: int) -> ArchiveLimitError:
    """The error for an archive of more than `limit` bytes."""
    return ArchiveLimitError(
        f"The archive unpacks to more than {limit >> 20} MiB.",
        hint="Unpack it outside and COPY only what the box needs.",
    )
