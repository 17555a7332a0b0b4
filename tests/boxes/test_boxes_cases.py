"""Whole Dockerfiles as people write them: built, run, and compared with what their authors expect.

A case is a folder of `cases`: a context with a Dockerfile, and `case.toml`:

    network    whether packages of the index are needed
    patience   seconds that the build may take (400): packages that are compiled take longer
    says       texts that the build writes, to either stream
    says_without_rust  likewise, where the Rust compiler was not made (`make rust`)
    fails      the reference of the error the build stops with; then nothing is run
    [[run]]    arguments, environment, stdin; status (0), stdout: lines that must be there, in
               order, stderr: texts in it

Adding a case needs no code.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from boxer.packages.native.rust import find_rust
from tests.boxes.conftest import PATIENCE

pytestmark = pytest.mark.base

CASES = Path(__file__).parent / "cases"
Boxer = Callable[..., "CompletedProcess[str]"]


def _cases() -> list[Any]:
    found = []
    for folder in sorted(CASES.iterdir()):
        if not (folder / "case.toml").is_file():
            continue
        settings = tomllib.loads((folder / "case.toml").read_text())
        marks = [pytest.mark.network] if settings.get("network") else []
        found.append(pytest.param(folder, settings, id=folder.name, marks=marks))
    return found


@pytest.mark.parametrize(("folder", "case"), _cases())
def test_case_does_what_its_author_expects(
    boxer: Boxer, folder: Path, case: dict[str, Any], tmp_path: Path
) -> None:
    context = tmp_path / folder.name
    shutil.copytree(folder, context, ignore=shutil.ignore_patterns("case.toml"))
    box = tmp_path / "box.wasm"
    # A RUN that is not run again says nothing.
    fresh = ["--no-cache"] if "says" in case or "says_without_rust" in case else []
    built = boxer("build", *fresh, "-o", box, context, patience=case.get("patience", PATIENCE))
    # Behind it: another test may have had the compiler made meanwhile.
    said = case.get("says", []) + ([] if find_rust() else case.get("says_without_rust", []))
    for text in said:
        assert text in built.stderr
    if "fails" in case:
        assert built.returncode == 1, built.stderr
        assert f"error[{case['fails']}]" in built.stderr
        assert "hint: " in built.stderr
        assert not box.exists()
        return
    assert built.returncode == 0, built.stderr
    for run in case["run"]:
        _check_run(boxer, box, run)


def _check_run(boxer: Boxer, box: Path, run: dict[str, Any]) -> None:
    variables = [word for pair in run.get("environment", []) for word in ("-e", pair)]
    done = boxer("run", *variables, box, *run.get("arguments", []), stdin=run.get("stdin", ""))
    assert done.returncode == run.get("status", 0), done.stdout + done.stderr
    lines = iter(done.stdout.splitlines())
    for wanted in run["stdout"]:
        assert wanted in lines, done.stdout + done.stderr
    for text in run.get("stderr", []):
        assert text in done.stderr
