"""Measures what the README states: sizes, building, running. JSON with --json.

Method: whole processes, as a user starts them; one warm-up, then N runs; median and worst. Times of
one machine say little: each is printed beside native Python starting and printing one line.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import zstandard

ROOT = Path(__file__).resolve().parent.parent
BOXER = [sys.executable, "-m", "boxer.cli"]
RUNS = 15


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder) / "hello.wasm")
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        for name, value in figures.items():
            print(f"{name:<46} {value:>12,.3f}".rstrip("0").rstrip("."))
    return 0


def measure(box: Path) -> dict[str, float]:
    """Builds hello into `box` and measures it; seconds and bytes by name."""
    build = [*BOXER, "build", "-q", "-o", str(box), str(ROOT / "examples" / "hello")]
    first = _seconds(build)
    data = box.read_bytes()
    native = [sys.executable, "-c", "print('hello')"]
    figures = {
        "hello.wasm, bytes": float(len(data)),
        "hello.wasm, zstd -19, bytes": float(len(zstandard.compress(data, 19))),
        "build of hello, this run's first, s": first,
    }
    figures |= _spread("build of hello, repeated", build)
    figures |= _spread("boxer run hello", [*BOXER, "run", str(box)])
    figures |= _spread("native python, print('hello')", native)
    return figures


def _spread(name: str, command: Sequence[str]) -> dict[str, float]:
    _seconds(command)
    times = sorted(_seconds(command) for _ in range(RUNS))
    return {f"{name}, p50, s": statistics.median(times), f"{name}, worst, s": times[-1]}


def _seconds(command: Sequence[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=300)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
