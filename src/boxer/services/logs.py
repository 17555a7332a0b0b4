"""What a service writes, kept in files that do not grow without end.

Belongs here: writing. Does not: reading (`logreading`).

    2026-11-29T15:43:55.123456789Z stdout F a line, without its newline

F is a whole line or its end, P a part of one that goes on (as Kubernetes' CRI writes logs).

Invariants
1. A file has whole entries only, but where the disk was full.
2. `log` is the newest; with `size` bytes it becomes `log.1`, that `log.2`, and the oldest goes.
3. A disk that is full costs lines, never the service: how many, stands in the log once there is
   room again.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

# A line that is longer is written in parts, and who writes without a newline is not kept in
# memory for ever (as docker's log copier).
LONGEST = 16 << 10


class LogWriter:
    """size: bytes of one file. files: how many there are at most."""

    def __init__(self, folder: Path, size: int, files: int) -> None:
        self._path = folder / "log"
        self._size, self._files = size, files
        self._rest = {"stdout": b"", "stderr": b""}
        self._lost = 0
        self._descriptor: int | None = None
        self._written = 0

    def write(self, stream: str, data: bytes) -> None:
        """Takes what a life wrote; a line is in the file when it has ended."""
        *lines, rest = (self._rest[stream] + data).split(b"\n")
        stamp = _stamp()
        entries = []
        for line in lines:
            while len(line) > LONGEST:
                entries.append(_entry(stamp, stream, b"P", line[:LONGEST]))
                line = line[LONGEST:]
            entries.append(_entry(stamp, stream, b"F", line))
        while len(rest) >= LONGEST:
            entries.append(_entry(stamp, stream, b"P", rest[:LONGEST]))
            rest = rest[LONGEST:]
        self._rest[stream] = rest
        self._append(entries)

    def flush(self) -> None:
        """A life has ended: what has no newline is a line, too."""
        for stream, rest in self._rest.items():
            if rest:
                self._append([_entry(_stamp(), stream, b"F", rest)])
                self._rest[stream] = b""

    def close(self) -> None:
        self.flush()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _append(self, entries: list[bytes]) -> None:
        for start in range(0, len(entries), 256):
            batch = entries[start : start + 256]
            try:
                if self._lost:
                    told = f"boxer: {self._lost} lines are lost: the disk was full"
                    self._write(_entry(_stamp(), "stderr", b"F", told.encode()))
                    self._lost = 0
                self._write(b"".join(batch))
            except OSError:
                self._lost += len(batch)

    def _write(self, data: bytes) -> None:
        if self._descriptor is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o600)
            self._written = os.fstat(self._descriptor).st_size
        if self._written and self._written + len(data) > self._size:
            self._rotate()
            self._write(data)
            return
        before = self._written
        try:
            while data:
                written = os.write(self._descriptor, data)
                self._written += written
                data = data[written:]
        except OSError:
            os.ftruncate(self._descriptor, before)
            self._written = before
            raise

    def _rotate(self) -> None:
        assert self._descriptor is not None
        os.close(self._descriptor)
        self._descriptor = None
        for number in range(self._files - 1, 0, -1):
            older = self._path.with_name(f"log.{number}")
            newer = self._path if number == 1 else self._path.with_name(f"log.{number - 1}")
            if newer.exists():
                newer.replace(older)
        if self._files == 1:
            self._path.unlink()


def _stamp() -> bytes:
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{moment}.{nanoseconds:09}Z".encode()


def _entry(stamp: bytes, stream: str, kind: bytes, text: bytes) -> bytes:
    return b"%s %s %s %s\n" % (stamp, stream.encode(), kind, text)
