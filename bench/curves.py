"""What a call costs against what it does, where a point would hide a cliff.

`python -m bench.curves [--json]`

Method: one machine of a pool, the median and the 99th of CALLS calls for each size, after WARM that
are not counted: microseconds. `dirty`: pages of 4 KiB that a call writes to, in a row and every
other one. `grown`: bytes a call asks of memory. `payload`: bytes of an argument and of the result.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import boxer
from boxer.benchmark import percentile

CALLS, WARM = 60, 20
DOCKERFILE = 'FROM python\nCOPY work.py /\nCMD ["python", "-c", "pass"]\n'
WORK = f"""
SPACE = bytearray({65 << 20})

def touch(pages, step):
    SPACE[:pages * step * 4096:step * 4096] = b"x" * pages

def grow(size):
    return len(bytearray(size))

def echo(value):
    return value
"""
PAGES = (1, 4, 16, 64, 128, 256, 270, 512, 1024, 2048, 4096, 7500)
SIZES = (1, 1_000, 100_000, 1_000_000, 4_000_000, 16_000_000, 30_000_000)
PAYLOADS = (1, 1_000, 10_000, 75_000, 100_000, 1_000_000, 10_000_000)
Curve = dict[str, tuple[float, float]]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.curves", description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        curves = measure(build(Path(folder)))
    if options.json:
        print(json.dumps(curves, indent=1))
        return 0
    for name, curve in curves.items():
        for size, (middle, worst) in curve.items():
            print(f"{name:<16}{size:>12}{middle:>12,.0f}{worst:>12,.0f}")
    return 0


def build(folder: Path) -> Path:
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "work.py").write_text(WORK)
    box = folder / "work.wasm"
    command = [sys.executable, "-m", "boxer", "build", "-q", "-o", str(box), str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return box


def measure(path: Path) -> dict[str, Curve]:
    box = boxer.load(path)
    curves: dict[str, Curve] = {}
    curves["dirty, a row"] = _curve(box, PAGES, lambda pool, size: _touch(pool, size, 1))
    curves["dirty, scattered"] = _curve(box, PAGES, lambda pool, size: _touch(pool, size, 2))
    curves["grown"] = _curve(box, SIZES, lambda pool, size: pool.call("work:grow", size))
    curves["payload, bytes"] = _curve(box, PAYLOADS, lambda pool, size: _echo(pool, b"x" * size))
    curves["payload, str"] = _curve(box, PAYLOADS, lambda pool, size: _echo(pool, "x" * size))
    return curves


def _touch(pool: boxer.Pool, size: int, step: int) -> None:
    pool.call("work:touch", size, step)


def _echo(pool: boxer.Pool, value: bytes | str) -> None:
    assert pool.call("work:echo", value) == value


def _curve(
    box: boxer.Box, sizes: tuple[int, ...], call: Callable[[boxer.Pool, int], object]
) -> Curve:
    curve: Curve = {}
    for size in sizes:
        with box.pool(1) as pool:
            for _ in range(WARM):
                call(pool, size)
            took = sorted(_timed(pool, size, call) for _ in range(CALLS))
        curve[str(size)] = (percentile(took, 0.5), percentile(took, 0.99))
    return curve


def _timed(pool: boxer.Pool, size: int, call: Callable[[boxer.Pool, int], object]) -> float:
    began = time.perf_counter()
    call(pool, size)
    return (time.perf_counter() - began) * 1e6


if __name__ == "__main__":
    raise SystemExit(main())
