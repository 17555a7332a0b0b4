"""Threads and processes in a box beside native ones: `python -m bench.tasks [--json] [FIGURE ...]`.

Method: one program (task_calls.py), each figure in a run of its own, in a box and natively, in
turns, ROUNDS times; every sample counts. Natively it is Python of the base's version where one is
in the cache (`--python` names another), on one processor as a box is; programs in C are the same
source. A figure that a side does not come to is said with its last words and spoils no other.
`--before TREE BOX` measures `pool.call` of this tree and of another one, which made BOX, in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.files import native_python
from bench.peers import start
from boxer.benchmark import percentile

HERE = Path(__file__).resolve().parent
BOXER = [sys.executable, "-m", "boxer"]
ROUNDS = 3
LIMIT = 120
PROGRAM = "/programs/task_programs"
DOCKERFILES = {
    "python": "FROM python\nCOPY task_calls.py /\n",
    "c": f'FROM scratch\nCOPY task_programs {PROGRAM}\nCMD ["{PROGRAM}"]\n',
}
LIMITS = ("memory=3GiB", "time=120", "cpu=120")
# Turns of the samples of pool.call.
CALLS = 40


class Figure(NamedTuple):
    """scale: what a second is in its unit. reach: what a box is to come to, in words."""

    text: str
    unit: str
    scale: float
    reach: str


FIGURES = {
    "ping-pong": Figure("switch of two threads, semaphores", "us", 1e6, "6"),
    "shares": Figure("shares of two threads and main", "of a third", 1, "0.9 to 1.1"),
    "total-speed": Figure("speed of three threads together", "of one", 1, "0.97"),
    "start-join": Figure("thread, start and join", "us", 1e6, "60"),
    "time-true": Figure("posix_spawn of a C program", "ms", 1e3, "2"),
    "shell": Figure("subprocess.run sh -c true", "ms", 1e3, "2"),
    "python": Figure("subprocess.run python -c pass", "ms", 1e3, "8"),
    "fork": Figure("fork, exit, waitpid, 20 MB", "ms", 1e3, "1"),
    "time-pipe": Figure("cat of 1 GB | wc -c, a MB", "ms", 1e3, "3.3"),
    "pool-map": Figure("Pool(4).map of 1,000 calls", "ms", 1e3, "3 x native"),
}
# Figures of the C program.
IN_C = ("time-true", "time-pipe")
Samples = list[float]


class Commands(NamedTuple):
    """python, program: what runs figures of each. name: of the program, as it starts itself."""

    python: list[str]
    program: list[str]
    name: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.tasks", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--python", help="the native Python to compare with")
    parser.add_argument("--native-only", action="store_true")
    parser.add_argument("--before", nargs=2, metavar=("TREE", "BOX"))
    parser.add_argument("names", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.before:
            _tell_calls(*_calls(Path(folder), *options.before))
            return 0
        python = options.python or native_python()
        sides = _sides(Path(folder), python, options.native_only)
        figures = _measured(sides, options.names or list(FIGURES))
    if options.json:
        print(json.dumps(figures, indent=1))
    else:
        _tell(figures)
    return 0


def _sides(folder: Path, python: str, native_only: bool) -> dict[str, Commands]:
    """The commands of both sides, by language, without the figure and the C program's name."""
    source = str(HERE / "task_programs.c")
    program = folder / "task_programs"
    subprocess.run(["gcc", "-O2", "-o", str(program), source], check=True)
    one = f"taskset -c {min(os.sched_getaffinity(0))}".split()
    calls = [*one, python, str(HERE / "task_calls.py")]
    native = Commands(calls, [*one, str(program)], str(program))
    if native_only:
        return {"native": native}
    limits = [word for limit in LIMITS for word in ("--limit", limit)]
    run = [*BOXER, "run", *limits]
    boxes = {language: str(_box(folder / language, language)) for language in DOCKERFILES}
    python_line = [*run, boxes["python"], "python", "/task_calls.py"]
    return {"box": Commands(python_line, [*run, boxes["c"], PROGRAM], PROGRAM), "native": native}


