"""Threads and processes timed from inside: `python task_calls.py FIGURE`; JSON of samples, seconds.

It runs in a box and natively, so it imports nothing that is not in both, and nothing of ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

# Seconds that the computing threads have, and a single one before and after.
COMPUTED = 2.0


def seconds(work: Callable[[], object], times: int, operations: int = 1) -> list[float]:
    """What one operation takes, `times` times; `work` does `operations` of them."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) / operations)
    return found


def ping_pong() -> list[float]:
    """A switch between two threads, each of which wakes the other and waits."""
    first, second, turns = threading.Semaphore(0), threading.Semaphore(0), 500

    def answer() -> None:
        while True:
            first.acquire()
            second.release()

    threading.Thread(target=answer, daemon=True).start()

    def play() -> None:
        for _ in range(turns):
            first.release()
            second.acquire()

    return seconds(play, 100, 2 * turns)


def start_join() -> list[float]:
    def work() -> None:
        for _ in range(20):
            thread = threading.Thread(target=int)
            thread.start()
            thread.join()

    return seconds(work, 100, 20)


def computed(threads: int) -> list[int]:
    """Rounds that main and other threads come to when they compute side by side."""
    counts = [0] * threads
    until = time.monotonic() + COMPUTED

    def compute(place: int) -> None:
        total = 0
        while time.monotonic() < until:
            for i in range(1000):
                total += i * i
            counts[place] += 1

    others = [threading.Thread(target=compute, args=(place,)) for place in range(1, threads)]
    for other in others:
        other.start()
    compute(0)
    for other in others:
        other.join()
    return counts


def shares() -> list[float]:
    """Two threads and main: each one's part of a third of all, 1 is fair."""
    counts = computed(3)
    return [3 * count / sum(counts) for count in counts]


def speed(threads: int) -> float:
    """Rounds in a second of processor time, which other programs take nothing of."""
    began = time.process_time()
    return sum(computed(threads)) / (time.process_time() - began)


def total_speed() -> list[float]:
    """Of three threads together, one alone is 1."""
    before, together, after = speed(1), speed(3), speed(1)
    return [together * 2 / (before + after)]


def run_shell() -> list[float]:
    return seconds(lambda: subprocess.run(["sh", "-c", "true"], check=True), 50)


def run_python() -> list[float]:
    return seconds(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), 20)


def fork_wait() -> list[float]:
    """In a process of 20 MB."""
    ballast = bytearray(os.urandom(1 << 20) * 20)

    def work() -> None:
        child = os.fork()
        if not child:
            os._exit(len(ballast) & 1)
        os.waitpid(child, 0)

    return seconds(work, 200)


def double(number: int) -> int:
    return 2 * number


def pool_map() -> list[float]:
    """multiprocessing.Pool(4).map of 1,000 small calls, forked."""
    from multiprocessing import get_context

    with get_context("fork").Pool(4) as pool:
        pool.map(double, range(1000))
        return seconds(lambda: pool.map(double, range(1000)), 20)


FIGURES = {
    "ping-pong": ping_pong,
    "start-join": start_join,
    "shares": shares,
    "total-speed": total_speed,
    "shell": run_shell,
    "python": run_python,
    "fork": fork_wait,
    "pool-map": pool_map,
}


if __name__ == "__main__":
    samples = FIGURES[sys.argv[1]]()
    json.dump(samples, sys.stdout)
