"""A machine at rest as a file: what of its memory differs from what it was started from.

    boxer-machine 1 NEWLINE, a line of JSON (image, size, ranges, sha256), the bytes of the ranges

Belongs here: that file. Does not: boxes (`Machine.commit` writes one, which stands alone).

Invariants
1. No number in a file is believed before it is checked, and all of it is checked by its sha256; a
   file is for one image, by its sha256.
2. A snapshot is memory of a machine, secrets and all: it is written for its user alone.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from boxer.blobstore import write_file
from boxer.errors import DamagedBoxError, WriteError
from boxer.runtime import Frozen, StartedInstance

MAGIC = b"boxer-machine 1\n"
PAGE, PIECE, WASM_PAGE, LARGEST = 4096, 1 << 20, 1 << 16, 1 << 32


def write_snapshot(path: Path, started: StartedInstance) -> None:
    """Raises `MachineBusyError`, `MountError`, `WriteError`."""
    memory, base = started.memory(), started.frozen.memory()
    ranges = _differing(base, memory)
    data = b"".join(memory[start:end] for start, end in ranges)
    head: dict[str, Any] = {
        "image": hashlib.sha256(base).hexdigest(),
        "size": len(memory),
        "ranges": ranges,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    text = MAGIC + json.dumps(head).encode() + b"\n"

    def write(descriptor: int) -> None:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(text)
            file.write(data)

    try:
        write_file(path, write)
    except OSError as error:
        raise WriteError(f"`{path}` cannot be written: {error.strerror or error}.") from None


def read_snapshot(path: Path, frozen: Frozen) -> bytes:
    """The machine's memory. Raises `DamagedBoxError`; OSError where there is no such file."""
    base = frozen.memory()
    with path.open("rb") as file:
        if file.readline(64) != MAGIC:
            raise DamagedBoxError(f"`{path}` is no snapshot of a machine.")
        head = _head(file.readline(16 << 20), path)
        if head["image"] != hashlib.sha256(base).hexdigest():
            raise DamagedBoxError(f"`{path}` is of a machine that was started from another box.")
        total = sum(end - start for start, end in head["ranges"])
        data = file.read(total + 1)
    if len(data) != total or hashlib.sha256(data).hexdigest() != head["sha256"]:
        raise DamagedBoxError(f"`{path}` is damaged.")
    memory = bytearray(head["size"])
    shared = min(len(memory), len(base))
    memory[:shared] = base[:shared]
    at = 0
    for start, end in head["ranges"]:
        memory[start:end] = data[at : at + end - start]
        at += end - start
    return bytes(memory)


def _differing(base: bytes, memory: bytes) -> list[tuple[int, int]]:
    """Runs of whole pages."""
    ranges: list[tuple[int, int]] = []
    for piece in range(0, len(memory), PIECE):
        if memory[piece : piece + PIECE] == base[piece : piece + PIECE]:
            continue
        for at in range(piece, min(piece + PIECE, len(memory)), PAGE):
            if memory[at : at + PAGE] == base[at : at + PAGE]:
                continue
            if ranges and ranges[-1][1] == at:
                ranges[-1] = (ranges[-1][0], at + PAGE)
            else:
                ranges.append((at, at + PAGE))
    return ranges


def _head(line: bytes, path: Path) -> dict[str, Any]:
    try:
        head = json.loads(line)
        size, ranges, last = head["size"], head["ranges"], 0
        good = type(size) is int and 0 < size <= LARGEST and size % WASM_PAGE == 0
        for start, end in ranges:
            good = good and type(start) is int and type(end) is int and last <= start < end <= size
            last = end
        good = good and isinstance(head["image"], str) and isinstance(head["sha256"], str)
    except (ValueError, KeyError, TypeError, RecursionError):
        good = False
    if not good:
        raise DamagedBoxError(f"`{path}` is damaged.")
    return dict(head)
