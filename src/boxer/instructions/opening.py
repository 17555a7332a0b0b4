"""Files below a folder of the user's, opened without following a link.

Belongs here: the system calls. Does not: which links mean something (`context`).

Invariants
1. Each component is opened in the one before it and is no link (O_NOFOLLOW): what is swapped for a
   link between two calls is an error, never a file elsewhere (openat(2), path_resolution(7)).
2. What is read is what was opened: its kind and size are asked of the descriptor.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from boxer.blobstore import read_up_to

# Passing through a folder takes no permission to list it.
_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


class Below:
    """What lies below a folder. Paths are relative to it, with `/`, without links and `..`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def lstat(self, path: str) -> os.stat_result:
        with self._parent(path) as (folder, name):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)

    def readlink(self, path: str) -> bytes:
        with self._parent(path) as (folder, name):
            return os.fsencode(os.readlink(name, dir_fd=folder))

    def read(self, path: str, most: int) -> bytes | None:
        """The bytes of a regular file, None where there are more than `most`. OSError for what is
        no regular file any more."""
        with self._parent(path) as (folder, name):
            descriptor = os.open(name, _READ, dir_fd=folder)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise OSError(None, "it was changed while it was read")
            return None if status.st_size > most else read_up_to(file, most)

    def names(self, path: str) -> list[tuple[str, int]]:
        """The names in a folder with their modes, unsorted."""
        with self._parent(path) as (folder, name):
            descriptor = os.open(name, _READ | os.O_DIRECTORY, dir_fd=folder)
        try:
            with os.scandir(descriptor) as entries:
                return [(e.name, e.stat(follow_symlinks=False).st_mode) for e in entries]
        finally:
            os.close(descriptor)

    @contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        """A descriptor of the folder a path's last name is in, and that name."""
        *above, name = [part for part in path.split("/") if part] or ["."]
        descriptor = os.open(self._root, _PASS)  # the one link that is followed: the user's own
        try:
            for part in above:
                inner = os.open(part, _PASS | os.O_NOFOLLOW, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor, name
        finally:
            os.close(descriptor)
