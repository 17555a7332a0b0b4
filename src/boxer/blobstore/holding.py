"""Locks that can be looked at without being taken, and handed to a process that is started.

Belongs here: locks that say whether somebody lives: a service's supervisor, a box on a network.
Does not: what is done under them; waiting for one (`locking`).

An open file description has the lock (fcntl(2), F_OFD_SETLK): whoever inherits the descriptor has
it, too, and it is free when the last of them is gone, however that went.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

try:
    import fcntl
except ImportError:  # a system without fcntl(2): nothing here is called there
    fcntl = None  # type: ignore[assignment]

# struct flock of 64-bit Linux: type, whence, start, length, pid.
_FLOCK = "hh4xqqi4x"


def _whole_file(kind: int) -> bytes:
    return struct.pack(_FLOCK, kind, os.SEEK_SET, 0, 0, 0)


def take(path: Path) -> int | None:
    """A descriptor that holds the lock; None: another has it. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _whole_file(fcntl.F_WRLCK))
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_held(path: Path) -> bool:
    """Whether somebody holds it. Looking disturbs nobody who takes it at that moment."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        found = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _whole_file(fcntl.F_WRLCK))
    finally:
        os.close(descriptor)
    return bool(struct.unpack(_FLOCK, found)[0] != fcntl.F_UNLCK)
