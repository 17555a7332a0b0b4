"""Projects of pdm, poetry, hatch and uv in a RUN, against an index that is a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boxer.errors import BoxerError, UnsupportedCommandError
from tests.packages.test_packages_pip import Publish, project_files, publish
from tests.stages import EchoRunner
from tests.userland.test_userland_tools import programs

if TYPE_CHECKING:
    from tests.stages import Stage

__all__ = ["publish"]  # a fixture

PROJECT = """
[project]
name = "shop"
version = "1"
dependencies = ["alpha"]
[project.optional-dependencies]
web = ["beta"]
[dependency-groups]
test = ["gamma"]
all = [{include-group = "test"}]
[tool.pdm.dev-dependencies]
lint = ["-e file:///shop", "delta"]
[tool.pdm.scripts]
start = "python -m shop --port 8000"
plain.cmd = ["python", "-V"]
called.call = "shop.cli:main"
both.composite = ["plain", "start --quick"]
"""
LOCK = """
[metadata]
groups = ["default"]
[[package]]
name = "alpha"
version = "1.0"
[[package]]
name = "beta"
version = "1.0"
[[package]]
name = "gamma"
version = "1.0"
[[package]]
name = "delta"
version = "1.0"
"""


@pytest.fixture
def shop(stage: Stage, publish: Publish) -> Stage:
    """A stage with a project of PDM's in /srv."""
    for name, version in (("alpha", "1.0"), ("alpha", "2.0"), ("beta", "1.0"), ("gamma", "1.0")):
        publish(name, version)
    publish("delta", "1.0")
    stage.tree.add_file("/srv/pyproject.toml", PROJECT.encode())
    stage.tree.add_file("/srv/pdm.lock", LOCK.encode())
    return stage


@pytest.mark.parametrize(
    ("options", "installed"),
    [
        ("", {"alpha", "gamma", "delta"}),
        ("--prod --no-editable", {"alpha"}),
        ("--prod -G web", {"alpha", "beta"}),
        ("-G :all", {"alpha", "beta", "gamma", "delta"}),
        ("-dG test --without lint", {"alpha", "gamma"}),
        ("--no-default -G all", {"gamma"}),
    ],
)
def test_pdm_installs_the_groups_that_are_asked_for(
    shop: Stage, options: str, installed: set[str]
) -> None:
    shop.run(f"cd /srv && pdm install {options}")
    found = set(programs(shop, "/srv/.venv/lib/python3.13/site-packages"))
    assert found & {"alpha", "beta", "gamma", "delta"} == installed


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        ("mkdir __pypackages__ && pdm sync --prod", "/srv/__pypackages__/3.11/lib"),
        ("pdm install --prod -g", "/usr/local/lib/python3.13/site-packages"),
        ("python -m pdm -q install -p /srv", "/srv/.venv/lib/python3.13/site-packages"),
    ],
)
def test_pdm_installs_where_it_would(shop: Stage, script: str, folder: str) -> None:
    shop.python_asked = "3.11"
    shop.run(f"cd /srv && {script}")
    assert "alpha-1.0.dist-info" in programs(shop, folder)


def test_pdm_exports_the_versions_of_its_lock(shop: Stage) -> None:
    assert shop.run("cd /srv && pdm export --prod --without-hashes") == "alpha==1.0\n"
    shop.run("cd /srv && pdm export -G web -f requirements -o r.txt")
    assert shop.tree.file("/srv/r.txt").data == b"alpha==1.0\nbeta==1.0\n"


@pytest.mark.parametrize(
    ("words", "run"),
    [
        ("start -v", ["python -m shop --port 8000 -v"]),
        ("plain", ["python -V"]),
        ("both", ["python -V", "python -m shop --port 8000 --quick"]),
        ("called", ["python -c import sys, shop.cli as m; sys.exit(m.main())"]),
        ("python x.py", ["python x.py"]),
    ],
)
def test_pdm_runs_the_scripts_of_the_project(shop: Stage, words: str, run: list[str]) -> None:
    shop.runner = EchoRunner()
    written = shop.run(f"cd /srv && pdm run {words}")
    assert written == "".join(f"ran /usr/local/bin/{line}\n" for line in run)


