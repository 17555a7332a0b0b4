"""One process at a time makes what several need.

Belongs here: waiting for another process. Does not: what is made.

Invariant: `locked` saves work and guards nothing: where no lock can be had, its body runs all the
same. `exclusive` guards: where none can be had, its body does not run.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from boxer.errors import BoxerError

try:
    import fcntl
except ImportError:  # a system without flock(2): everybody works for himself
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def locked(path: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Holds the lock file at `path` while the body runs; it ends with its process, however that
    ends. waiting: called once if another holds it."""
    descriptor = None
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if descriptor is not None and fcntl is not None:
            with contextlib.suppress(OSError):
                _wait(descriptor, waiting)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


@contextlib.contextmanager
def exclusive(path: Path, failure: type[BoxerError]) -> Iterator[None]:
    """Holds the lock file at `path` while the body runs; waits for whoever has it. failure: what is
    raised where none can be had."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if fcntl is not None:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError:
            os.close(descriptor)
            raise
    except OSError as error:
        raise failure(f"`{path}` cannot be locked: {error.strerror}.") from None
    try:
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, waiting: Callable[[], None]) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        waiting()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
