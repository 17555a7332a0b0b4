"""Where a machine's time and randomness come from.

Belongs here: the real ones, for runs, and the fixed ones, for builds. Does not: which a machine
gets (`instance`, `runner`).

Invariants
1. Two builds see the same time and the same bytes, read by read.
2. A run's monotonic clock starts at zero: a guest does not learn how long the host has been up.
"""

from __future__ import annotations

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


class FixedEntropy:
    """The same bytes in every build, whatever the sizes they are asked for in: SplitMix64 (Steele,
    Lea and Flood, "Fast splittable pseudorandom number generators", 2014), as native/preview1.c.

    For builds only: a frozen machine draws from the host before its program goes on.
    """

    def __init__(self) -> None:
        self._drawn = 0

    def __call__(self, size: int) -> bytes:
        first, at = divmod(self._drawn, 8)
        self._drawn += size
        words = range(first, first + (at + size + 7) // 8)
        return b"".join(map(_fixed_bits, words))[at : at + size]


def _fixed_bits(number: int) -> bytes:
    mask = (1 << 64) - 1
    bits = (number + 1) * 0x9E3779B97F4A7C15 & mask
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9 & mask
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB & mask
    return (bits ^ bits >> 31).to_bytes(8, "little")
