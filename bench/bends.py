"""Curves against those of another run.

Belongs here: what is done with figures. Does not: measuring (`bench.curves`).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping

# Size -> the middle and the 99th, in microseconds.
Curve = Mapping[str, tuple[float, float]]
# By how much a place may lie off its curve's own share: busy machines move single places by less.
BENT = 1.6


def bends(curves: Mapping[str, Curve], before: Mapping[str, Curve]) -> list[str]:
    """A line for each place where a curve lies otherwise than before, compared with the rest of
    it."""
    lines = []
    for name, curve in curves.items():
        shared = [size for size in curve if size in before.get(name, {})]
        if len(shared) < 3:
            continue
        shares = {size: curve[size][0] / before[name][size][0] for size in shared}
        usual = statistics.median(shares.values())
        lines += [
            f"{name}: {size} takes {curve[size][0]:,.0f} us, {share / usual:.1f} times what the"
            f" rest of the curve lets expect (before {before[name][size][0]:,.0f} us)"
            for size, share in shares.items()
            if not 1 / BENT < share / usual < BENT
        ]
    return lines
