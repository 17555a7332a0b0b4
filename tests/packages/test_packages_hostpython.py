"""Which Python of the machine runs a build."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boxer.packages.native import hostpython

Install = Callable[[str, str], Path]
VERSION = "3.99"


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing on PATH, nothing at home, and an interpreter that is not the box's version."""
    for name in ("BOXER_BUILD_PYTHON", "PYENV_ROOT", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    hostpython.host_python.cache_clear()
    yield
    hostpython.host_python.cache_clear()


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Puts a program there that says it is the Python of a version, or fails."""

    def install(place: str, says: str) -> Path:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{f'echo {says}' if says else 'exit 127'}\n")
        path.chmod(0o755)
        return path

    return install


@pytest.mark.parametrize(
    "place",
    [
        "bin/python3.99",
        "home/.pyenv/versions/3.99.1/bin/python3.99",
        "home/.local/share/uv/python/cpython-3.99.0-linux/bin/python3.99",
    ],
)
def test_python_of_the_boxs_version_is_found(install: Install, place: str) -> None:
    path = install(place, "3.99")
    assert hostpython.host_python(VERSION) == path
    assert hostpython.note_of_version(VERSION) == ""


def test_shim_that_starts_nothing_leads_to_what_it_stands_for(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "pyenv" / "shims"))
    install("pyenv/shims/python3.99", "")
    path = install("pyenv/versions/3.99.0/bin/python3.99", "3.99")
    assert hostpython.host_python(VERSION) == path


def test_python_that_lies_about_its_version_is_passed_over(install: Install) -> None:
    install("bin/python3.99", "3.11")
    assert hostpython.host_python(VERSION) == Path(sys.executable)


def test_another_version_is_said_to_be_the_reason_of_a_failure() -> None:
    assert hostpython.host_python(VERSION) == Path(sys.executable)
    assert "BOXER_BUILD_PYTHON" in hostpython.note_of_version(VERSION)
    assert "Python 3.99" in hostpython.note_of_version(VERSION)


@pytest.mark.parametrize("path", ["", ".", "bin"])
def test_nothing_of_the_current_folder_is_started(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("PATH", f":{path}:")
    monkeypatch.chdir(install("python3.99", "3.99").parent)
    install("bin/python3.99", "3.99")
    assert hostpython.host_python(VERSION) == Path(sys.executable)
