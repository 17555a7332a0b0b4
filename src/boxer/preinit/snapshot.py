"""Fourth pass: the memory of a frozen instance becomes an image of few, dense segments.

What the engines want, and why it is done this way:

* wasmtime maps a memory copy-on-write, instead of copying it at every start, only if its segments
  span at most 16 MiB or fill at least half of their span (wasmtime's `MemoryInitialization`,
  `memory_guaranteed_dense_image_size`).
* V8 and wasmtime refuse a module of more than 100,000 segments (the JavaScript API's limits), and
  a start takes longer with each.
* Zeros in the file are free once it is compressed, so small gaps are worth closing.

Invariants
1. The image holds exactly the memory: what no segment covers is zero.
2. Equal memories give equal images.
"""

from __future__ import annotations

import itertools
import re

from boxer.boxfile import MemoryImage, Segment
from boxer.preinit.state import InstanceState

# A segment costs about 10 bytes of the file, which compress badly, and zeros compress well: shorter
# gaps would make hello 0.2 MB smaller as it is, and 0.09 MB larger once compressed.
SHORTEST_GAP = 16
_GAP = bytes(SHORTEST_GAP)
_DATA = re.compile(rb"[^\x00]")
MOST_SEGMENTS = 50_000
# Spans up to this are mapped whatever their density.
ALWAYS_MAPPED = 16 << 20

Run = tuple[int, int]


def snapshot(state: InstanceState) -> MemoryImage:
    return image_of(state.read(0, state.memory_size()))


def image_of(memory: bytes) -> MemoryImage:
    """The image of a whole memory. Its segments are views of `memory`."""
    view = memoryview(memory)
    runs = dense(data_runs(memory))
    return MemoryImage(len(memory), tuple(Segment(start, view[start:end]) for start, end in runs))


def data_runs(memory: bytes) -> list[Run]:
    """What lies between the gaps, as (start, end)."""
    runs = []
    start = _next_data(memory, 0)
    while start < len(memory):
        # `find` is far faster over data than an expression for a whole gap.
        gap = memory.find(_GAP, start)
        end = gap if gap >= 0 else len(memory)
        runs.append((start, end))
        start = _next_data(memory, end)
    return runs


def _next_data(memory: bytes, start: int) -> int:
    found = _DATA.search(memory, start)
    return found.start() if found else len(memory)


def dense(runs: list[Run]) -> list[Run]:
    """The runs with their smallest gaps closed, until there are few of them and they are dense
    enough to be mapped."""
    if not runs:
        return []
    span = runs[-1][1] - runs[0][0]
    filled = sum(end - start for start, end in runs)
    gaps = sorted(
        (after[0] - before[1], place)
        for place, (before, after) in enumerate(itertools.pairwise(runs))
    )
    closed = set()
    segments = len(runs)
    for size, place in gaps:
        if segments <= MOST_SEGMENTS and (span <= ALWAYS_MAPPED or filled * 2 >= span):
            break
        closed.add(place)
        filled += size
        segments -= 1
    return _joined(runs, closed)


def _joined(runs: list[Run], closed: set[int]) -> list[Run]:
    """closed: numbers of the runs whose gap to the next one is closed."""
    joined = [runs[0]]
    for place, run in enumerate(runs[1:]):
        if place in closed:
            joined[-1] = (joined[-1][0], run[1])
        else:
            joined.append(run)
    return joined
