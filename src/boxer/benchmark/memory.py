"""Memory of this process that nobody else shares, as the host counts it (proc(5))."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


def private_bytes(make: Callable[[], object], count: int) -> float:
    """What one more of what `make` returns costs, page tables included. Linux only."""
    kept = [make()]  # the first one pays for what all share
    before = _now()
    kept += [make() for _ in range(count)]
    return (_now() - before) / count


def _now() -> int:
    rollup = _numbers(Path("/proc/self/smaps_rollup").read_text())
    status = _numbers(Path("/proc/self/status").read_text())
    return rollup["Private_Clean"] + rollup["Private_Dirty"] + status["VmPTE"]


def _numbers(text: str) -> dict[str, int]:
    """`Name: N kB` lines, in bytes."""
    found = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB":
            found[name] = int(words[0]) * 1024
    return found
