"""What a call costs against what it does, where a point would hide a cliff.

`python -m bench.curves [--only NAME ..] [--json FILE] [--svg FILE] [--against FILE]`

Method: one machine of a pool, the median and the 99th of CALLS calls for each size, after WARM that
are not counted: microseconds. `dirty`: pages of 4 KiB that a call writes to, in a row and every
other one. `grown`: bytes a call asks of memory. `payload`: bytes of an argument and of the result.
`modules`: that the function's module has imported. `threads`: that call at once, each a machine of
one pool. `machines`: started ones that are called in turn. `cold`: bytes of this process that are
written between two calls, which push the machine out of the processor's caches.

--against: curves of another run, as --json left them (those of the last release are
`bench/curves.json`). Told is what bent: where a curve lies otherwise than that one by more than it
does on the whole. A machine that is faster or busier moves a curve and bends nothing.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path

import boxer
from bench.bends import Curve, bends, drawn
from boxer.benchmark import percentile

CALLS, WARM = 60, 20
DOCKERFILE = 'FROM python\nCOPY . /\nCMD ["python", "-c", "pass"]\n'
# Of its own: each machine that has imported it holds that much.
SPACE = f"""
SPACE = bytearray({65 << 20})

def touch(pages, step):
    SPACE[:pages * step * 4096:step * 4096] = b"x" * pages
"""
WORK = """
def grow(size):
    return len(bytearray(size))

def echo(value):
    return value
"""
# A module as there are many: a class, a function, a table.
SMALL = """
class Thing:
    def __init__(self, value):
        self.value = value

def find(key, table={}):
    return table.get(key)

TABLE = {number: str(number) for number in range(50)}
"""
PAGES = (1, 4, 16, 64, 128, 256, 270, 512, 1024, 2048, 4096, 7500, 8192)
SIZES = (1, 1_000, 100_000, 1_000_000, 4_000_000, 16_000_000, 30_000_000)
PAYLOADS = (1, 1_000, 4_000, 5_000, 10_000, 65_000, 75_000, 100_000, 1_000_000, 10_000_000)
MODULES = (1, 8, 32, 128, 512)
THREADS = (1, 2, 3, 4, 6, 8)
MACHINES = (1, 10, 100, 300, 1000)
PUSHED = (0, 100_000, 1_000_000, 8_000_000, 64_000_000)
Call = Callable[[], object]
# What each of many calls takes for a size, in microseconds.
Sample = Callable[[boxer.Box, int], list[float]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.curves", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=list(CURVES), default=list(CURVES))
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE")
    parser.add_argument("--against", type=Path, metavar="FILE")
    options = parser.parse_args()
    curves = {}
    with tempfile.TemporaryDirectory() as folder:
        box = boxer.load(build(Path(folder)))
        for name in options.only:
            curves[name] = measured(name, box)
            for size, (middle, worst) in curves[name].items():
                print(f"{name:<16}{size:>12}{middle:>12,.0f}{worst:>12,.0f}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(curves, indent=1) + "\n")
    if options.svg:
        options.svg.write_text(drawn(curves))
    if options.against:
        print(*bends(curves, json.loads(options.against.read_text())) or ["nothing bent"], sep="\n")
    return 0


def build(folder: Path) -> Path:
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "work.py").write_text(WORK)
    (folder / "space.py").write_text(SPACE)
    for number in range(max(MODULES)):
        (folder / f"small{number}.py").write_text(SMALL)
    for count in MODULES:
        imports = "".join(f"import small{number}\n" for number in range(count))
        (folder / f"many{count}.py").write_text(f"{imports}def echo(value):\n    return value\n")
    box = folder / "work.wasm"
    command = [sys.executable, "-m", "boxer", "build", "-q", "-o", str(box), str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return box


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


def _pooled(call: Callable[[boxer.Pool, int], object]) -> Sample:
    """Of calls by one machine."""

    def sample(box: boxer.Box, size: int) -> list[float]:
        with box.pool(1) as pool:
            return _one_by_one(lambda: call(pool, size))

    return sample


def _touch(step: int) -> Sample:
    return _pooled(lambda pool, size: pool.call("space:touch", size, step))


def _echo(letter: bytes | str) -> Sample:
    def call(pool: boxer.Pool, size: int) -> None:
        value = letter * size
        assert pool.call("work:echo", value) == value

    return _pooled(call)


def _threads(box: boxer.Box, count: int) -> list[float]:
    with box.pool(count) as pool, ThreadPoolExecutor(count) as threads:
        works = [
            threads.submit(_one_by_one, lambda: pool.call("work:echo", 1)) for _ in range(count)
        ]
        return [one for work in works for one in work.result()]


def _machines(box: boxer.Box, count: int) -> list[float]:
    with ExitStack() as stack:
        machines = [stack.enter_context(box.start()) for _ in range(count)]
        for machine in machines:
            machine.call("work:echo", 1)
        turns = cycle(machines)
        return _one_by_one(lambda: next(turns).call("work:echo", 1))


def _cold(box: boxer.Box, size: int) -> list[float]:
    pushed = bytearray(size)

    def push() -> None:
        pushed[:] = bytes(size)

    with box.pool(1) as pool:
        return _one_by_one(lambda: pool.call("work:echo", 1), push)


CURVES: dict[str, tuple[tuple[int, ...], Sample]] = {
    "dirty, a row": (PAGES, _touch(1)),
    "dirty, scattered": (PAGES, _touch(2)),
    "grown": (SIZES, _pooled(lambda pool, size: pool.call("work:grow", size))),
    "payload, bytes": (PAYLOADS, _echo(b"x")),
    "payload, str": (PAYLOADS, _echo("x")),
    "modules": (MODULES, _pooled(lambda pool, size: pool.call(f"many{size}:echo", 1))),
    "threads": (THREADS, _threads),
    "machines": (MACHINES, _machines),
    "cold": (PUSHED, _cold),
}


def measured(name: str, box: boxer.Box) -> Curve:
    """One curve: the middle and the 99th for each size, in microseconds."""
    sizes, sample = CURVES[name]
    curve = {}
    for size in sizes:
        took = sorted(sample(box, size))
        curve[str(size)] = (round(percentile(took, 0.5), 1), round(percentile(took, 0.99), 1))
    return curve


if __name__ == "__main__":
    raise SystemExit(main())