def test_pdm_refuses_what_it_cannot_do(shop: Stage) -> None:
    with pytest.raises(UnsupportedCommandError, match="`pdm publish`"):
        shop.run("cd /srv && pdm publish")


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        ("uv build", "/srv/dist"),
        ("cd / && uv build --wheel srv --out-dir=/out", "/out"),
        ("poetry build -f wheel", "/srv/dist"),
        ("python -m poetry build --output=made", "/srv/made"),
        ("hatch build -t wheel -c", "/srv/dist"),
        ("python -m hatch build /made", "/made"),
        ("pdm build -d /made", "/made"),
        ("python -m build", "/srv/dist"),
        ("cd / && python3 -m build --wheel --outdir /made srv", "/made"),
    ],
)
def test_tools_of_projects_build_a_wheel(
    stage: Stage, publish: Publish, script: str, folder: str
) -> None:
    for path, text in project_files("alpha", "1.0").items():
        stage.tree.add_file(f"/srv/{path}", text.encode())
    stage.run(f"cd /srv && {script}")
    assert programs(stage, folder) == ["alpha-1.0-py3-none-any.whl"]
    stage.run(f"pip install {folder}/*.whl")


def test_a_tool_of_pipx_is_linked_from_an_environment_of_its_own(
    stage: Stage, publish: Publish
) -> None:
    publish("alpha", "1.0", sdist="pure")  # its wheel brings a program
    stage.run("pip install pipx && python -m pipx ensurepath && pipx install alpha==1.0")
    place = "/root/.local/share/pipx/venvs/alpha/bin/alpha"
    assert stage.tree.resolve("/root/.local/bin/alpha") == place
    stage.run("PIPX_BIN_DIR=/opt/bin pipx install 'poetry==1.7.1' && uv tool install pdm")
    assert programs(stage, "/opt/bin") == ["poetry"]
    assert programs(stage, "/root/.local/bin") == ["alpha", "pdm"]
    with pytest.raises(UnsupportedCommandError, match="`pipx run`"):
        stage.run("pipx run alpha")


def test_a_tool_that_pip_installs_is_a_module_too(stage: Stage, publish: Publish) -> None:
    stage.run("pip install poetry && python -m poetry --version && python -m virtualenv /v")
    module = stage.tree.file("/usr/local/lib/python3.13/site-packages/poetry/__main__.py")
    assert b"can be done when a box runs" in module.data
    assert stage.tree.get("/v/pyvenv.cfg") is not None


def test_a_tool_is_called_by_its_path(stage: Stage, publish: Publish) -> None:
    stage.run("pip install pdm poetry")
    assert stage.run("/usr/local/bin/pdm -V && /usr/local/bin/poetry -V").startswith("PDM, version")


BROKEN = [
    "[project\n",
    "tool = 3\n",
    "project = 3\n",
    "[tool]\npoetry = 3\npdm = 5\n",
    '[project]\nname = "a"\nversion = "1"\ndependencies = [1]\n',
    '[project]\nname = "a"\nversion = "1"\noptional-dependencies = 3\n',
    "[tool.poetry]\ndependencies = 3\n",
    "[tool.poetry.group]\ndev = 3\n",
    "[tool.poetry.extras]\nweb = 3\n",
    "[[tool.poetry.source]]\nname = 3\n",
    "[tool.pdm]\nscripts = 3\n",
    "[dependency-groups]\ndev = 3\n",
    "[tool.uv]\nindex = 3\n",
]


@pytest.mark.parametrize("command", ["poetry install", "pdm install", "pdm run x"])
@pytest.mark.parametrize("text", BROKEN)
def test_a_project_whose_file_is_none_is_told(stage: Stage, text: str, command: str) -> None:
    stage.tree.add_file("/srv/pyproject.toml", text.encode())
    with pytest.raises(BoxerError) as caught:
        stage.run(f"cd /srv && {command}")
    assert caught.value.message.startswith("`/srv/pyproject.toml` ")
    assert caught.value.where is not None


@pytest.mark.parametrize(
    ("file", "text", "command"),
    [
        ("poetry.lock", "package = 3\n", "poetry install"),
        ("poetry.lock", "[[package]]\nname = 3\n", "poetry install"),
        ("pdm.lock", "package = [3]\n", "pdm install"),
        ("Pipfile", "packages = 3\n", "pipenv install --skip-lock"),
        ("Pipfile.lock", "3", "pipenv sync"),
        ("Pipfile.lock", '{"default": 3}', "pipenv sync"),
        ("Pipfile.lock", '{"default": {"a": 3}}', "pipenv sync"),
    ],
)
def test_a_lock_file_that_is_none_is_told(stage: Stage, file: str, text: str, command: str) -> None:
    project = '[project]\nname = "a"\nversion = "1"\n[tool.poetry]\n'
    stage.tree.add_file("/srv/pyproject.toml", project.encode())
    stage.tree.add_file("/srv/Pipfile", b"")
    stage.tree.add_file(f"/srv/{file}", text.encode())
    with pytest.raises(BoxerError) as caught:
        stage.run(f"cd /srv && {command}")
    assert caught.value.message.startswith(f"`/srv/{file}` ")
    assert caught.value.where is not None
