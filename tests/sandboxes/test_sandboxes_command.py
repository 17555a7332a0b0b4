"""`boxer serve --e2b` as a person starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.base
SERVE = [sys.executable, "-m", "boxer.cli", "serve"]


def test_nothing_is_told_where_there_is_no_box(tmp_path: Path) -> None:
    done = subprocess.run(
        [*SERVE, str(tmp_path / "none.wasm"), "--e2b", "-p", "0"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error[box-missing]")
    assert "export" not in done.stderr


def test_what_it_tells_is_where_sandboxes_are(
    sandbox_box: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    e2b = pytest.importorskip("e2b_code_interpreter")
    for name in list(os.environ):
        if name.startswith("E2B_") or name == "BOXER_API_KEY":
            monkeypatch.delenv(name)
    command = [*SERVE, str(sandbox_box), "--e2b", "-p", "0", "--prepare", "seven = 7"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if line.startswith("export "):
                    name, _, value = line.removeprefix("export ").strip().partition("=")
                    monkeypatch.setenv(name, value)
                if "E2B_API_KEY" in os.environ:
                    break
            with e2b.Sandbox.create(timeout=300) as sandbox:
                assert sandbox.run_code("seven * 6").text == "42"
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=300)
