"""Modes of files in mounted folders, for which preview 1 has no words.

Belongs here: what the kernel asks by a flag that preview 1 does not know, in a function it knows
(`host_mode` and `host_set_mode` of guest/kernel/host/preview1_path.c). It asks only where a name of
a folder begins with MARK: other hosts may end a run for it, as wasmtime's does. Does not: what is
mounted (`mounts`).

Invariants
1. A path is walked a name at a time, below a mounted folder; no link is followed and no `..` taken.
2. Only the nine bits of rwx are set: a guest makes no set-user-ID file on the host.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from boxer.runtime.abi import Errno
from boxer.runtime.preview1 import Host

FUNCTION = "path_filestat_set_times"
MARK = "modes:"  # MODES_MARK of guest/kernel/fs/host/mount.c
SET_MODE, GET_MODE = 1 << 14, 1 << 15
FIRST_FOLDER = 3
SETTABLE = 0o777
PATH_MAX = 4096  # of Linux: what a guest names allocates no more

_ERRNOS = {
    errno.EACCES: Errno.ACCES,
    errno.ELOOP: Errno.LOOP,
    errno.ENOENT: Errno.NOENT,
    errno.ENOTDIR: Errno.NOTDIR,
    errno.EPERM: Errno.PERM,
    errno.EROFS: Errno.ROFS,
}


def is_asked(flags: int) -> bool:
    return bool(flags & (SET_MODE | GET_MODE))


def answer(
    host: Host,
    folders: Sequence[tuple[str, bool]],
    descriptor: int,
    path: tuple[int, int],
    values: tuple[int, int],
    flags: int,
) -> Errno:
    """folders: the host's, and whether each is read-only, by their descriptors from 3 on. path:
    address and length. values: the mode to set; where the mode goes."""
    number = descriptor - FIRST_FOLDER
    if not 0 <= number < len(folders) or not hasattr(os, "O_PATH"):
        return Errno.INVAL
    if not 0 <= path[1] < PATH_MAX:
        return Errno.INVAL
    folder, read_only = folders[number]
    mode, place = values
    if flags & SET_MODE and read_only:
        return Errno.ROFS
    if flags & SET_MODE and mode & ~SETTABLE:
        return Errno.PERM
    try:
        with _opened(folder, host.memory.read(*path)) as found:
            if flags & GET_MODE:
                host.memory.write_u32(place, stat.S_IMODE(os.fstat(found).st_mode))
            else:
                Path(f"/proc/self/fd/{found}").chmod(mode)
    except OSError as error:
        return _ERRNOS.get(error.errno or 0, Errno.IO)
    return Errno.SUCCESS


@contextmanager
def _opened(folder: str, path: bytes) -> Iterator[int]:
    """A descriptor that names the file, without access to it. Raises `OSError`."""
    names = [] if path == b"." else path.split(b"/")
    if any(name in (b"", b".", b"..") or b"\0" in name for name in names):
        raise PermissionError(errno.EPERM, "not a path of names")
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for place, name in enumerate(names):
            kind = os.O_DIRECTORY if place + 1 < len(names) else 0
            flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC | kind
            inner = os.open(name, flags, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        if names and stat.S_ISLNK(os.fstat(descriptor).st_mode):
            raise OSError(errno.ELOOP, "a link has no mode")
        yield descriptor
    finally:
        os.close(descriptor)