def _box(context: Path, language: str) -> Path:
    context.mkdir()
    (context / "Dockerfile").write_text(DOCKERFILES[language])
    shutil.copy(HERE / "task_calls.py", context)
    source, program = str(HERE / "task_programs.c"), str(context / "task_programs")
    subprocess.run([*BOXER, "cc", "-O2", "-o", program, source], check=True)
    box = context / "tasks.wasm"
    build = [*BOXER, "build", "-q", "-o", str(box), str(context)]
    subprocess.run(build, stdout=subprocess.DEVNULL, check=True)
    return box


def _measured(
    sides: dict[str, Commands], names: Sequence[str]
) -> dict[str, dict[str, Samples | str]]:
    """By figure and side: samples, or why there are none."""
    figures: dict[str, dict[str, Samples | str]] = {name: {} for name in names}
    for _ in range(ROUNDS):
        for name, found in figures.items():
            for side, commands in sides.items():
                if isinstance(kept := found.setdefault(side, []), str):
                    continue
                in_c = [*commands.program, name, commands.name]
                told = _run(in_c if name in IN_C else [*commands.python, name])
                found[side] = told if isinstance(told, str) else [*kept, *told]
    return figures


def _run(line: Sequence[str]) -> Samples | str:
    try:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                line, cwd=folder, capture_output=True, text=True, check=False, timeout=LIMIT
            )
    except subprocess.TimeoutExpired:
        return f"did not end in {LIMIT} s"
    if done.returncode:
        return (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    samples: Samples = json.loads(done.stdout)
    return samples


def _calls(folder: Path, tree: str, box: str) -> tuple[Samples, Samples]:
    """pool.call of another tree and of this one, seconds, in turns."""
    here = folder / "here.wasm"
    build = [*BOXER, "build", "-q", "-o", str(here), str(HERE.parent / "examples" / "hello")]
    subprocess.run(build, stdout=subprocess.DEVNULL, check=True)
    workers = (
        [
            str(Path(tree, ".venv", "bin", "python")),
            str(Path(tree, "bench", "peer.py")),
            "boxer",
            box,
        ],
        [sys.executable, str(HERE / "peer.py"), "boxer", str(here)],
    )
    peers = [start(name, argv) for name, argv in zip(("before", "now"), workers, strict=True)]
    for peer in peers:
        peer.hello()
        peer.samples = {kind: [] for kind in peer.samples if kind.startswith("pool.call")}
        peer.sample(keep=False)
    for _ in range(CALLS):
        for peer in peers:
            peer.sample()
    for peer in peers:
        peer.process.terminate()
        peer.process.wait()
    before, now = (next(iter(peer.samples.values())) for peer in peers)
    return before, now


def _tell_calls(before: Samples, now: Samples) -> None:
    for name, times in (("before", before), ("now", now)):
        best, middle, worst = (percentile(times, part) * 1e6 for part in (0.1, 0.5, 0.99))
        told = f"p10 {best:>8,.2f} us   p50 {middle:>8,.2f}   p99 {worst:>8,.2f}   of {len(times)}"
        print(f"pool.call, {name:<8}{told}")
    for part in (0.1, 0.5):
        ratio = percentile(now, part) / percentile(before, part)
        print(f"ratio at p{part * 100:.0f} {ratio:.3f}, reach 1.03")


def _tell(figures: dict[str, dict[str, Samples | str]]) -> None:
    print(f"{'':<34}{'box p50':>12}{'p99':>12}{'native p50':>12}{'p99':>12}{'ratio':>8}  reach")
    for name, sides in figures.items():
        figure = FIGURES[name]
        parts = (0.0, 1.0) if name == "shares" else (0.5, 0.99)
        cells: list[float | None] = []
        for side in ("box", "native"):
            samples = sides.get(side, "not run")
            if isinstance(samples, str):
                cells += [None, None]
            else:
                cells += [percentile(samples, part) * figure.scale for part in parts]
        row = "".join(f"{'-':>12}" if cell is None else f"{cell:>12,.2f}" for cell in cells)
        ratio = f"{cells[0] / cells[2]:>8.2f}" if cells[0] and cells[2] else f"{'-':>8}"
        print(f"{figure.text:<34}{row}{ratio}  {figure.reach} {figure.unit}")
        for side, samples in sides.items():
            if isinstance(samples, str):
                print(f"    {side}: {samples}")
    print("shares: the smallest and the greatest")


if __name__ == "__main__":
    sys.exit(main())
