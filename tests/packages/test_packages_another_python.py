"""A stage on a base with another Python: what has a version in it follows the facts of the base."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from boxer.errors import RunFailedError
from boxer.images import Python
from boxer.instructions.run import run_shell_form
from boxer.packages.check import marker_environment
from boxer.packages.files import is_pure_wheel
from boxer.userland.ports import Ports
from tests.pythons import python_of

if TYPE_CHECKING:
    from tests.stages import EchoRunner, Stage

PYTHON = python_of("3.99.1")


@pytest.fixture
def stage(stage_of: Callable[[Python], Stage]) -> Stage:
    return stage_of(PYTHON)


@pytest.mark.parametrize(
    "command", ["pip", "pip3", "pip3.99", "python3.99 -m pip", "/usr/local/bin/python -m pip"]
)
def test_pip_has_the_names_and_the_folder_of_the_version(stage: Stage, command: str) -> None:
    said = stage.run(f"{command} --version")
    assert said.endswith("from /usr/local/lib/python3.99/site-packages/pip (python 3.99)\n")


def test_the_interpreter_is_run_by_its_versioned_name(
    stage: Stage, echo_runner: EchoRunner
) -> None:
    stage.runner = echo_runner
    assert stage.run("python3.99 app.py") == "ran /usr/local/bin/python3.99 app.py\n"


def test_a_virtual_environment_is_of_the_version(stage: Stage) -> None:
    stage.run("python -m venv /venv")
    assert stage.tree.get("/venv/lib/python3.99/site-packages") is not None
    assert stage.tree.resolve("/venv/bin/python3.99") == "/usr/local/bin/python3.99"
    assert b"\nversion = 3.99.1\n" in stage.tree.file("/venv/pyvenv.cfg").data


def test_markers_are_those_of_the_version() -> None:
    environment = marker_environment(PYTHON)
    assert environment["python_version"] == "3.99"
    assert environment["python_full_version"] == environment["implementation_version"] == "3.99.1"
    assert environment["platform_machine"] == "wasm32"


@pytest.mark.parametrize(
    ("tag", "fits"),
    [("py3", True), ("py39", True), ("py399", True), ("cp399", True), ("cp398", False)],
)
def test_pure_wheels_are_those_the_version_can_run(tag: str, fits: bool) -> None:
    assert is_pure_wheel(f"demo-1.0-{tag}-none-any.whl", PYTHON.series) is fits


def test_a_stage_without_python_has_no_pip(stage: Stage) -> None:
    ports = Ports(stage.heard)
    stage.tree.remove("/usr/local/bin", recursive=True)
    with pytest.raises(RunFailedError, match="127"):
        run_shell_form("pip install demo", stage.state, ports, None)
    assert b"there is no Python in this stage" in stage.heard.err
