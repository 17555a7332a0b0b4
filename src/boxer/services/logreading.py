"""A service's log as its reader wants it: all of it, its end, or as it grows.

Belongs here: reading and following. Does not: printing (`cli`).
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_PIECE = 1 << 18
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Entry:
    """stamp: RFC 3339, UTC. text: as the service wrote it, with its newline if it is the end of a
    line."""

    stamp: bytes
    stream: str
    text: bytes


def read_log(
    folder: Path,
    tail: int | None = None,
    goes_on: Callable[[], bool] = lambda: False,
) -> Iterator[Entry]:
    """Entries of the log. tail: of how many lines at most. goes_on: whether more may come when all
    that is there has been read.

    What was thrown away while a slow reader followed is missing.
    """
    files = _Files(folder)
    try:
        there = files.read()
        yield from there if tail is None else _last(there, tail)
        while True:
            more = goes_on()  # asked first: what came before the end is read after it
            found = False
            for entry in files.read():
                found = True
                yield entry
            if not more and not found:
                return
            if not found:
                time.sleep(_PAUSE)
    finally:
        files.close()


def _last(entries: Iterator[Entry], count: int) -> list[Entry]:
    lines: deque[list[Entry]] = deque(maxlen=count)
    parts: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.stream not in parts:
            parts[entry.stream] = []
            lines.append(parts[entry.stream])
        parts[entry.stream].append(entry)
        if entry.text.endswith(b"\n"):
            del parts[entry.stream]
    return [entry for line in lines for entry in line]


class _Files:
    """The files in the order they were written, the open one held over its renaming."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "log"
        self._descriptor: int | None = None
        self._rest = b""

    def read(self) -> Iterator[Entry]:
        """What there is that has not been read."""
        if self._descriptor is None:
            self._descriptor = self._oldest()
        while self._descriptor is not None:
            # Looked for first: once there is a newer one, nothing is added to this one.
            newer = self._newer(self._descriptor)
            yield from self._entries(self._descriptor)
            if newer is None:
                return
            os.close(self._descriptor)
            self._descriptor, self._rest = newer, b""

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _entries(self, descriptor: int) -> Iterator[Entry]:
        while piece := os.read(descriptor, _PIECE):
            *lines, self._rest = (self._rest + piece).split(b"\n")
            for line in lines:
                parts = line.split(b" ", 3)
                if len(parts) == 4:
                    stamp, stream, kind, text = parts
                    yield Entry(stamp, stream.decode(), text + (b"\n" if kind == b"F" else b""))

    def _paths(self) -> list[Path]:
        """From the newest to the oldest."""
        older = [path for path in self._path.parent.glob("log.*") if path.suffix[1:].isdecimal()]
        return [self._path, *sorted(older, key=lambda path: int(path.suffix[1:]))]

    def _oldest(self) -> int | None:
        for path in reversed(self._paths()):
            descriptor = _open(path)
            if descriptor is not None:
                return descriptor
        return None

    def _newer(self, descriptor: int) -> int | None:
        """The next file behind an open one; the oldest there is, if that is gone."""
        own = os.fstat(descriptor)
        newer: int | None = None
        for path in self._paths():
            found = _open(path)
            if found is None:
                continue
            status = os.fstat(found)
            if (status.st_dev, status.st_ino) == (own.st_dev, own.st_ino):
                os.close(found)
                return newer
            if newer is not None:
                os.close(newer)
            newer = found
        return newer


def _open(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
