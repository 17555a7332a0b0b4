"""The kinds of benchmark `boxer bench` has.

Belongs here: what each does. Does not: sampling (`figures`), peers (bench/ of the repository).

All functions called are the standard library's, or given to it here, so that any Python box can be
measured.
"""

from __future__ import annotations

import gzip
import sys
import threading
import time
from collections.abc import Callable

from boxer.benchmark.cpu import cpu
from boxer.benchmark.curves import curves
from boxer.benchmark.figures import Figure, sampled
from boxer.benchmark.memory import private_bytes
from boxer.boxfile import write_box
from boxer.library import Box, Machine
from boxer.runtime import Instance, Pool, RunOptions, command_line

FUNCTION, ARGUMENT = "json:dumps", {"a": 1}
HELLO = ("python", "-c", "print('hi')")
CALLS, RUNS, FORKS = 5000, 1000, 60
SECONDS = 2.0
TOUCHED = 5 << 20
IDLE_MACHINES = 16


def startup(box: Box) -> list[Figure]:
    """Times from nothing to an answer; each on a machine identical to its image."""
    with box.pool(size=1) as pool:
        figures = [
            sampled("pool.call, fresh machine each", lambda: _call(pool), CALLS),
            sampled("pool.run print('hi'), fresh machine each", lambda: pool.run(HELLO), RUNS),
        ]
    given = RunOptions(arguments=command_line(HELLO))

    def first() -> Instance:
        machine = box.frozen.machine(given.limits.memory_bytes)
        machine.run(given)
        return machine

    figures += [
        sampled(
            "first machine, no pool: map, run", first, RUNS, after=lambda machine: machine.close()
        ),
        sampled("box.run print('hi'): map, run, drop", lambda: box.run(HELLO), RUNS),
    ]
    with box.start() as machine:
        machine.exec(f"x = bytearray({TOUCHED}); x[::4096] = b'x' * ({TOUCHED} // 4096)")
        forked = sampled(
            "fork of a machine that touched 5 MB", machine.fork, FORKS, 3, Machine.close
        )
    return [*figures, forked]


def throughput(box: Box) -> list[Figure]:
    """Calls a second from one and from two threads, in turns of one run."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    with box.pool(size=2) as pool:
        _call(pool)
        for _ in range(5):
            for threads, found in rates.items():
                found.append(_rate(pool, threads))
    one, two = (sorted(found)[len(found) // 2] for found in rates.values())
    ratios = sorted(b / a for a, b in zip(rates[1], rates[2], strict=True))
    return [
        Figure("fresh calls a second, one thread", "1/s", one, None, 5),
        Figure("fresh calls a second, two threads", "1/s", two, None, 5),
        Figure("two threads to one", "x", ratios[len(ratios) // 2], None, 5),
    ]


def memory(box: Box) -> list[Figure]:
    """What a machine that waits for its next call keeps to itself."""

    def used_pool() -> Pool:
        pool = box.pool(size=1)
        for _ in range(5):
            pool.run(HELLO)
        return pool

    used = private_bytes(used_pool, IDLE_MACHINES)
    image = box.file.image
    return [
        Figure("private memory of an idle machine", "kB", used / 1000, None, IDLE_MACHINES),
        Figure("memory image, shared by all of them", "kB", image.stored / 1000),
    ]


def size(box: Box) -> list[Figure]:
    """Bytes to ship."""
    data = write_box(box.file.code, box.file.image, box.info)
    return [
        Figure("box", "kB", len(data) / 1000),
        Figure("box, gzip -9", "kB", len(gzip.compress(data, 9)) / 1000),
        Figure("of it code, the same for all boxes on the base", "kB", len(box.file.code) / 1000),
    ]


def _close(machine: Instance) -> None:
    machine.close()


def _call(pool: Pool) -> object:
    return pool.call(FUNCTION, ARGUMENT)


def _rate(pool: Pool, threads: int) -> float:
    counts = [0] * threads
    end = time.perf_counter() + SECONDS

    def work(number: int) -> None:
        while time.perf_counter() < end:
            _call(pool)
            counts[number] += 1

    workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return sum(counts) / (time.perf_counter() - began)


KINDS: dict[str, Callable[[Box], list[Figure]]] = {
    "startup": startup,
    "throughput": throughput,
    "memory": memory,
    "size": size,
    "cpu": lambda box: cpu(box, sys.executable),
    "curves": curves,
}


def measure(kind: str, box: Box, python: str | None = None) -> list[Figure]:
    """Runs one kind of benchmark, a name of `KINDS`. python: what `cpu` compares with, a path;
    default: the Python that runs Boxer."""
    if kind == "cpu" and python:
        return cpu(box, python)
    return KINDS[kind](box)
