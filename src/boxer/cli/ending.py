"""A command that is told to end: what it made for itself is taken away first.

Belongs here: the signals that end a command. Does not: what is cleaned up; each place does that in
a `with` or `finally` of its own.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def cleaned_up() -> Iterator[None]:
    """SIGTERM and SIGHUP end the body as an exception does, with status 128 + the signal's number,
    as a shell reports it. A signal that is ignored (nohup) stays so."""
    numbers = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in numbers:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
