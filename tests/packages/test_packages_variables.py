"""Variables and settings of uv, poetry and pip-tools: heeded, or of no difference, or refused."""

from __future__ import annotations

import re
import subprocess
import tomllib
from importlib import resources
from typing import TYPE_CHECKING

import pytest
import uv as uv_package

from boxer.errors import PipUsageError, UnsupportedCommandError
from boxer.packages.settings import index_environment
from tests.indexes import Indexes, indexes

if TYPE_CHECKING:
    from tests.stages import Stage

__all__ = ["indexes"]  # a fixture

_COMMANDS = (
    "sync", "run", "export", "add", "remove", "lock", "pip install", "pip compile", "pip sync",
    "venv", "tool install", "build",
)  # fmt: skip


def test_every_variable_of_uv_is_known() -> None:
    named: set[str] = set()
    for command in _COMMANDS:
        done = subprocess.run(
            [uv_package.find_uv_bin(), "help", "--no-pager", *command.split()],
            capture_output=True, text=True, timeout=300, check=True,
        )  # fmt: skip
        named |= set(re.findall(r"\[env: (UV_[A-Z_]+)", done.stdout))
    text = resources.files("boxer.packages").joinpath("uvvariables.toml").read_text("utf-8")
    table = tomllib.loads(text)
    known = {name for part in table.values() for name in part}
    assert len(named) > 30
    assert named - known == set()
    assert all(len(why) > 10 for part in ("harmless", "refused") for why in table[part].values())


@pytest.mark.parametrize("command", ["uv sync", "uv pip install alpha", "uv run x", "uv lock"])
def test_a_variable_that_cannot_be_heeded_is_refused(
    stage: Stage, indexes: Indexes, command: str
) -> None:
    with pytest.raises(PipUsageError, match="`UV_NO_BUILD`") as error:
        stage.run(f"UV_NO_BUILD=1 {command}")
    assert "UV_NO_BUILD" in str(error.value.hint)


def test_variables_of_this_machine_say_nothing_of_a_boxs_project(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("UV_FROZEN", "UV_NO_DEV", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_NO_BUILD"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://machine.example")
    monkeypatch.setenv("UV_EXTRA_INDEX_URL", "https://more.example")
    found = index_environment({"UV_NO_DEV": "true"}, {})
    assert found["UV_NO_DEV"] == "true"
    assert found["UV_DEFAULT_INDEX"] == "https://machine.example"
    assert not {"UV_FROZEN", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "UV_NO_BUILD"} & found.keys()
    assert "UV_EXTRA_INDEX_URL" not in index_environment({}, {}, stated={"more"})
    assert "UV_DEFAULT_INDEX" not in index_environment({}, {}, stated={"default"})


@pytest.mark.parametrize(
    ("command", "folder"),
    [
        ("POETRY_VIRTUALENVS_CREATE=false poetry install", "/usr/local"),
        ("POETRY_VIRTUALENVS_CREATE=0 poetry install", "/usr/local"),
        ("POETRY_VIRTUALENVS_IN_PROJECT=1 poetry install", "/srv/.venv"),
        ("POETRY_VIRTUALENVS_PATH=/envs poetry install", "/envs/srv-py3.13"),
        ("POETRY_CACHE_DIR=/c poetry install", "/c/virtualenvs/srv-py3.13"),
        ("poetry config virtualenvs.path /Envs && poetry install", "/Envs/srv-py3.13"),
        ("cd / && POETRY_VIRTUALENVS_IN_PROJECT=true poetry -C srv install", "/srv/.venv"),
        ("UV_PROJECT_ENVIRONMENT=/opt/v uv sync", "/opt/v"),
        ("cd / && UV_PROJECT=/srv uv sync", "/srv/.venv"),
        ("cd / && uv sync --project /srv", "/srv/.venv"),
        ("cd / && uv --directory srv sync", "/srv/.venv"),
        ("python -m venv /a && . /a/bin/activate && uv sync --active", "/a"),
    ],
)
def test_a_project_is_installed_where_it_is_told(
    stage: Stage, indexes: Indexes, command: str, folder: str
) -> None:
    stage.tree.add_file(
        "/srv/pyproject.toml", b'[project]\nname = "s"\nversion = "1"\ndependencies = ["gamma"]\n'
    )
    stage.run(f"cd /srv && {command}")
    assert "gamma" in stage.tree.directory(f"{folder}/lib/python3.13/site-packages").entries


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pip-compile -q --no-header --no-annotate", "alpha==9.0\nbeta==9.0\n"),
        ("pip-compile -q --no-header --no-annotate --allow-unsafe --resolver=backtracking"
         " -o requirements.txt requirements.in", "alpha==9.0\nbeta==9.0\n"),
        ("uv pip compile -q --no-header --no-annotate requirements.in > requirements.txt",
         "alpha==9.0\nbeta==9.0\n"),
    ],
)  # fmt: skip
def test_versions_are_found_in_a_run(
    stage: Stage, indexes: Indexes, command: str, expected: str
) -> None:
    stage.tree.add_file("/srv/requirements.in", b"alpha\n")
    stage.run(f"cd /srv && {command}")
    assert stage.tree.file("/srv/requirements.txt").data.decode() == expected
    stage.run("cd /srv && pip install -q gamma && pip-sync")
    assert stage.run("pip freeze") == expected
    with pytest.raises(UnsupportedCommandError, match="--dry-run"):
        stage.run("cd /srv && pip-compile --dry-run")
