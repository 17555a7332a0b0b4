"""CPython's test package in a box, and natively beside it.

Belongs here: the box with the tests, and a module's run. Does not: what outcomes mean.

The package and the modules written for it alone come from the sources the recipes fetched; they lie
in a box of their own, not in a base.
"""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from recipes.sources import unpacked
from tests.conformance.outcomes import HERE, Outcome, expected_failures, left_out
from tests.conformance.watching import Patience, tests_of
from tests.pythons import PYTHON, RECIPE

INSIDE = (HERE / "inside.py").read_text()
RESOURCES: dict[str, list[str]] = tomllib.loads((HERE / "modules.toml").read_text())["resources"]
BOXER = (sys.executable, "-m", "boxer")
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
# What bounds a module is its processor time; a busy machine takes longer for it. The 200 processes
# of test_multiprocessing_spawn's test_large_pool take 3.0 to 3.3 GiB.
LIMITS = ("time=7200", "cpu=480", "memory=3584MiB", "output=200MB", "storage=1GiB", "tasks=512")
PATIENCE = Patience(test=600, module=7200)
# For modules whose outcome is recorded only: many of their tests wait for what cannot happen.
RECORDED = Patience(test=20, module=60)


@cache
def box_path() -> Path:
    """A box with the test package, built once; gone with this process."""
    source = unpacked(RECIPE.source)
    made = Path(tempfile.mkdtemp(prefix="conformance-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    context = made / "context"
    context.mkdir()
    (context / "Dockerfile").write_text(DOCKERFILE.format(library=PYTHON.stdlib))
    # A base has neither: packages are installed when a box is built.
    for name in ("test", "ensurepip"):
        _copy(source / "Lib" / name, context / name)
    _copy(Path(__file__).parent / "testmodules", context / "testmodules")
    _copy(source / "Include", context / "testmodules" / "Include")
    for pattern in PARTS_OF_MODULES:
        for path in (source / "Modules").glob(pattern):
            _copy(path, context / "testmodules" / "Modules" / path.name)
    path = made / "tests.wasm"
    build = [*BOXER, "build", "-q", "-o", str(path), str(context)]
    subprocess.run(build, stdout=subprocess.DEVNULL, check=True)
    return path


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, target, ignore=ignored, symlinks=True)
    else:
        target.parent.mkdir(exist_ok=True)
        shutil.copy(source, target)


@dataclass(frozen=True)
class Tests:
    """Which tests of a module, and what they may use. only: a pattern (fnmatch) of their names."""

    module: str
    only: str = "*"
    left_out: tuple[str, ...] = ()

    def arguments(self, behind: str) -> list[str]:
        settings = {
            "only": self.only,
            "left_out": self.left_out,
            "resources": RESOURCES.get(self.module, []),
            "behind": behind,
        }
        return ["-c", INSIDE, self.module, json.dumps(settings)]


def run(module: str, patience: Patience = PATIENCE) -> Outcome:
    """Runs one module in a machine of its own, but for what is left out."""
    omitted = tuple(left_out(expected_failures().get(module, {})))
    return run_tests(Tests(module, left_out=omitted), patience)


def run_tests(tests: Tests, patience: Patience, live: bool = False) -> Outcome:
    """Runs them in a box, in a process of this machine: what ends that is an outcome too."""
    with tempfile.TemporaryDirectory() as folder:
        limits = [word for limit in LIMITS for word in ("--limit", limit)]
        line = [*BOXER, "run", *limits, str(box_path()), "python"]
        command = lambda behind: [*line, *tests.arguments(behind)]  # noqa: E731
        return tests_of(tests.module, command, patience, Path(folder), {}, live)


def run_natively(python: str, tests: Tests, patience: Patience, live: bool = False) -> Outcome:
    """Runs them in a native interpreter, which has CPython's tests. python: its path."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"TMPDIR": folder, "HOME": folder}
        command = lambda behind: [python, *tests.arguments(behind)]  # noqa: E731
        return tests_of(tests.module, command, patience, Path(folder), environment, live)
