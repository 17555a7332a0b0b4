"""A box with applications of every kind, built once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

import boxer
from tests.serving.running import build


@pytest.fixture(scope="session")
def served_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dockerfile = (
        "FROM python\nWORKDIR /srv\nCOPY *.py ./\nLABEL boxer.rehearse='GET /'\n"
        'CMD ["gunicorn", "applications:wsgi"]\n'
    )
    files = ("applications.py", "streaming.py", "living.py", "queued.py")
    return build(tmp_path_factory.mktemp("served"), dockerfile, *files)


@pytest.fixture(scope="session")
def own_served_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`streaming:app` behind a server of the box's own."""
    dockerfile = (
        "FROM python\nWORKDIR /srv\nRUN pip install uvicorn==0.54.0\nCOPY streaming.py ./\n"
        'CMD ["uvicorn", "--host", "0.0.0.0", "--log-level", "warning", "streaming:app"]\n'
    )
    return build(tmp_path_factory.mktemp("own-served"), dockerfile, "streaming.py")


@pytest.fixture(scope="session")
def served_box(served_file: Path) -> boxer.Box:
    return boxer.load(served_file)
