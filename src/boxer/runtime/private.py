"""Folders that only this user can write to: what native code may be loaded from.

Belongs here: whether a folder can be trusted. Does not: what lies in it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from boxer.blobstore import OTHER_CACHE, cache_problem


def make_private(folder: Path) -> bool:
    """Whether the folder is there, made if need be, and only this user can change what is in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return is_private(folder)
    except OSError:
        return False


def why_not_private(*folders: Path) -> tuple[str, str]:
    """Of folders in the cache that `make_private` says no to: why, and what to do."""
    for folder in folders:
        if folder.is_dir() and not is_private(folder):
            return (
                f"others than you can write to `{folder}`, or it is theirs",
                f"Remove it, or make it yours alone: `chmod go-w {folder}`.",
            )
    return cache_problem() or f"`{folders[-1]}` cannot be made", OTHER_CACHE


def is_private(folder: Path) -> bool:
    """Raises OSError where there is no such folder."""
    status = folder.lstat()
    others = stat.S_IWGRP | stat.S_IWOTH
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & others
    )
