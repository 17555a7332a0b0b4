"""Processor speed: a box beside a native Python, over Boxer's own programs and pyperformance's.

`python -m bench.programs --python PYTHON [--seconds S] [--only NAME..] [--own] [--json]`

Of pyperformance (from PyPI, in the user's cache folder) those benchmarks are run that need no other
package and no process of their own. Method: as `boxer bench cpu`: both sides take turns, and the
least time of a side counts; each benchmark is a process of its own (`program`).
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from boxer.benchmark.cpu import cpu
from boxer.boxfile import write_box
from boxer.library import Box, build, load
from boxer.runtime import Limits
from recipes.workshop import cache_root

PACKAGE = "pyperformance==1.14.0"
WORKER = Path(__file__).with_name("program.py")
TURNS = 2
LONGEST = 120.0  # seconds of one turn
DOCKERFILE = """FROM python:3.13-slim
WORKDIR /programs
COPY . .
CMD ["python", "program.py"]
"""

# A command's words to what it prints; "" where it failed.
Side = Callable[[list[str]], str]


@dataclass(frozen=True)
class Program:
    """name: pyperformance's. words: the script in the folder of all benchmarks, and its options."""

    name: str
    words: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.programs", description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--seconds", type=float, default=0.3, help="of one turn of a benchmark")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--own", action="store_true", help="Boxer's own programs, too")
    parser.add_argument("--box", type=Path, help="left by the first run, used by the next")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    folder = _benchmarks()
    box = _box(folder, options.box)
    if options.own:
        for figure in cpu(box, options.python):
            print(f"{figure.p50:8.2f}  {figure.name}", flush=True)
    found: dict[str, float] = {}
    for program in _programs(folder):
        if not options.only or program.name in options.only:
            sides = (_in(box), _natively(options.python, folder))
            shares = _shares(program, sides, options.seconds)
            found |= shares
            if not options.json:
                for name, share in shares.items():
                    print(f"{share:8.2f}  {name}", flush=True)
    if not found:
        raise SystemExit("no benchmark ran on both sides")
    mean = math.exp(sum(map(math.log, found.values())) / len(found))
    if options.json:
        print(json.dumps({"shares": found, "mean": mean}))
    else:
        print(f"{mean:8.2f}  geometric mean of {len(found)}")
    return 0


def _benchmarks() -> Path:
    """The folder of all benchmarks, with the worker in it."""
    folder = cache_root() / "pyperformance" / PACKAGE.rpartition("=")[2]
    if not folder.exists():
        wheels = folder.with_suffix(".wheels")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", str(wheels)]
        subprocess.run([*pip, PACKAGE], check=True)
        with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
            wheel.extractall(wheels)
        (wheels / "pyperformance" / "data-files" / "benchmarks").rename(folder)
    (folder / WORKER.name).write_bytes(WORKER.read_bytes())
    (folder / "Dockerfile").write_text(DOCKERFILE)
    return folder


def _box(folder: Path, file: Path | None) -> Box:
    if file and file.exists():
        return load(file)
    print("building the box", file=sys.stderr)
    box = build(folder)
    if file:
        file.write_bytes(write_box(box.file.code, box.file.image, box.info))
    return box


def _programs(folder: Path) -> Iterator[Program]:
    """The benchmarks that need nothing but Python."""
    for file in sorted(folder.glob("bm_*/*.toml")):
        told = tomllib.loads(file.read_text("utf-8"))
        first = file.parent / "pyproject.toml"
        project = tomllib.loads(first.read_text("utf-8")) | told
        own = told.get("tool", {}).get("pyperformance", {})
        needed = project["project"].get("dependencies", [])
        packages = (file.parent / "requirements.txt").exists()
        if not packages and all(name.startswith("pyperf") for name in needed):
            name = own.get("name", file.stem if file != first else file.parent.name)
            script = f"{file.parent.name}/run_benchmark.py"
            yield Program(name.removeprefix("bm_"), (script, *own.get("extra_opts", ())))


def _shares(program: Program, sides: tuple[Side, Side], seconds: float) -> dict[str, float]:
    """By benchmark, the box's speed as a share of the native one's."""
    least: tuple[dict[str, float], dict[str, float]] = ({}, {})
    for _ in range(TURNS):
        for side, times in zip(sides, least, strict=True):
            lines = side(["program.py", str(seconds), *program.words]).splitlines()
            told = json.loads(lines[-1]) if lines else {}
            for name, value in told.items():
                if value:
                    times[name] = min(value, times.get(name, math.inf))
    inside, outside = least
    return {name: outside[name] / inside[name] for name in outside if name in inside}


def _in(box: Box) -> Side:
    limits = Limits(time=LONGEST, cpu=LONGEST)

    def run(words: list[str]) -> str:
        result = box.run(["python", *words], limits=limits)
        return result.stdout.decode() if result.exit_code == 0 else _told("box", result.stderr)

    return run


def _natively(python: str, folder: Path) -> Side:
    def run(words: list[str]) -> str:
        command = [python, *words]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        return done.stdout.decode() if done.returncode == 0 else _told("native", done.stderr)

    return run


def _told(side: str, text: bytes) -> str:
    last = (text.decode("utf-8", "replace").strip().splitlines() or ["no message"])[-1]
    print(f"failed ({side}): {last}", file=sys.stderr)
    return ""


if __name__ == "__main__":
    raise SystemExit(main())
