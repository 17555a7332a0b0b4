"""A project or wheel that is not for the box's Python stops the build, and says why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from boxer.errors import ResolutionError
from boxer.instructions.run import run_shell_form
from boxer.packages.pythonrange import require_python
from tests.pythons import python_of
from tests.stages import WHERE

if TYPE_CHECKING:
    from tests.stages import Stage

PYTHON = python_of("3.13.5")
BACKEND = """\
import pathlib, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "slow-1-py3-none-any.whl"
    text = pathlib.Path("METADATA").read_text()
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("slow-1.dist-info/METADATA", text)
        wheel.writestr("slow-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr("slow-1.dist-info/RECORD", "")
        wheel.writestr("slow.py", "")
    return name
"""
SETTINGS = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def project(stage: Stage, settings: str, stated: str) -> None:
    metadata = f"Metadata-Version: 2.1\nName: slow\nVersion: 1\n{stated}\n"
    files = {"pyproject.toml": SETTINGS + settings, "backend.py": BACKEND, "METADATA": metadata}
    for name, text in files.items():
        stage.tree.make_directories("/p")
        stage.tree.add_file(f"/p/{name}", text.encode(), 0o644)


MODERN = '[project]\nname = "slow"\nversion = "1"\nrequires-python = ">=3.14"\n'
POETRY = (
    '[tool.poetry]\nname = "slow"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.14"\n'
)


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        (MODERN, "pip install /p"),
        (MODERN, "pip install -e /p"),
        (MODERN, "uv pip install --system /p"),
        (MODERN, "cd /p && uv sync"),
        (MODERN, "cd /p && pdm install"),
        (MODERN, "cd /p && poetry install"),
        (POETRY, "cd /p && poetry install --no-root"),
    ],
)
def test_a_project_for_a_later_python_stops_the_build(
    stage: Stage, settings: str, command: str
) -> None:
    project(stage, settings, "Requires-Python: >=3.14")
    with pytest.raises(ResolutionError, match=r"3\.14") as caught:
        stage.run(command)
    assert "3.13" in caught.value.message
    assert "Traceback" not in caught.value.message


def test_what_a_wheel_says_of_itself_counts(stage: Stage) -> None:
    project(stage, '[project]\nname = "slow"\nversion = "1"\n', "Requires-Python: <3.13")
    with pytest.raises(ResolutionError, match=r"`slow 1` is for Python <3\.13; the box has"):
        stage.run("pip install /p")


def test_a_project_for_the_python_that_from_names_is_installed(stage: Stage) -> None:
    project(stage, MODERN.replace(">=3.14", "<3.10"), "Requires-Python: <3.10")
    ports = replace(stage.ports, python_asked="3.9")
    run_shell_form("pip install /p", stage.state, ports, WHERE)
    assert stage.tree.get("/usr/local/lib/python3.13/site-packages/slow.py") is not None


ALLOWED = [">=3.8", ">=3.9,<4", "^3.9", "~3.9 || >=3.13", "==3.13.*", "*", "", "no constraint"]
EXCLUDED = [">=3.14", "<3.13", "^3.14", "~3.12", "3.9.*", "!=3.13.*", ">=3.9,<3.13"]


@pytest.mark.parametrize("spec", ALLOWED)
def test_ranges_that_allow_the_python_pass(spec: str) -> None:
    require_python(spec, "It", PYTHON, "", None)


@pytest.mark.parametrize("spec", EXCLUDED)
def test_ranges_that_exclude_the_python_are_refused(spec: str) -> None:
    with pytest.raises(ResolutionError) as caught:
        require_python(spec, "It", PYTHON, "", None)
    assert caught.value.message == f"It is for Python {spec}; the box has Python 3.13.5."
