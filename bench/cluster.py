"""Calls over a cluster against the same in processes: `python -m bench.cluster [CALLS]`.

Wants `boxer[ray]`, and a quiet machine with two processors. Both sides make the same calls of a
typed function in batches of 1,000: two workers of a Ray cluster of this machine, and two processes
that are sent nothing but the bounds of their share.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from pathlib import Path

import boxer
from boxer.cluster import Cluster
from boxer.functions import build_function, project_of

CALLS = 100_000
WORKERS = 2
REACH = 0.7


def local(box: str, first: int, last: int, go: object, told: object) -> None:
    with boxer.function(box, size=1) as function:
        function(0)
        told.put(None)  # type: ignore[attr-defined]
        go.wait()  # type: ignore[attr-defined]
        total = sum(function(number) for number in range(first, last))
        told.put(total)  # type: ignore[attr-defined]


def in_processes(box: str, calls: int) -> float:
    """Seconds, without the processes' start."""
    context = multiprocessing.get_context("spawn")
    go, told = context.Event(), context.Queue()
    share = calls // WORKERS
    processes = [
        context.Process(target=local, args=(box, one * share, (one + 1) * share, go, told))
        for one in range(WORKERS)
    ]
    for process in processes:
        process.start()
    for _ in processes:
        told.get()
    began = time.perf_counter()
    go.set()
    total = sum(told.get() for _ in processes)
    took = time.perf_counter() - began
    for process in processes:
        process.join()
    assert total == calls * (calls - 1), "each call doubles its number"
    return took


def on_ray(box: str, calls: int) -> float:
    """Seconds, without the cluster's start."""
    with Cluster(workers=WORKERS) as cluster:
        list(cluster.map(box, range(4 * WORKERS), batch=1))
        began = time.perf_counter()
        total = sum(cluster.map(box, range(calls), batch=1000))
        took = time.perf_counter() - began
    assert total == calls * (calls - 1), "each call doubles its number"
    return took


def main() -> None:
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else CALLS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "app.py").write_text("def double(number: int) -> int:\n    return number * 2\n")
        box = folder / "double.wasm"
        box.write_bytes(build_function(project_of(f"{folder}/app:double")).data)
        ours, theirs = in_processes(str(box), calls), on_ray(str(box), calls)
    print(f"two processes {calls / ours:8.0f} calls/s")
    print(f"Ray, two workers {calls / theirs:8.0f} calls/s   {ours / theirs:.2f}x, reach {REACH}x")


if __name__ == "__main__":
    main()
