"""Where a machine's time and randomness come from.

Belongs here: the real ones, for runs, and the fixed ones, for builds. Does not: which a machine
gets (`instance`, `runner`).

Invariants
1. Two builds see the same time and the same bytes, read by read.
2. A run's monotonic clock starts at zero: a guest does not learn how long the host has been up.
"""

from __future__ import annotations

import hashlib
import os
import time
from typing import Protocol

SECOND = 1_000_000_000


class Clock(Protocol):
    """Nanoseconds. `skip` lets time pass without waiting; False means: really wait."""

    def realtime(self) -> int: ...
    def monotonic(self) -> int: ...
    def skip(self, nanoseconds: int) -> bool: ...


class Entropy(Protocol):
    def __call__(self, size: int) -> bytes: ...


class HostClock:
    def __init__(self) -> None:
        self._start = time.monotonic_ns()

    def realtime(self) -> int:
        return time.time_ns()

    def monotonic(self) -> int:
        return time.monotonic_ns() - self._start

    def skip(self, nanoseconds: int) -> bool:
        return False


class FixedClock:
    """Stands at `epoch` (seconds) and moves a microsecond with each look at it, so that a loop
    that waits for time to pass ends; sleeping moves it by the time slept."""

    STEP = 1000

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch * SECOND
        self._passed = 0

    def _look(self) -> int:
        self._passed += self.STEP
        return self._passed

    def realtime(self) -> int:
        return self._epoch + self._look()

    def monotonic(self) -> int:
        return self._look()

    def skip(self, nanoseconds: int) -> bool:
        self._passed += nanoseconds
        return True


def host_entropy(size: int) -> bytes:
    return os.urandom(size)


class SeededEntropy:
    """The same bytes for the same seed, whatever the sizes they are asked for in.

    For builds only: a frozen machine draws from the host before its program goes on.
    """

    BLOCK = 64

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._counter = 0
        self._rest = b""

    def __call__(self, size: int) -> bytes:
        parts = [self._rest]
        have = len(self._rest)
        while have < size:
            block = hashlib.sha512(self._seed + self._counter.to_bytes(8, "little")).digest()
            self._counter += 1
            parts.append(block)
            have += self.BLOCK
        joined = b"".join(parts)
        self._rest = joined[size:]
        return joined[:size]
