"""`python -m tests.packages [MODULE ...]`: numpy's own tests in a box, about three minutes.

A table by module; then what is not as expected (expected_failures.toml). Exit status 1 if there is
any.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boxer
from tests.conformance.outcomes import Outcome, read_outcome, surprises

HERE = Path(__file__).parent
# numpy's conftest imports hypothesis, which is Rust from 6.156 on.
DOCKERFILE = """\
FROM python:3.13
RUN pip install numpy==2.5.5 'pytest<10' 'hypothesis<6.156'
WORKDIR /tmp
COPY inside.py list.py /
CMD ["python", "/list.py"]
"""
# The modules of tests that a package brings along.
LIST = """\
import pathlib, numpy
root = pathlib.Path(numpy.__file__).parent
for path in sorted(root.glob("**/tests/test_*.py")):
    print(".".join(path.relative_to(root.parent).with_suffix("").parts))
"""
LIMITS = boxer.Limits(time=600, cpu=600, memory="3GiB", output="200MB", storage="1GiB")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.packages", description=__doc__)
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args()
    expected: dict[str, dict[str, str]] = tomllib.loads(
        (HERE / "expected_failures.toml").read_text("utf-8")
    )
    box = built()
    modules = options.modules or box.run(["python", "/list.py"]).stdout.decode().split()
    outcomes: list[Outcome] = []
    found: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        for outcome in pool.map(lambda module: run(box, module), modules):
            outcomes.append(outcome)
            counts = f"{len(outcome.passed):6} {len(outcome.failed):5} {len(outcome.skipped):5}"
            print(f"{outcome.module:<60}{counts} {outcome.seconds:6.1f} s", flush=True)
            # numpy skips what it finds not to be there.
            found += surprises(outcome, expected.get(outcome.module, {}), skips=["*"])
    parts = ("passed", "failed", "skipped")
    totals = [f"{sum(len(getattr(o, part)) for o in outcomes)} {part}" for part in parts]
    print(f"{len(outcomes)} modules: {', '.join(totals)}")
    print("\n".join(found) or "all as expected")
    return bool(found)


def built() -> boxer.Box:
    """The box with numpy and its tests."""
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        (context / "Dockerfile").write_text(DOCKERFILE)
        (context / "list.py").write_text(LIST)
        (context / "inside.py").write_bytes((HERE / "inside.py").read_bytes())
        return boxer.build(context)


def run(box: boxer.Box, module: str) -> Outcome:
    """Runs one module in a machine of its own."""
    began = time.monotonic()
    result = box.run(["python", "/inside.py", module], limits=LIMITS)
    lines = result.stdout.decode("ascii", "replace").split("\n")
    ending = result.limit or result.crash or f"status {result.exit_code}"
    outcome = read_outcome(module, lines, str(ending))
    outcome.seconds = time.monotonic() - began
    return outcome


if __name__ == "__main__":
    sys.exit(main())
