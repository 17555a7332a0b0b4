"""The store of named volumes: `boxer run -v NAME:/path` finds them, and makes those that are new.

Layout: NAME/data is what a box sees; it is there once it has been filled for the first time. The
time of NAME/made is that of the volume.

Invariants
1. `data` is filled wholly or not at all.
2. A volume that a run has is not removed: a run holds a shared lock on its folder.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from boxer.blobstore import data_folder, make_folder, write_atomically
from boxer.ending import draft
from boxer.errors import VolumeError, WriteError

# docker's (RestrictedNamePattern).
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,200}")
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Volume:
    """data: the folder a box sees. created: seconds since 1970."""

    name: str
    data: Path
    created: float

    @property
    def is_anonymous(self) -> bool:
        return _ANONYMOUS.fullmatch(self.name) is not None


class VolumeStore:
    """The user's volumes. root: `$XDG_DATA_HOME/boxer/volumes`, by default below ~/.local/share."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or data_folder() / "volumes"

    def create(self, name: str | None = None) -> Volume:
        """Makes a volume, if there is none of that name. Without a name it is anonymous.

        Raises `VolumeError`, `WriteError`.
        """
        chosen = secrets.token_hex(32) if name is None else name
        if not _NAME.fullmatch(chosen):
            raise VolumeError(
                f"`{chosen}` is no name for a volume.",
                hint="Letters, digits, `_`, `.` and `-`, two at least; a folder has a `/` in its"
                " name: `./data`.",
            )
        make_folder(self.root / chosen)
        if not (self.root / chosen / "made").exists():
            write_atomically(self.root / chosen / "made", b"")
        return self.get(chosen)

    def get(self, name: str) -> Volume:
        """Raises `VolumeError`: there is none."""
        folder = self.root / name
        if not _NAME.fullmatch(name) or not folder.is_dir():
            raise VolumeError(
                f"There is no volume `{name}`.", hint="`boxer volume ls` lists what there is."
            )
        return Volume(name, folder / "data", _time_of(folder))

    def list(self) -> Iterator[Volume]:
        """All of them, by name."""
        if self.root.is_dir():
            names = sorted(entry.name for entry in self.root.iterdir() if entry.is_dir())
            yield from (self.get(name) for name in names if _NAME.fullmatch(name))

    @contextmanager
    def used(self, volume: Volume, fill: Callable[[Path], None] | None = None) -> Iterator[Path]:
        """The volume's folder, for the body. fill: puts into an empty folder what a volume that
        has nothing in it begins with."""
        with self._locked(volume, fcntl.LOCK_SH):
            if not volume.data.is_dir() or (fill and not any(volume.data.iterdir())):
                self._fill(volume, fill)
            yield volume.data

    def remove(self, name: str) -> None:
        """Raises `VolumeError`: there is none, or a run has it."""
        volume = self.get(name)
        with self._locked(volume, fcntl.LOCK_EX | fcntl.LOCK_NB):
            try:
                shutil.rmtree(volume.data.parent)
            except OSError as error:
                raise WriteError(
                    f"The volume `{name}` cannot be removed: {error.strerror}."
                ) from None

    def _fill(self, volume: Volume, fill: Callable[[Path], None] | None) -> None:
        begun = volume.data.with_name(f"draft-{secrets.token_hex(8)}")
        with draft(begun):
            make_folder(begun)
            if fill:
                fill(begun)
            begun.rename(volume.data)

    @contextmanager
    def _locked(self, volume: Volume, kind: int) -> Iterator[None]:
        descriptor = os.open(volume.data.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, kind)
            yield
        except BlockingIOError:
            raise VolumeError(
                f"The volume `{volume.name}` is in use.", hint="Wait for the run that has it."
            ) from None
        finally:
            os.close(descriptor)


def _time_of(folder: Path) -> float:
    made = folder / "made"
    return (made if made.exists() else folder).stat().st_mtime
