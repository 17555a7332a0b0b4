"""Figures: how they are sampled, what is told of them.

Method: warm-up runs that are not counted, then many samples one by one; the median and the 99th
percentile. No sample is left out.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MICROSECONDS = 1e6
WARM_UP = 50


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. p99 is None for what has no spread. samples: how many are behind it."""

    name: str
    unit: str
    p50: float
    p99: float | None = None
    samples: int = 1


def sampled(name: str, action: Callable[[], object], count: int, warm_up: int = WARM_UP) -> Figure:
    """Times `action`, in microseconds."""
    for _ in range(warm_up):
        action()
    times = []
    for _ in range(count):
        began = time.perf_counter()
        action()
        times.append((time.perf_counter() - began) * MICROSECONDS)
    return Figure(name, "us", percentile(times, 0.5), percentile(times, 0.99), count)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all are not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]
