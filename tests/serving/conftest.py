"""A box with applications of every kind, built once a session."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import boxer

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def served_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    (folder / "Dockerfile").write_text(
        "FROM python\nWORKDIR /srv\nCOPY *.py ./\nLABEL boxer.rehearse='GET /'\n"
        'CMD ["gunicorn", "applications:wsgi"]\n'
    )
    for name in ("applications.py", "streaming.py", "living.py"):
        (folder / name).write_text((HERE / name).read_text())
    made = folder / "served.wasm"
    command = [sys.executable, "-m", "boxer.cli", "build", "-q", "-o", str(made), str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return made


@pytest.fixture(scope="session")
def own_served_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`streaming:app` behind a server of the box's own."""
    folder = tmp_path_factory.mktemp("own-served")
    (folder / "Dockerfile").write_text(
        "FROM python\nWORKDIR /srv\nRUN pip install uvicorn==0.54.0\nCOPY streaming.py ./\n"
        'CMD ["uvicorn", "--host", "0.0.0.0", "--log-level", "warning", "streaming:app"]\n'
    )
    (folder / "streaming.py").write_text((HERE / "streaming.py").read_text())
    made = folder / "served.wasm"
    command = [sys.executable, "-m", "boxer.cli", "build", "-q", "-o", str(made), str(folder)]
    built = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if "package-fetch" in built.stderr:
        pytest.skip("the packages cannot be had here")
    assert built.returncode == 0, built.stderr
    return made


@pytest.fixture(scope="session")
def served_box(served_file: Path) -> boxer.Box:
    return boxer.load(served_file)
