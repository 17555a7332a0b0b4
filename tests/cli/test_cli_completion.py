"""What shells complete."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from boxer.cli import main
from boxer.describe import ImageStore, parse_reference

BASH = shutil.which("bash")
ASK = """\
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); COMPREPLY=()
_shtab_boxer
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["completion", "bash"]) == 0
    path = tmp_path / "boxer.bash"
    path.write_text(capsys.readouterr().out)
    return path


def completed(script: Path, *words: str) -> list[str]:
    assert BASH is not None
    done = subprocess.run(
        [BASH, "-c", ASK, "ask", script, "boxer", *words],
        capture_output=True, text=True, check=False, timeout=300, cwd=script.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
def test_commands_and_options_are_completed(script: Path) -> None:
    assert completed(script, "vol") == ["volume"]
    assert completed(script, "volume", "in") == ["inspect"]
    assert completed(script, "run", "--entry") == ["--entrypoint"]
    assert completed(script, "run", "--priv") == []  # nothing that is refused
    assert completed(script, "completion", "") == ["bash", "zsh", "fish"]


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
def test_boxes_are_completed_by_name_and_by_file(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    ImageStore().put(parse_reference("hello:1"), b"a box")
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "boxer").write_text('#!/bin/sh\nexec python -m boxer "$@"\n')
    (folder / "boxer").chmod(0o755)
    (tmp_path / "help.wasm").touch()
    python = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{folder}:{python}:{os.environ['PATH']}")
    assert completed(script, "run", "he") == ["help.wasm", "hello:1"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_have_a_script_too(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "boxer images -q" in capsys.readouterr().out
