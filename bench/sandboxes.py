"""What a sandbox for an agent costs.

`python -m bench.sandboxes [--json]`

Method: a template of the Python base; each figure is the median and the 99th of TIMES, after WARM
that are not counted, in milliseconds. `life`: a machine is started, runs a cell, is closed.
`cell`, `program`: one more in a machine that is there. `fork`: of a machine that has run cells, and
its end. `save`, `restore`: to a file and from it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import boxer
from boxer.benchmark import percentile

TIMES, WARM = 200, 20


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sandboxes")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder))
    if options.json:
        print(json.dumps(found))
        return
    for name, (middle, most) in found.items():
        print(f"{name:10} {middle:8.2f} {most:8.2f}")


def measure(folder: Path) -> dict[str, tuple[float, float]]:
    """name: median and 99th, ms."""
    (folder / "Dockerfile").write_text("FROM python:3.13-slim\n")
    template = boxer.build(folder).template()
    with template.start() as machine:
        machine.cell("x = 1")
        kept = folder / "kept"
        machine.save(kept)

        def life() -> None:
            with template.start() as one:
                one.cell("print(1 + 1)")

        def restore() -> None:
            template.restore(kept).close()

        return {
            "life": timed(life),
            "cell": timed(lambda: machine.cell("x + 1")),
            "fork": timed(lambda: machine.fork().close()),
            "save": timed(lambda: machine.save(kept)),
            "restore": timed(restore),
            "program": timed(lambda: machine.run(["sh", "-c", "true"])),
        }


def timed(work: Callable[[], object]) -> tuple[float, float]:
    taken = []
    for number in range(TIMES + WARM):
        began = time.perf_counter()
        work()
        if number >= WARM:
            taken.append((time.perf_counter() - began) * 1000)
    return percentile(taken, 0.5), percentile(taken, 0.99)


if __name__ == "__main__":
    main()
