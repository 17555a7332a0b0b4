"""Files that are written wholly or not at all.

Belongs here: the one way Boxer writes a file it means to keep. Does not: what is written.

Invariants
1. At `path` there is, at every moment and after a crash, the old file, or the new one, or none:
   never a part of one.
2. After a failure nothing of the attempt is left in the folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from boxer.errors import WriteError

Chunk = bytes | bytearray | memoryview


def write_atomically(path: Path, data: Chunk | Iterable[Chunk]) -> None:
    """Writes `data` to `path`, replacing what is there. The folder must exist.

    Raises `WriteError` where the system refuses (disk full, no permission, file too large).
    """
    chunks = [data] if isinstance(data, (bytes, bytearray, memoryview)) else data
    # In the same folder, since a rename is atomic within one file system only.
    temporary = path.with_name(f".{path.name[:200]}.{os.urandom(8).hex()}.part")
    try:
        _write_new(temporary, chunks)
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)  # gone already, if all went well


def make_folder(path: Path) -> None:
    """Makes a folder and its parents. Raises `WriteError` where the system refuses."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> WriteError:
    return WriteError(
        f"`{path}` cannot be written: {error.strerror or error}.",
        hint=f"See how much room there is: `df -h {path.parent}`.",
    )


def _write_new(path: Path, chunks: Iterable[Chunk]) -> None:
    # The mode is left to the umask: a box is as readable as any file the user makes.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        for chunk in chunks:
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Makes the rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
