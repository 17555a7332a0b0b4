"""What a sandbox for an agent costs.

`python -m bench.sandboxes [--json]`

Method: a template of the Python base; each figure is the median and the 99th of TIMES, after WARM
that are not counted, in milliseconds. `life`: a machine is started, runs a cell, is closed. `http`:
the same by the unmodified e2b SDK in this process, and `boxer serve --e2b` in another. `cell`,
`program`: one more in a machine that is there. `fork`: of a machine that has run cells, and its
end. `save`, `restore`: to a file and from it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
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
    box = boxer.build(folder)
    template = box.template()
    with template.start() as machine, served(folder) as live:
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
            "http": timed(live),
            "cell": timed(lambda: machine.cell("x + 1")),
            "fork": timed(lambda: machine.fork().close()),
            "save": timed(lambda: machine.save(kept)),
            "restore": timed(restore),
            "program": timed(lambda: machine.run(["sh", "-c", "true"])),
        }


@contextmanager
def served(folder: Path) -> Iterator[Callable[[], None]]:
    """A life over HTTP."""
    path = folder / "box.wasm"
    build = [sys.executable, "-m", "boxer.cli", "build", "-q", "-o", str(path), str(folder)]
    subprocess.run(build, check=True, capture_output=True)
    command = [sys.executable, "-m", "boxer.cli", "serve", str(path), "--e2b", "-p", "0"]
    command += ["--no-access-log"]
    env = {**os.environ, "BOXER_API_KEY": "bench"}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                name, _, value = line.strip().removeprefix("export ").partition("=")
                if name.startswith("E2B_"):
                    os.environ[name] = value
                if name == "E2B_SANDBOX_URL":
                    break
            os.environ["E2B_API_KEY"] = "bench"
            sdk = import_module("e2b_code_interpreter")  # reads these when it is imported

            def live() -> None:
                sandbox = sdk.Sandbox.create(timeout=60)
                sandbox.run_code("print(1 + 1)")
                sandbox.kill()

            yield live
        finally:
            process.terminate()
            process.wait(60)


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
