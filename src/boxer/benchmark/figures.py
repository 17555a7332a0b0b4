"""Figures: how they are sampled, what is reported of them.

Method: warm-up runs that are not counted, then many samples one by one; the median and the 99th
percentile. No sample is left out.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

MICROSECONDS = 1e6
WARM_UP = 50
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. p99 is None for what has no spread. samples: how many are behind it. size: of a
    place on a curve, which has the figure's name."""

    name: str
    unit: str
    p50: float
    p99: float | None = None
    samples: int = 1
    size: int | None = None


def _nothing(_: object) -> None:
    pass


def sampled(
    name: str,
    action: Callable[[], T],
    count: int,
    warm_up: int = WARM_UP,
    after: Callable[[T], object] = _nothing,
) -> Figure:
    """Times `action`, in microseconds; `after` takes its result and is not timed."""
    for _ in range(warm_up):
        after(action())
    times = []
    for _ in range(count):
        began = time.perf_counter()
        result = action()
        times.append((time.perf_counter() - began) * MICROSECONDS)
        after(result)
    return Figure(name, "us", percentile(times, 0.5), percentile(times, 0.99), count)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all are not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]
