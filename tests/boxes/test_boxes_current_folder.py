"""Nothing of Boxer is imported from, or run in, the folder in which a command is typed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

pytestmark = pytest.mark.base
Example = Callable[[str], Path]

TRAP = """import os
with open(os.environ["TRAPPED"], "a") as file:
    file.write(__file__ + "\\n")
"""
PROGRAMS = ("python", "python3", "python3.13", "uv", "zig", "cc", "gcc", "bwrap", "boxer", "git")
COMMANDS: dict[str, list[str]] = {
    "version": ["--version"],
    "images": ["images"],
    "bases": ["bases"],
    "cache": ["cache", "ls"],
    "inspect": ["inspect", "--licenses", "{box}"],
    "inspect, json": ["inspect", "--json", "{box}"],
    "check": ["check", "{context}"],
    "doctor": ["doctor", "{context}"],
    "build with a RUN": ["build", "--no-cache", "-o", "{out}", "{context}"],
    "run": ["run", "{box}"],
    "run, by the Python program": [
        "run",
        "--limit",
        "time=60",
        "{box}",
        "python",
        "-c",
        "print(1)",
    ],
    "run that crashes": ["run", "{box}", "python", "-c", "import os; os.abort()"],
    "a box that is not there": ["run", "no-such-box"],
    "cc": ["cc", "-o", "{out}", "{source}"],
    "unknown command": ["no-such-command"],
}


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a module for each name that Python or Boxer imports, and programs."""
    folder = tmp_path_factory.mktemp("traps")
    for name in {*sys.stdlib_module_names, *packages_distributions(), "boxer", "sitecustomize"}:
        if name.isidentifier():
            (folder / f"{name}.py").write_text(TRAP)
    for name in PROGRAMS:
        program = folder / name
        program.write_text('#!/bin/sh\necho "$0" >>"$TRAPPED"\nexit 97\n')
        program.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("context")
    (folder / "Dockerfile").write_text(
        "FROM python:3.13-slim\n"
        "RUN echo 1 && python -c 'print(2)' && python -m venv /venv\n"
        'CMD ["python", "-c", "print(3)"]\n'
    )
    (folder / "main.c").write_text("int main(void) { return 0; }\n")
    return folder


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS.keys())
def test_nothing_of_the_current_folder_is_run(
    command: list[str], traps: Path, context: Path, example: Example, tmp_path: Path
) -> None:
    places = {
        "{box}": str(example("hello")),
        "{context}": str(context),
        "{source}": str(context / "main.c"),
        "{out}": str(tmp_path / "out.wasm"),
    }
    trapped = tmp_path / "trapped"
    environment = dict(os.environ, TRAPPED=str(trapped))
    done = subprocess.run(
        [
            Path(sys.executable).with_name("boxer"),
            *(places.get(argument, argument) for argument in command),
        ],
        cwd=traps,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not trapped.exists(), trapped.read_text() + done.stdout + done.stderr
    assert "Traceback" not in done.stderr
