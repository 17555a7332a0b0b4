"""Boxes of the examples, each built once a session, through the command line as a user would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# What the cases hold are programs of boxes, tests among them.
collect_ignore = ["cases"]

ROOT = Path(__file__).parents[2]
# A run that takes longer hangs: a bug in a libc stub spins for ever.
PATIENCE = 400

Boxer = Callable[..., subprocess.CompletedProcess[str]]


def run_boxer(
    *arguments: str | Path, stdin: str = "", patience: float = PATIENCE
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("boxer"), *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


@pytest.fixture(scope="session")
def boxer() -> Boxer:
    """Runs the command that users have; returns exit code, stdout, stderr."""
    return run_boxer


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The box of an example, built on first use."""
    folder = tmp_path_factory.mktemp("examples")

    def built(name: str) -> Path:
        box = folder / f"{name}.wasm"
        if not box.exists():
            done = run_boxer("build", "-q", "-o", box, ROOT / "examples" / name)
            assert done.returncode == 0, done.stderr
        return box

    return built
