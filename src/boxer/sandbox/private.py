"""Folders that only this user can write to: what native code may be loaded from.

Belongs here: where the cache is, and whether a folder can be trusted. Does not: what lies in it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def boxer_cache() -> Path:
    """boxer/ below the user's cache folder (XDG base directories)."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    return root / "boxer"


def make_private(folder: Path) -> bool:
    """Whether the folder is there, made if need be, and only this user can change what is in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return is_private(folder)
    except OSError:
        return False


def is_private(folder: Path) -> bool:
    """Raises OSError where there is no such folder."""
    status = folder.lstat()
    others = stat.S_IWGRP | stat.S_IWOTH
    return (
        stat.S_ISDIR(status.st_mode)
        and status.st_uid == os.geteuid()
        and not status.st_mode & others
    )
