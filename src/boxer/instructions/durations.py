"""Durations as Go writes them: `30s`, `1m30s`, `500ms`.

Belongs here: reading one. Does not: what it is the duration of.
"""

from __future__ import annotations

import re

from boxer.errors import InstructionError, Where

_DURATION = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h)")
_NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_SHORTEST_INTERVAL = 1_000_000  # 1 ms, moby's minimum
_LONGEST_INTERVAL = (1 << 63) - 1  # what Go's time.Duration holds, 292 years


def parse_duration(name: str, text: str, where: Where | None = None) -> int:
    """A duration in nanoseconds; `0` needs no unit. name: of the option, for what is said of it.

    Raises `InstructionError`.
    """
    if text == "0":
        return 0
    parts = _DURATION.findall(text)
    if not parts or "".join(parts) != text:
        raise InstructionError(
            f"`--{name}={text}` is no duration.", where=where, hint="Write `30s`, `1m30s`, `500ms`."
        )
    total = 0.0
    for part in parts:
        number = part.rstrip("nuµmsh")
        total += float(number) * _NANOSECONDS[part[len(number) :]]
    if total > _LONGEST_INTERVAL:
        raise InstructionError(f"`--{name}` is longer than 292 years.", where=where)
    if 0 < total < _SHORTEST_INTERVAL:
        raise InstructionError(f"`--{name}={text}` is shorter than 1ms.", where=where)
    return round(total)
