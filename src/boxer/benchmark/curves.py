"""What a call costs against what it does, where a point would hide a cliff.

Belongs here: which curves there are. Does not: drawing them (`panels`), comparing them with earlier
ones (bench/ of the repository).

Method: one machine of a pool, the median and the 99th of CALLS calls for each size, after WARM that
are not counted: microseconds. `dirty`: pages of 4 KiB that a call writes to, in a row and every
other one. `grown`: bytes a call asks of memory. `payload`: bytes of an argument and of the result.
`threads`: that call at once, each a machine of one pool. `machines`: started ones that are called
in turn. `cold`: bytes of this process that are written between two calls, which push the machine
out of the processor's caches.

Bends that are the host's, not Boxer's: caches end (some 2,048 dirty pages, 1 MB of payload), a
process's fresh memory is had page by page (10 MB), threads are more than processors. One is a
choice: beyond 8,192 dirty pages a machine keeps no more of them (native/tracking.c), and each
costs a fault again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

from boxer.benchmark.figures import Figure, percentile
from boxer.ending import temporary_folder
from boxer.library import Box, load
from boxer.runtime import Pool

CALLS, WARM = 60, 20
# Of a machine of its own: whoever has it holds that much.
SPACE = f"""
SPACE = bytearray({81 << 20})

def touch(pages, step):
    SPACE[:pages * step * 4096:step * 4096] = b"x" * pages

def grow(size):
    return len(bytearray(size))
"""
ECHO = "copy:copy"
PAGES = (1, 4, 16, 64, 128, 256, 270, 512, 1024, 2048, 4096, 7500, 8192, 10_000)
SIZES = (1, 1_000, 100_000, 1_000_000, 4_000_000, 16_000_000, 30_000_000)
PAYLOADS = (1, 1_000, 4_000, 5_000, 10_000, 65_000, 75_000, 100_000, 1_000_000, 10_000_000)
THREADS = (1, 2, 3, 4, 6, 8)
MACHINES = (1, 10, 100, 300, 1000)
PUSHED = (0, 100_000, 1_000_000, 8_000_000, 64_000_000)
Call = Callable[[], object]
# What each of many calls takes for a size, in microseconds.
Sample = Callable[[int], list[float]]


def curves(box: Box, names: Iterable[str] | None = None) -> list[Figure]:
    """All curves, or those of these names: a figure for each size. box: any with Python."""
    with temporary_folder("curves") as folder:
        table = curves_of(box, folder)
        return [one for name in names or table for one in sampled_curve(name, *table[name])]


def curves_of(box: Box, folder: Path) -> Mapping[str, tuple[tuple[int, ...], Sample]]:
    """The sizes of each curve, and what takes the samples. folder: for a box of its own."""
    with box.start() as machine:
        machine.exec(SPACE)
        machine.commit(folder / "space.wasm")
    space = load(folder / "space.wasm")
    return {
        "dirty, a row": (PAGES, pooled(space, lambda pool, size: _touch(pool, size, 1))),
        "dirty, scattered": (PAGES, pooled(space, lambda pool, size: _touch(pool, size, 2))),
        "grown": (SIZES, pooled(space, lambda pool, size: pool.call("__main__:grow", size))),
        "payload, bytes": (PAYLOADS, pooled(box, lambda pool, size: _echo(pool, b"x" * size))),
        "payload, str": (PAYLOADS, pooled(box, lambda pool, size: _echo(pool, "x" * size))),
        "threads": (THREADS, lambda count: _threads(box, count)),
        "machines": (MACHINES, lambda count: _machines(box, count)),
        "cold": (PUSHED, lambda size: _cold(box, size)),
    }


def sampled_curve(name: str, sizes: Iterable[int], sample: Sample) -> list[Figure]:
    """A figure for each size."""
    figures = []
    for size in sizes:
        took = sample(size)
        middle, worst = percentile(took, 0.5), percentile(took, 0.99)
        figures.append(Figure(name, "us", middle, worst, len(took), size))
    return figures


def pooled(box: Box, call: Callable[[Pool, int], object]) -> Sample:
    """Of calls by one machine."""

    def sample(size: int) -> list[float]:
        with box.pool(1) as pool:
            return _one_by_one(lambda: call(pool, size))

    return sample


def _one_by_one(call: Call, before: Call = lambda: None) -> list[float]:
    """What each of the calls takes. before: done ahead of each, at no cost to it."""
    took = []
    for number in range(WARM + CALLS):
        before()
        began = time.perf_counter()
        call()
        if number >= WARM:
            took.append((time.perf_counter() - began) * 1e6)
    return took


def _touch(pool: Pool, pages: int, step: int) -> None:
    pool.call("__main__:touch", pages, step)


def _echo(pool: Pool, value: bytes | str) -> None:
    assert pool.call(ECHO, value) == value


def _threads(box: Box, count: int) -> list[float]:
    with box.pool(count) as pool, ThreadPoolExecutor(count) as threads:
        works = [threads.submit(_one_by_one, lambda: pool.call(ECHO, 1)) for _ in range(count)]
        return [one for work in works for one in work.result()]


def _machines(box: Box, count: int) -> list[float]:
    with ExitStack() as stack:
        machines = [stack.enter_context(box.start()) for _ in range(count)]
        for machine in machines:
            machine.call(ECHO, 1)
        turns = cycle(machines)
        return _one_by_one(lambda: next(turns).call(ECHO, 1))


def _cold(box: Box, size: int) -> list[float]:
    pushed = bytearray(size)

    def push() -> None:
        pushed[:] = bytes(size)

    with box.pool(1) as pool:
        return _one_by_one(lambda: pool.call(ECHO, 1), push)
