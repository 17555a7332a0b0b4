"""Cliffs of Python's C functions: a box beside a native Python, over two hundred calls.

`python -m bench.methods --python PYTHON [--seconds S] [--most N] [--json]`

The worst come first: what the interpreter's training (recipes/python/training) did not meet, or
what a compiler made slow. Both sides take turns; the least time of a call counts.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

from boxer.library import Box, build
from boxer.runtime import Limits

PROGRAM = Path(__file__).with_name("methods_program.py")
TURNS = 2
LONGEST = 300.0  # seconds of one turn
CLIFF = 0.4
DOCKERFILE = 'FROM python:3.13-slim\nCOPY program.py .\nCMD ["python", "program.py"]\n'


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.methods", description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--seconds", type=float, default=0.004, help="of one turn of a call")
    parser.add_argument("--most", type=int, default=40, help="how many of the worst are shown")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "Dockerfile").write_text(DOCKERFILE)
        (folder / "program.py").write_text(PROGRAM.read_text())
        box = build(folder)
    inside: dict[str, float] = {}
    outside: dict[str, float] = {}
    for _ in range(TURNS):
        _take(inside, _in(box, options.seconds))
        _take(outside, _natively(options.python, options.seconds))
    shares = {call: outside[call] / inside[call] for call in outside if call in inside}
    mean = math.exp(sum(map(math.log, shares.values())) / len(shares))
    cliffs = sum(share < CLIFF for share in shares.values())
    if options.json:
        print(json.dumps({"shares": shares, "mean": mean}))
        return 0
    for call, share in sorted(shares.items(), key=lambda row: row[1])[: options.most]:
        print(f"{share:8.2f}  {call}")
    print(f"{mean:8.2f}  geometric mean of {len(shares)}; {cliffs} below {CLIFF}")
    return 0


def _take(least: dict[str, float], times: dict[str, float]) -> None:
    for call, seconds in times.items():
        least[call] = min(seconds, least.get(call, math.inf))


def _in(box: Box, seconds: float) -> dict[str, float]:
    limits = Limits(time=LONGEST, cpu=LONGEST)
    result = box.run(["python", "program.py", str(seconds)], limits=limits)
    if result.exit_code:
        raise SystemExit(result.stderr.decode("utf-8", "replace"))
    return _read(result.stdout)


def _natively(python: str, seconds: float) -> dict[str, float]:
    command = [python, str(PROGRAM), str(seconds)]
    return _read(subprocess.run(command, check=True, capture_output=True, timeout=LONGEST).stdout)


def _read(text: bytes) -> dict[str, float]:
    found: dict[str, float] = json.loads(text)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
