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
from boxer.runtime import Frozen, Snapshot, StartedInstance

MAGIC = b"boxer-machine 1\n"
WASM_PAGE, LARGEST = 1 << 16, 1 << 32


def write_snapshot(path: Path, started: StartedInstance) -> None:
    """Raises `MachineBusyError`, `MountError`, `WriteError`."""
    snapshot = started.snapshot()
    digest = hashlib.sha256()
    for _, piece in snapshot.pieces:
        digest.update(piece)
    head: dict[str, Any] = {
        "image": snapshot.image,
        "size": snapshot.size,
        "ranges": [(at, at + len(piece)) for at, piece in snapshot.pieces],
        "sha256": digest.hexdigest(),
    }
    text = MAGIC + json.dumps(head).encode() + b"\n"

    def write(descriptor: int) -> None:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(text)
            file.writelines(piece for _, piece in snapshot.pieces)

    try:
        write_file(path, write)
    except OSError as error:
        raise WriteError(f"`{path}` cannot be written: {error.strerror or error}.") from None


def read_snapshot(path: Path, frozen: Frozen) -> Snapshot:
    """Raises `DamagedBoxError`; OSError where there is no such file."""
    with path.open("rb") as file:
        if file.readline(64) != MAGIC:
            raise DamagedBoxError(f"`{path}` is no snapshot of a machine.")
        head = _head(file.readline(16 << 20), path)
        if head["image"] != frozen.digest:
            raise DamagedBoxError(f"`{path}` is of a machine that was started from another box.")
        pieces = [(start, file.read(end - start)) for start, end in head["ranges"]]
        is_whole = not file.read(1)
    digest = hashlib.sha256()
    for (start, end), (_, piece) in zip(head["ranges"], pieces, strict=True):
        is_whole = is_whole and len(piece) == end - start
        digest.update(piece)
    if not is_whole or digest.hexdigest() != head["sha256"]:
        raise DamagedBoxError(f"`{path}` is damaged.")
    return Snapshot(head["image"], head["size"], pieces)


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
