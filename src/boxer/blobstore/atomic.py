"""Files that are written wholly or not at all.

Belongs here: the one way Boxer writes a file it means to keep. Does not: what is written.

Invariants
1. At `path` there is, at every moment and after a crash, the old file, or the new one, or none:
   never a part of one.
2. After a failure nothing of the attempt is left in the folder.
3. A device or a pipe is written to, never replaced by a file.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

from boxer.ending import draft
from boxer.errors import WriteError

Chunk = bytes | bytearray | memoryview


def write_atomically(path: Path, data: Chunk | Iterable[Chunk]) -> None:
    """Writes `data` to `path`, replacing what is there. The folder must exist.

    Raises `WriteError` where the system refuses (disk full, no permission, file too large).
    """
    chunks = [data] if isinstance(data, (bytes, bytearray, memoryview)) else data
    try:
        if _is_special(path):
            _write_through(path, chunks)
        else:
            _replace(path, chunks)
    except OSError as error:
        raise _refused(path, error) from error


def check_place(path: Path) -> None:
    """Whether a file can be written at `path`, as far as can be told without writing it.

    Raises `WriteError` as `write_atomically` would, before the work that the file is for.
    """
    if _is_special(path):
        return
    problem = None
    if not path.parent.exists():
        problem = errno.ENOENT
    elif not path.parent.is_dir():
        problem = errno.ENOTDIR
    elif path.is_dir():
        problem = errno.EISDIR
    elif not os.access(path.parent, os.W_OK | os.X_OK):
        problem = errno.EACCES
    if problem is not None:
        raise _refused(path, OSError(problem, os.strerror(problem)))


def make_folder(path: Path) -> None:
    """Makes a folder and its parents. Raises `WriteError` where the system refuses."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_made(path, error) from error


def not_made(path: Path, error: OSError) -> WriteError:
    """That a folder of ours cannot be made, or one above it."""
    there = next(parent for parent in (path, *path.parents) if parent.exists())
    hint = f"See how much room there is: `df -h {there}`."
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        hint = f"`{there}` takes no folder of yours."
    return WriteError(
        f"`{path}` cannot be made: {error.strerror or error}.",
        hint=f"{hint} HOME, or XDG_CACHE_HOME, XDG_DATA_HOME and XDG_STATE_HOME name other places.",
    )


def write_file(path: Path, write: Callable[[int], None]) -> None:
    """Makes or replaces a file that only the user may read. write: fills a descriptor of an empty
    one. Raises OSError; nothing half-written is left."""
    temporary = path.with_name(f".{path.name[:200]}.{os.urandom(8).hex()}.part")
    with draft(temporary):
        descriptor, is_nameless = _new_file(temporary)
        try:
            os.fchmod(descriptor, 0o600)
            write(descriptor)
            if is_nameless:
                give_name(descriptor, temporary)
            temporary.replace(path)
        finally:
            os.close(descriptor)


def _refused(path: Path, error: OSError) -> WriteError:
    hints = {
        errno.ENOENT: f"Make the folder first: `mkdir -p {path.parent}`.",
        errno.ENOTDIR: f"`{path.parent}` must be a folder.",
        errno.EISDIR: f"Name a file in it: `{path / 'box.wasm'}`.",
        errno.EACCES: "Name a place you may write to.",
        errno.EPERM: "Name a place you may write to.",
        errno.EROFS: "Name a place that is not mounted read-only.",
        errno.ENAMETOOLONG: "Name a shorter path.",
    }
    room = f"See how much room there is: `df -h {path.parent}`."
    return WriteError(
        f"`{path}` cannot be written: {error.strerror or error}.",
        hint=hints.get(error.errno or 0, room),
    )


def _is_special(path: Path) -> bool:
    """Whether there is something at the path, links followed, that is no file and no folder."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _write_through(path: Path, chunks: Iterable[Chunk]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        _write_all(descriptor, chunks)
    finally:
        os.close(descriptor)


def _replace(path: Path, chunks: Iterable[Chunk]) -> None:
    # In the same folder, since a rename is atomic within one file system only.
    temporary = path.with_name(f".{path.name[:200]}.{os.urandom(8).hex()}.part")
    with draft(temporary):
        _write_new(temporary, chunks)
        temporary.replace(path)
        _sync_folder(path.parent)


def _write_new(path: Path, chunks: Iterable[Chunk]) -> None:
    """The file has no name before it is whole, where the system can do that: a process that is
    killed leaves nothing then."""
    descriptor, is_nameless = _new_file(path)
    try:
        _write_all(descriptor, chunks)
        os.fsync(descriptor)
        if is_nameless:
            give_name(descriptor, path)
    finally:
        os.close(descriptor)


def _new_file(path: Path) -> tuple[int, bool]:
    # The mode is left to the umask: a box is as readable as any file the user makes.
    with contextlib.suppress(OSError, AttributeError):
        if Path("/proc/self/fd").is_dir():
            flags = os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC
            return os.open(path.parent, flags, 0o666), True
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), False


def give_name(descriptor: int, path: Path) -> None:
    """Names a file that was opened without a name (open(2), O_TMPFILE). Raises OSError."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # With a folder Python calls linkat, which alone follows the link to the open file.
        os.link(f"/proc/self/fd/{descriptor}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


def _write_all(descriptor: int, chunks: Iterable[Chunk]) -> None:
    for chunk in chunks:
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _sync_folder(folder: Path) -> None:
    """Makes the rename survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
