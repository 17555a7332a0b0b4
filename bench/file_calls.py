"""File system work timed from inside: `python file_calls.py FOLDER`; JSON of seconds by name.

It runs in a box and natively, so it imports nothing that is not in both, and nothing of ours.
"""

# The calls are what is measured.
# ruff: noqa: PTH102, PTH108, PTH116, PTH118, PTH123, PTH208
from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

MEGABYTES = 64
BLOCK = b"x" * 65536
ENTRIES = 10_000
FILES = 100_000
AT_ONCE = 1000


def seconds(work: Callable[[], object], times: int, operations: int = 1) -> list[float]:
    """What one operation takes, `times` times; `work` does `operations` of them."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) / operations)
    return found


def small(folder: str) -> dict[str, list[float]]:
    path = os.path.join(folder, "small")
    with open(path, "wb") as file:
        file.write(b"text\n" * 20)

    def read() -> None:
        for _ in range(20):
            descriptor = os.open(path, os.O_RDONLY)
            os.read(descriptor, 4096)
            os.close(descriptor)

    def stat() -> None:
        for _ in range(20):
            os.stat(path)

    return {"open, read, close": seconds(read, 2000, 20), "stat": seconds(stat, 2000, 20)}


def listing(folder: str) -> dict[str, list[float]]:
    many = os.path.join(folder, "many")
    os.mkdir(many)
    for i in range(ENTRIES):
        os.close(os.open(f"{many}/entry{i}", os.O_WRONLY | os.O_CREAT))
    found = seconds(lambda: os.listdir(many), 20)
    for i in range(ENTRIES):
        os.unlink(f"{many}/entry{i}")
    return {"readdir of 10,000": found}


def sequential(folder: str) -> dict[str, list[float]]:
    path = os.path.join(folder, "large")

    def write() -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for _ in range(MEGABYTES * 16):
            os.write(descriptor, BLOCK)
        os.close(descriptor)

    def read() -> None:
        descriptor = os.open(path, os.O_RDONLY)
        while os.read(descriptor, 65536):
            pass
        os.close(descriptor)

    found = {"write of 64 MB": seconds(write, 6), "read of 64 MB": seconds(read, 6)}
    os.unlink(path)
    return found


def names(folder: str) -> dict[str, list[float]]:
    left = iter(range(FILES))

    def create() -> None:
        for _ in range(AT_ONCE):
            os.close(os.open(f"{folder}/f{next(left)}", os.O_WRONLY | os.O_CREAT))

    created = seconds(create, FILES // AT_ONCE, AT_ONCE)
    left = iter(range(FILES))

    def unlink() -> None:
        for _ in range(AT_ONCE):
            os.unlink(f"{folder}/f{next(left)}")

    return {
        "create, of 100,000": created,
        "unlink, of 100,000": seconds(unlink, FILES // AT_ONCE, AT_ONCE),
    }


def library() -> dict[str, list[float]]:
    """Modules of the standard library, read whole: in a box they lie compressed until then."""
    paths = sorted(Path(os.__file__).parent.glob("*.py"))

    def read() -> int:
        total = 0
        for path in paths:
            with open(path, "rb", buffering=0) as file:
                total += len(file.read())
        return total

    megabytes = sum(os.stat(path).st_size for path in paths) / 1e6
    return {
        "library, first read, per MB": [took / megabytes for took in seconds(read, 1)],
        "library, read again, per MB": [took / megabytes for took in seconds(read, 20)],
    }


def main() -> None:
    folder = sys.argv[1]
    figures = library() | small(folder) | listing(folder) | sequential(folder) | names(folder)
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main()
