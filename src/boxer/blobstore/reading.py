"""Files and streams of the user's, read up to a limit.

Belongs here: the one way Boxer reads a file that somebody else wrote as a whole. Does not: what is
in it.

Invariant: no more than the limit and one byte is ever read, whatever the file says of its size:
`/dev/zero` and a pipe have none.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from boxer.errors import InputTooLargeError

_PIECE = 1 << 20  # a read of more makes room for all that is asked for


def read_limited(source: Path | BinaryIO, most: int, what: str) -> bytes:
    """All bytes of a file or a stream. most: bytes. what: its name for people.

    Raises `InputTooLargeError`, OSError.
    """
    if isinstance(source, Path):
        with source.open("rb") as file:
            return read_limited(file, most, what)
    data = read_up_to(source, most)
    if data is None:
        raise InputTooLargeError(
            f"{what} is larger than {size_text(most)}.", hint="See whether the right file is named."
        )
    return data


def read_up_to(source: BinaryIO, most: int) -> bytes | None:
    """All bytes of a stream, None where there are more than `most`. Raises OSError."""
    chunks, left = [], most
    while chunk := source.read(min(_PIECE, left + 1)):
        chunks.append(chunk)
        left -= len(chunk)
        if left < 0:
            return None
    return b"".join(chunks)


def size_text(count: int) -> str:
    """Bytes as people write limits: `1 MiB`, `2 GiB`."""
    return f"{count >> 30} GiB" if count >= 1 << 30 else f"{count >> 20} MiB"
