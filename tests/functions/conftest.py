"""Boxes with one function each, built once a session from one module."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from boxer.functions import build_function, project_of

HERE = Path(__file__).resolve().parent
Built = Callable[[str], Path]
Fn = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The file of a box whose function is that of `guests.py`."""
    folder = tmp_path_factory.mktemp("functions")
    (folder / "guests.py").write_text((HERE / "guests.py").read_text())
    made: dict[str, Path] = {}

    def build(name: str) -> Path:
        if name not in made:
            path = folder.parent / f"{folder.name}-{name}.wasm"
            path.write_bytes(build_function(project_of(f"{folder}/guests:{name}")).data)
            made[name] = path
        return made[name]

    return build


@pytest.fixture
def fn(tmp_path: Path) -> Fn:
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}

    def run(*words: str, stdin: str = "", status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "boxer.cli", "fn", *words],
            input=stdin, capture_output=True, text=True, timeout=300, cwd=tmp_path, env=env,
        )  # fmt: skip
        assert done.returncode == status, done.stderr
        return done

    return run
