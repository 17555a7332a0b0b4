"""uv as a build runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from boxer.packages.uv import interpreter, run_uv


@pytest.mark.parametrize("variable", ["XDG_CACHE_HOME", "UV_CACHE_DIR", "HOME"])
def test_a_cache_that_cannot_be_used_is_no_reason_to_stop(tmp_path: Path, variable: str) -> None:
    (tmp_path / "file").touch()
    environment = {"PATH": os.environ["PATH"], variable: str(tmp_path / "file")}
    done = run_uv(["pip", "freeze", "--python", sys.executable], environment, timeout=60)
    assert (done.status, "pytest==" in done.output) == (0, True)


def test_a_cache_that_can_be_used_is(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(tmp_path)}
    assert run_uv(["pip", "freeze", "--python", sys.executable], environment, 60).status == 0
    assert (tmp_path / "uv").is_dir()


@pytest.mark.parametrize("usable", [True, False])
def test_the_python_uv_is_shown_says_the_boxs_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usable: bool
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    if not usable:
        cache.touch()
    with interpreter("3.99.1") as path:
        code = "import sys; print(sys.version_info[:3])"
        told = subprocess.run([path, "-c", code], capture_output=True, text=True, check=True)
        assert told.stdout == "(3, 99, 1)\n"
        assert path.is_relative_to(cache) == usable
    assert path.is_file() == usable
