"""Host folders and files in a box.

Belongs here: what is mounted. Does not: how a guest's calls reach it (native/files.c).

Invariants
1. A folder is reachable only through a mount that names it, read-only where it says so.
2. Preview 1 has folders only. A file is the only one in a folder of its own, by a second name of
   the same file, or for reading by a copy; the box's kernel shows no more of that folder.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from boxer.blobstore import cache_folder
from boxer.ending import temporary_folder
from boxer.errors import MountError
from boxer.runtime.native import Folder

# The box's kernel knows a file's folder by this (guest/kernel/fs/host/mount.c).
FILE_MARK = "file:"
ONLY_FILE = "file"
# That this host knows modes, for which preview 1 has no words (native/modes.c), is said by this.
MODES_MARK = "modes:"


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder or file of the host, seen at `guest`: an absolute path, or one below the box's
    working directory."""

    host: str | Path
    guest: str
    read_only: bool = False


@contextmanager
def folders_of(mounts: Sequence[Mount]) -> Iterator[list[Mount]]:
    """The mounts as folders, for the body (invariant 2). Raises `MountError`."""
    with ExitStack() as stack:
        yield [_folder(mount, stack) for mount in mounts]


def _folder(mount: Mount, stack: ExitStack) -> Mount:
    if mount.guest.startswith((FILE_MARK, MODES_MARK)):
        raise MountError(f"`{mount.guest}` is no place in a box.")
    file = Path(mount.host)
    if not file.is_file():
        return mount
    for parent in (None, cache_folder(), file.resolve().parent):
        with contextlib.suppress(OSError):  # of another file system, or not to be written to
            folder = stack.enter_context(temporary_folder(".boxer-file-", parent))
            os.link(file.resolve(), folder / ONLY_FILE)
            return Mount(folder, FILE_MARK + mount.guest, mount.read_only)
    if not mount.read_only:
        raise MountError(
            f"The file `{mount.host}` cannot be mounted to be written to: it can have no second"
            " name where it lies.",
            hint=f"Mount it with `:ro`, or its folder: `-v {file.parent}:..`.",
        )
    folder = stack.enter_context(temporary_folder(".boxer-file-"))
    try:
        shutil.copy2(file, folder / ONLY_FILE)
    except OSError as error:
        raise MountError(f"`{mount.host}` cannot be read: {error.strerror}.") from None
    return Mount(folder, FILE_MARK + mount.guest, True)


def native_folders(mounts: Sequence[Mount]) -> ctypes.Array[Folder]:
    """Folders as a native machine is given them. Raises `MountError`."""
    folders = [
        Folder(os.fsencode(_checked(mount)), f"{MODES_MARK}{mount.guest}".encode(), mount.read_only)
        for mount in mounts
    ]
    return (Folder * len(folders))(*folders)


def _checked(mount: Mount) -> str:
    path = os.fspath(mount.host)
    if not mount.guest or "\0" in mount.guest + path:
        raise MountError(f"`{mount.guest}` is no place in a box.")
    if not Path(path).is_dir():
        problem = "is no folder and no file" if Path(path).exists() else "does not exist"
        raise MountError(
            f"`{path}` {problem}; it cannot be mounted.",
            hint="`-v ./data:/data` makes the folder; a volume's name has no `/` in it.",
        )
    return path
