"""Projects and workspaces of uv: what a build installs is what uv installs, of the same files.

uv itself installs each project once into an environment of this machine, from the same index.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import uv as uv_package

from tests.indexes import Indexes, indexes
from tests.packages.test_packages_pip import project_files
from tests.stages import EchoRunner

if TYPE_CHECKING:
    from tests.stages import Stage

__all__ = ["indexes"]  # a fixture

_TIMEOUT = 120
ROOT = """
[project]
name = "shop"
version = "1"
requires-python = ">=3.9"
dependencies = ["one", "alpha"]
[project.optional-dependencies]
web = ["gamma"]
[dependency-groups]
dev = ["delta"]
docs = ["delta", "gamma"]
[tool.uv]
default-groups = ["dev"]
[tool.uv.workspace]
members = ["packages/*"]
[tool.uv.sources]
one = { workspace = true }
alpha = { index = "corp" }
[[tool.uv.index]]
name = "corp"
url = "CORP"
explicit = true
"""
SOURCES = "[tool.uv.sources]\ntwo = { workspace = true }\n"


def files(found: Indexes) -> dict[str, str]:
    """A workspace of three; `one` needs `two`."""
    made = {"pyproject.toml": ROOT.replace("CORP", found.corp), "app.py": ""}
    for name, needs in (("one", ("two",)), ("two", ("beta",))):
        for path, text in project_files(name, "1.0", "", needs).items():
            more = SOURCES if path == "pyproject.toml" and name == "one" else ""
            # uv asks for editable ones; what is installed has the same name.
            more += "build_editable = build_wheel\n" if path == "backend.py" else ""
            made[f"packages/{name}/{path}"] = text + more
    return made


def native(folder: Path, project: dict[str, str], command: str) -> set[str]:
    """What uv installs: the names and versions in `.venv`."""
    for path, text in project.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    # One environment is named, so that no other one of this machine can be meant.
    environment = {**os.environ, "VIRTUAL_ENV": str(folder / ".venv"), "UV_NO_PROGRESS": "1"}
    programs = (Path(uv_package.find_uv_bin()).parent, Path(sys.executable).parent)
    environment["PATH"] = ":".join([*map(str, programs), os.environ["PATH"]])
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    done = subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, timeout=_TIMEOUT, check=False,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    found = (folder / ".venv").glob("lib/python*/site-packages/*.dist-info")
    return {path.name.removesuffix(".dist-info") for path in found}


def in_a_box(stage: Stage, project: dict[str, str], command: str) -> set[str]:
    for path, text in project.items():
        stage.tree.add_file(f"/srv/{path}", text.encode())
    stage.runner = EchoRunner()
    stage.run(f"cd /srv && {command}")
    folder = stage.tree.directory("/srv/.venv/lib/python3.13/site-packages")
    names = (name for name in folder.entries if name.endswith(".dist-info"))
    return {name.removesuffix(".dist-info") for name in names}


COMMANDS = [
    "uv sync",
    "uv sync --no-dev",
    "uv sync --all-packages",
    "uv sync --package two",
    "uv sync --package one --no-editable",
    "cd packages/one && uv sync",
    "uv sync --no-install-workspace",
    "uv sync --no-install-project",
    "uv sync --no-install-package alpha",
    "uv sync --no-install-local --group docs",
    "uv sync --only-group docs",
    "uv sync --only-dev",
    "uv sync --no-default-groups --extra web",
    "uv sync --all-extras --all-groups",
    "uv sync --all-extras --no-extra web --no-group dev",
    "uv sync && uv sync --no-dev",
    "uv sync && uv sync --no-dev --inexact",
    "uv lock && uv sync --locked --no-dev",
    "uv lock && uv sync --frozen --no-dev",
    "uv lock && rm -r packages app.py && uv sync --frozen --no-install-workspace",
    'uv lock && sed -i \'s/"alpha"]/"gamma"]/\' pyproject.toml && uv sync --no-dev',
    "uv venv -q && uv pip install -q -r pyproject.toml --group docs",
    "uv venv -q && uv pip install -q ./packages/one",
    "uv venv -q && uv pip install -q -e packages/one -e packages/two",
    "uv venv -q && uv pip install -q packages/two --group dev",
    "uv venv -q && uv pip install -q gamma && uv export -q --no-dev --no-hashes -o r.txt"
    " --no-emit-package alpha && uv pip sync -q r.txt",
    "uv run --no-dev --all-packages python -V",
    "mkdir new && cd new && uv init -q --bare --no-workspace && uv add -q alpha && cp -r .venv ..",
    "UV_NO_DEV=1 uv sync",
    "UV_NO_INSTALL_PROJECT=1 UV_NO_GROUP=dev uv sync",
    "UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_NO_CACHE=1 uv sync",
    "uv lock && UV_FROZEN=1 uv sync --no-dev",
    "UV_NO_SOURCES=1 uv sync --no-dev",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_build_installs_what_uv_installs(
    stage: Stage, indexes: Indexes, tmp_path: Path, command: str
) -> None:
    project = files(indexes)
    there = native(tmp_path / "native", project, command)
    assert in_a_box(stage, project, command) == there
    assert there


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("uv sync --frozen", "uv.lock"),
        ("uv sync --locked", "uv.lock"),
        ('uv lock && sed -i \'s/"alpha"]/"gamma"]/\' pyproject.toml && uv sync --locked', "lock"),
        ("uv sync --group nobody", "nobody"),
        ("uv sync --package nobody", "nobody"),
        ("uv sync --nothing", "--nothing"),
        ("rm -r packages && uv sync", "one"),
        ("UV_LOCKED=1 uv sync", "uv.lock"),
        ("UV_ISOLATED=1 uv sync", "UV_ISOLATED"),
    ],
)
def test_what_uv_refuses_is_refused(
    stage: Stage, indexes: Indexes, command: str, says: str
) -> None:
    with pytest.raises(Exception, match="uv") as error:
        in_a_box(stage, files(indexes), command)
    said = f"{error.value} {stage.heard.err.decode()}"
    assert says in said
    assert "/tmp" not in said
