"""Files, volumes and empty folders that a run is given."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.base

Boxer = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def box(boxer: Boxer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.chdir(tmp_path)
    context = tmp_path / "context"
    context.mkdir()
    text = (
        "FROM python:slim\nWORKDIR /app\n"
        "RUN mkdir -p /app/data/below && echo image > /app/data/file && ln -s file /app/data/soft\n"
    )
    (context / "Dockerfile").write_text(text)
    assert boxer("build", "-q", "-o", tmp_path / "x.wasm", context).returncode == 0
    return str(tmp_path / "x.wasm")


def python(boxer: Boxer, box: str, *options: str, code: str) -> str:
    done = boxer("run", *options, box, "python", "-c", f"import os\n{code}")
    return done.stdout + done.stderr


def test_a_file_is_mounted_alone(boxer: Boxer, box: str, tmp_path: Path) -> None:
    (tmp_path / "conf.ini").write_text("on = 1\n")
    (tmp_path / "secret").write_text("not given")
    mount = f"{tmp_path}/conf.ini:/etc/app/conf.ini:ro"
    code = (
        "print(open('/etc/app/conf.ini').read(), os.listdir('/etc/app'))\n"
        "try: open('/etc/app/conf.ini', 'w')\nexcept OSError as error: print(error.strerror)"
    )
    said = python(boxer, box, "-v", mount, code=code)
    assert said == "on = 1\n ['conf.ini']\nRead-only file system\n"
    write = "open('conf', 'a').write('off = 0\\n')"
    assert python(boxer, box, "-v", f"{tmp_path}/conf.ini:conf", code=write) == ""
    assert (tmp_path / "conf.ini").read_text() == "on = 1\noff = 0\n"
    assert sorted(entry.name for entry in tmp_path.iterdir() if "boxer" in entry.name) == []


def test_a_file_is_mounted_over_one_of_the_box(boxer: Boxer, box: str, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine\n")
    code = "print(open('/app/data/soft').read(), sorted(os.listdir('/app/data')))"
    said = python(boxer, box, "-v", f"{tmp_path}/mine:/app/data/file", code=code)
    assert said == "mine\n ['below', 'file', 'soft']\n"


def test_a_named_volume_begins_with_what_the_box_has_there(boxer: Boxer, box: str) -> None:
    code = "print(open('data/soft').read(), sorted(os.listdir('data')))\nopen('data/more', 'w')"
    volume = ("-v", "store:/app/data")
    assert python(boxer, box, *volume, code=code) == "image\n ['below', 'file', 'soft']\n"
    assert python(boxer, box, *volume, code=code) == "image\n ['below', 'file', 'more', 'soft']\n"
    assert boxer("volume", "ls", "-q").stdout == "store\n"


def test_an_anonymous_volume_and_an_empty_folder_end_with_the_run(boxer: Boxer, box: str) -> None:
    code = "print(sorted(os.listdir('/app/data')))\nopen('/app/data/new', 'w')"
    assert python(boxer, box, "-v", "/app/data", code=code) == "['below', 'file', 'soft']\n"
    assert python(boxer, box, "--tmpfs", "/app/data", code=code) == "[]\n"
    assert boxer("volume", "ls", "-q").stdout == ""
