"""Measures what the README states: sizes, building, running. JSON with --json.

Method: whole processes, as a user starts them: `boxer` beside this Python, and the same Boxer as a
module, which the launcher hands to what it does not do itself. One warm-up, then RUNS rounds in
which all take turns; median and worst. Times of one machine say little: each is printed beside
native Python starting and printing one line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import zstandard

ROOT = Path(__file__).resolve().parent.parent
BOXER = [str(Path(sys.executable).with_name("boxer"))]
MODULE = [sys.executable, "-m", "boxer"]
BUILDS, RUNS = 15, 40


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
            print(f"{name:<46} {value:>14,.4f}".rstrip("0").rstrip("."))
    return 0


def measure(box: Path) -> dict[str, float]:
    """Builds hello into `box` and measures it; seconds and bytes by name."""
    build = [*BOXER, "build", "-q", "-o", str(box), str(ROOT / "examples" / "hello")]
    first = _seconds(build)
    data = box.read_bytes()
    figures = {
        "hello.wasm, bytes": float(len(data)),
        "hello.wasm, zstd -19, bytes": float(len(zstandard.compress(data, 19))),
        "build of hello, this run's first, s": first,
    }
    figures |= _spread({"build of hello, repeated": build}, BUILDS)
    runs = {
        "boxer run hello": [*BOXER, "run", str(box)],
        "native python, print('hello')": [sys.executable, "-c", "print('hello')"],
    }
    figures |= _spread(runs, RUNS)
    own, native = (figures[f"{name}, p50, s"] for name in runs)
    figures["boxer run hello / native python"] = own / native
    figures |= _spread({"python -m boxer run hello": [*MODULE, "run", str(box)]}, BUILDS)
    return figures


def _spread(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, float]:
    for command in commands.values():
        _seconds(command)
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(_seconds(command))
    figures = {}
    for name, taken in times.items():
        figures[f"{name}, p50, s"] = statistics.median(taken)
        figures[f"{name}, worst, s"] = max(taken)
    return figures


def _seconds(command: Sequence[str]) -> float:
    """As a shell starts it: what `subprocess` does around a process is not measured."""
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    began = time.perf_counter()
    process = os.posix_spawn(command[0], list(command), os.environ, file_actions=silent)
    _, status = os.waitpid(process, 0)
    took = time.perf_counter() - began
    if status:
        raise SystemExit(f"{command} ended with status {status}")
    return took


if __name__ == "__main__":
    sys.exit(main())
