"""CPython's test package in a box, and natively beside it.

Belongs here: the box with the tests, and a module's run. Does not: what outcomes mean.

The package and the modules written for it alone come from the sources the recipes fetched; they lie
in a box of their own, not in a base.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path

import boxer
from recipes.sources import unpacked
from tests.conformance.outcomes import Outcome, expected_failures, left_out, read_outcome
from tests.pythons import PYTHON, RECIPE

INSIDE = (Path(__file__).parent / "inside.py").read_text()
DOCKERFILE = """\
FROM python
COPY testmodules /src
RUN pip install /src && rm -r /src
COPY test {library}/test
COPY ensurepip {library}/ensurepip
LABEL boxer.preimport="none"
WORKDIR /tmp
CMD ["python"]
"""
# What testmodules/setup.py compiles, and what that includes.
PARTS_OF_MODULES = ("_test*", "xx*", "Setup.stdlib.in", "clinic", "_ctypes")
# What bounds a module is its processor time; a busy machine takes longer for it.
LIMITS = boxer.Limits(time=480, cpu=240, memory="3GiB", output="200MB", storage="1GiB")
# For modules whose outcome is recorded only: many of their tests wait for what cannot happen.
RECORDED = boxer.Limits(time=60, cpu=60, memory="3GiB", output="200MB", storage="1GiB")


@cache
def box() -> boxer.Box:
    """A box with the test package, built once."""
    source = unpacked(RECIPE.source)
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        (context / "Dockerfile").write_text(DOCKERFILE.format(library=PYTHON.stdlib))
        # A base has neither: packages are installed when a box is built.
        for name in ("test", "ensurepip"):
            _copy(source / "Lib" / name, context / name)
        _copy(Path(__file__).parent / "testmodules", context / "testmodules")
        _copy(source / "Include", context / "testmodules" / "Include")
        for pattern in PARTS_OF_MODULES:
            for path in (source / "Modules").glob(pattern):
                _copy(path, context / "testmodules" / "Modules" / path.name)
        return boxer.build(context)


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, ignore=ignored, symlinks=True)
    else:
        target.parent.mkdir(exist_ok=True)
        shutil.copy(source, target)


def run(module: str, limits: boxer.Limits = LIMITS) -> Outcome:
    """Runs one module in a machine of its own."""
    began = time.monotonic()
    omitted = left_out(expected_failures().get(module, {}))
    result = box().run(["python", "-c", INSIDE, module, *omitted], limits=limits)
    lines = result.stdout.decode("ascii", "replace").splitlines()
    last = result.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    ending = result.limit or result.crash or f"status {result.exit_code} {''.join(last)}"
    outcome = read_outcome(module, lines, ending)
    outcome.seconds = time.monotonic() - began
    return outcome


def run_natively(python: str, module: str) -> Outcome:
    """Runs one module in a native interpreter, which has CPython's tests. python: its path."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [python, "-c", INSIDE, module],
                cwd=folder,
                env={**os.environ, "TMPDIR": folder, "HOME": folder},
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=LIMITS.time,
                check=False,
            )
        except subprocess.TimeoutExpired as expired:
            lines = (expired.stdout or b"").decode("ascii", "replace").splitlines()
            return read_outcome(module, lines, "time")
    lines = done.stdout.decode("ascii", "replace").splitlines()
    return read_outcome(module, lines, f"status {done.returncode}")
