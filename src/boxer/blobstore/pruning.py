"""What is thrown away of the cache: all of it can be made again.

Belongs here: how old things are and what they take, in every folder of the cache. Does not: what
lies in them.

Invariants
1. What a note `current` names (a base, an SDK) stays, and so does the note.
2. What was read or written within the time that is kept stays. A file that a process has open or
   mapped lives on for that process.
3. Nothing outside of the cache is touched; no link is followed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boxer.blobstore.folders import cache_folder

DAY = 86_400
# Folders whose entries are folders of one piece, by how deep these lie; in all others a file is.
_PIECES = {"bases": 2, "kit": 1, "native": 1, "recipes": 1, "sdk": 1}
_CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Piece:
    """What is thrown away as a whole. used: seconds since 1970 of the last reading or writing."""

    path: Path
    size: int
    used: float
    is_current: bool


def cache_sizes(cache: Path | None = None) -> dict[str, int]:
    """Bytes by the name of the cache's folders."""
    root = cache or cache_folder()
    return {folder.name: sum(piece.size for piece in _pieces(folder)) for folder in _folders(root)}


def prune_cache(days: float, keep: int | None = None, cache: Path | None = None) -> int:
    """Throws away what was not used for so many days, and more of it, the oldest first, until no
    more than `keep` bytes are left; the bytes freed."""
    root = cache or cache_folder()
    pieces = sorted(
        (piece for folder in _folders(root) for piece in _pieces(folder)),
        key=lambda piece: piece.used,
    )
    left = sum(piece.size for piece in pieces)
    oldest = time.time() - days * DAY
    freed = 0
    for piece in pieces:
        too_much = keep is not None and left - freed > keep
        if not piece.is_current and (piece.used <= oldest or too_much) and _remove(piece.path):
            freed += piece.size
    return freed


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(p for p in root.iterdir() if p.is_dir() and not p.is_symlink())
    except OSError:
        return []


def _pieces(folder: Path) -> Iterator[Piece]:
    depth = _PIECES.get(folder.name)
    if depth is None:
        for path in _files(folder):
            yield from _piece(path, path.name == _CURRENT)
        return
    level = [folder]
    for _ in range(depth - 1):
        level = [inner for outer in level for inner in _folders(outer)]
    for above in level:
        named = _named(above)
        with contextlib.suppress(OSError):
            for path in above.iterdir():
                # The native library has one folder for each ABI, and no note.
                is_current = path.name in (_CURRENT, named) or folder.name == "native"
                yield from _piece(path, is_current)


def _named(folder: Path) -> str:
    try:
        return (folder / _CURRENT).read_text("ascii", "replace").strip()
    except OSError:
        return ""


def _piece(path: Path, is_current: bool) -> Iterator[Piece]:
    size, used = 0, 0.0
    paths = _files(path) if path.is_dir() and not path.is_symlink() else [path]
    for file in paths:
        with contextlib.suppress(OSError):
            status = file.lstat()
            size += min(status.st_size, status.st_blocks * 512)  # images have holes
            used = max(used, status.st_atime, status.st_mtime)
    yield Piece(path, size, used, is_current)


def _files(folder: Path) -> Iterator[Path]:
    for above, _, names in os.walk(folder):
        yield from (Path(above) / name for name in names)


def _remove(path: Path) -> bool:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError:
        return False
    return True
