"""`boxer bench curves` and what takes a box of its own, and against the curves of another run.

`python -m bench.curves [--only NAME ..] [--brief] [--json FILE] [--svg FILE] [--against FILE]`

What is measured and how: src/boxer/benchmark/curves.py. Here also `modules`: how many the
function's own module has imported. --brief: without the slowest sizes, some 20 seconds.

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
from pathlib import Path

import boxer
from bench.bends import Curve, bends
from boxer.benchmark import Figure, plot
from boxer.benchmark.curves import curves_of, pooled, sampled_curve

NAMES = (
    "dirty, a row", "dirty, scattered", "grown", "payload, bytes", "payload, str", "modules",
    "threads", "machines", "cold",
)  # fmt: skip
DOCKERFILE = 'FROM python\nCOPY . /\nCMD ["python", "-c", "pass"]\n'
# A module as there are many: a class, a function, a table.
SMALL = """
class Thing:
    def __init__(self, value):
        self.value = value

def find(key, table={}):
    return table.get(key)

TABLE = {number: str(number) for number in range(50)}
"""
MODULES = (1, 8, 32, 128, 512)
# The largest sizes of these curves take most of the time.
SLOW = {"machines": 100, "payload, bytes": 1_000_000, "payload, str": 1_000_000}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.curves", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--svg", type=Path, metavar="FILE")
    parser.add_argument("--against", type=Path, metavar="FILE")
    options = parser.parse_args()
    figures = measured(options.only, options.brief)
    curves = as_curves(figures)
    if options.json:
        options.json.write_text(json.dumps(curves, indent=1) + "\n")
    if options.svg:
        options.svg.write_text(plot("What a call takes", figures))
    if options.against:
        print(*bends(curves, json.loads(options.against.read_text())) or ["nothing bent"], sep="\n")
    return 0


def measured(names: list[str], brief: bool) -> list[Figure]:
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        box = boxer.load(build(Path(folder)))
        table = dict(curves_of(box, Path(folder)))
        table["modules"] = (MODULES, pooled(box, lambda pool, size: pool.call(f"many{size}:echo")))
        for name in names:
            sizes, sample = table[name]
            if brief:
                sizes = tuple(size for size in sizes if size <= SLOW.get(name, size))
            for one in sampled_curve(name, sizes, sample):
                figures.append(one)
                print(f"{name:<16}{one.size:>12}{one.p50:>12,.0f}{one.p99:>12,.0f}", flush=True)
    return figures


def as_curves(figures: list[Figure]) -> dict[str, Curve]:
    """As they are kept: the middle and the 99th by name and size."""
    curves: dict[str, dict[str, tuple[float, float]]] = {}
    for one in figures:
        worst = one.p50 if one.p99 is None else one.p99
        curves.setdefault(one.name, {})[str(one.size)] = (round(one.p50, 1), round(worst, 1))
    return dict(curves)


def build(folder: Path) -> Path:
    (folder / "Dockerfile").write_text(DOCKERFILE)
    for number in range(max(MODULES)):
        (folder / f"small{number}.py").write_text(SMALL)
    for count in MODULES:
        imports = "".join(f"import small{number}\n" for number in range(count))
        (folder / f"many{count}.py").write_text(f"{imports}def echo():\n    return None\n")
    box = folder / "work.wasm"
    command = [sys.executable, "-m", "boxer", "build", "-q", "-o", str(box), str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return box


if __name__ == "__main__":
    raise SystemExit(main())
