"""What is said of packages that cannot run in a box, derived from the files of the index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boxer.errors import NativePackageError
from tests.indexes import Indexes, indexes
from tests.packages.test_packages_pip import BACKEND
from tests.stages import EchoRunner

if TYPE_CHECKING:
    from tests.stages import Stage

__all__ = ["indexes"]  # a fixture

LINUX = "cp313-cp313-manylinux_2_17_x86_64"


def refused(stage: Stage, command: str) -> NativePackageError:
    with pytest.raises(NativePackageError) as error:
        stage.run(command)
    assert "/tmp" not in f"{error.value.message} {error.value.hint}"
    return error.value


def test_rust_is_said_first_with_who_needs_it(stage: Stage, indexes: Indexes) -> None:
    indexes.put_rust("ferrous", "2.0")
    indexes.put("public", "user", "1.0", ("ferrous",))
    error = refused(stage, "pip install user")
    assert error.message == (
        "`ferrous 2.0` has Rust in it, and the Rust compiler has not been made on this machine."
        " `user` needs it."
    )
    assert "make rust" in str(error.hint)


@pytest.mark.parametrize(
    ("older", "asked", "installed"),
    [
        ("2.0", "ferrous", "ferrous==2.0"),
        ("2.0", "ferrous>=2", "ferrous==2.0"),
        ("2.0", "ferrous==2.5", None),
        ("1.0", "ferrous", None),
    ],
)
def test_the_last_version_without_rust_is_taken_where_none_is_pinned(
    stage: Stage, indexes: Indexes, older: str, asked: str, installed: str | None
) -> None:
    indexes.put_rust("ferrous", "2.5")
    indexes.put("public", "ferrous", older)
    if installed is None:
        assert f"ferrous=={older}" in str(refused(stage, f"pip install '{asked}'").hint)
        return
    stage.run(f"pip install '{asked}'")
    assert stage.run("pip freeze").strip() == installed
    assert any(f"`ferrous<={older}`" in notice for notice in stage.heard.notices)


def test_a_version_of_0_is_of_no_other_line(stage: Stage, indexes: Indexes) -> None:
    indexes.put_rust("ferrous", "0.2.1")
    indexes.put("public", "ferrous", "0.0.1")
    assert "Rust" in refused(stage, "pip install ferrous").message


def test_all_that_were_asked_for_are_told_and_what_comes_with_them_is_not(
    stage: Stage, indexes: Indexes
) -> None:
    indexes.put("public", "cuda", "1.0", tag=LINUX)
    indexes.put("public", "scipy", "1.0", tag=LINUX)
    indexes.put("public", "torch", "1.0", ("cuda",), tag=LINUX)
    error = refused(stage, "pip install torch scipy")
    said = f"{error.message} {error.hint}"
    assert "`scipy 1.0`" in said
    assert "`torch 1.0`" in said
    assert "cuda" not in said


def test_advice_speaks_of_packages_that_have_a_part_in_it(stage: Stage, indexes: Indexes) -> None:
    indexes.put("public", "uvloop", "3.0", tag=LINUX)
    indexes.put("public", "bin", "1.0", ("uvloop",))
    error = refused(stage, "pip install bin")
    assert error.hint == ("Do without `bin`, or ask for a version of it that needs no `uvloop`.")


@pytest.mark.parametrize(
    ("marker", "left_out"),
    [
        ("sys_platform == 'linux'", True),
        ("platform_system != 'Windows'", True),
        ("platform_machine != 'arm64' and os_name == 'posix'", True),
        ("python_version >= '3.9'", False),
        ("implementation_name == 'cpython'", False),
        ("sys_platform != 'cygwin'", False),
    ],
)
def test_what_only_some_machines_need_is_left_out(
    stage: Stage, indexes: Indexes, marker: str, left_out: bool
) -> None:
    indexes.put("public", "secret", "1.0", tag=LINUX)
    indexes.put("public", "desktop", "1.0", ("secret", "beta"))
    indexes.put("public", "ring", "1.0", (f"desktop ; {marker}", "gamma"))
    if not left_out:
        assert "`secret 1.0`" in refused(stage, "pip install ring").message
        return
    stage.run("pip install ring")
    assert stage.run("pip freeze") == "gamma==9.0\nring==1.0\n"
    assert any("`desktop`" in notice and "`secret`" in notice for notice in stage.heard.notices)
    assert "`secret 1.0`" in refused(stage, "pip install desktop").message
    text = '[project]\nname = "s"\nversion = "1"\ndependencies = ["ring"]\n'
    stage.tree.add_file("/srv/pyproject.toml", text.encode())
    stage.run("cd /srv && uv lock && uv sync --locked")
    entries = stage.tree.directory("/srv/.venv/lib/python3.13/site-packages").entries
    assert {n for n in entries if n.endswith("-info")} == {
        "gamma-9.0.dist-info",
        "ring-1.0.dist-info",
    }


PROJECT = """
[project]
name = "shop"
version = "1"
requires-python = ">=3.10"
dependencies = {dependencies}
{more}
[[tool.uv.index]]
url = "{index}"
default = true
"""
BUILD = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def project(stage: Stage, indexes: Indexes, dependencies: list[str], more: str = "") -> None:
    """A project of uv's in /srv, without a lock file."""
    text = PROJECT.format(dependencies=dependencies, more=more, index=indexes.public)
    stage.tree.add_file("/srv/pyproject.toml", text.encode())
    for name in ("bcrypt", "matplotlib"):
        indexes.put("public", name, "3.2.2")
        indexes.put("public", name, "50.0", tag=LINUX)


@pytest.mark.parametrize(
    ("dependencies", "more"),
    [
        (["bcrypt", "matplotlib"], ""),
        (["bcrypt"], '[dependency-groups]\ndev = ["matplotlib"]\n[tool.uv] # ours\n'),
        (["bcrypt"], '[dependency-groups]\ndev = ["matplotlib"]\n[tool.uv.sources]\n'),
        (["bcrypt", "matplotlib"], '[tool.uv]\nconstraint-dependencies = ["matplotlib<4"]\n'),
    ],
)
@pytest.mark.parametrize("command", ["uv sync", "uv run python -V", "uv lock && uv sync --locked"])
def test_uv_takes_versions_that_work_where_no_lock_says_others(
    stage: Stage, indexes: Indexes, dependencies: list[str], more: str, command: str
) -> None:
    project(stage, indexes, dependencies, more)
    written = stage.tree.file("/srv/pyproject.toml").data
    stage.runner = EchoRunner()
    stage.run(f"cd /srv && {command}")
    frozen = stage.run("cd /srv && uv pip freeze --python .venv")
    assert {"bcrypt==3.2.2", "matplotlib==3.2.2"} <= set(frozen.split())
    # The lock file is one of the project as it stands.
    assert stage.tree.file("/srv/pyproject.toml").data == written
    assert stage.run("cd /srv && uv sync --locked && echo agrees").endswith("agrees\n")


def test_what_one_pin_forbids_is_kept_to_by_the_others(stage: Stage, indexes: Indexes) -> None:
    indexes.put("public", "pynacl", "50.0", tag=LINUX)
    project(stage, indexes, ["pynacl", "matplotlib"])
    for command in ("uv sync", f"pip install -i {indexes.public} pynacl matplotlib"):
        error = refused(stage, f"cd /srv && {command}")
        assert error.message.startswith("`pynacl 50.0` cannot run in a box")
        assert "matplotlib" not in str(error.hint)


def test_a_project_that_asks_for_what_cannot_be_built_gets_what_can(
    stage: Stage, indexes: Indexes
) -> None:
    """Its own pin is let go, as those of a list of requirements are."""
    indexes.put("public", "bcrypt", "4.2.0", tag=LINUX)  # it takes the Rust compiler
    project(stage, indexes, ["bcrypt>=4.0.1"], BUILD)
    backend = BACKEND.format(
        name="shop", version="1", native="", requires="Requires-Dist: bcrypt>=4.0.1\\n"
    )
    stage.tree.add_file("/srv/backend.py", backend.encode())
    stage.run("cd /srv && uv sync && uv sync")
    assert "bcrypt==3.2.2" in stage.run("cd /srv && uv pip freeze --python .venv")
    indexes.put("public", "pwdlib", "1.0", ("bcrypt>=4.1.2",))
    stage.run(f"pip install -i {indexes.public} pwdlib")
    assert "bcrypt==3.2.2" in stage.run("pip freeze")


@pytest.mark.parametrize("command", ["uv sync", "pip install beta ruff", "pip install linted"])
def test_programs_that_work_on_a_project_are_left_out(
    stage: Stage, indexes: Indexes, command: str
) -> None:
    indexes.put("public", "ruff", "50.0", tag=LINUX)
    indexes.put("public", "linted", "1.0", ("ruff", "beta"))
    project(stage, indexes, ["beta"], '[dependency-groups]\ndev = ["ruff"]\n')
    stage.run(f"cd /srv && {command}")
    environment = " --python .venv" if command == "uv sync" else ""
    assert "beta==9.0" in stage.run(f"cd /srv && uv pip freeze{environment}")
    assert any("`ruff`: not installed" in notice for notice in stage.heard.notices)


def test_a_program_that_is_asked_for_alone_is_refused(stage: Stage, indexes: Indexes) -> None:
    indexes.put("public", "ruff", "50.0", tag=LINUX)
    assert "`ruff 50.0` cannot run in a box" in refused(stage, "pip install ruff").message


def test_what_a_lock_file_says_is_kept_to(stage: Stage, indexes: Indexes) -> None:
    project(stage, indexes, ["matplotlib>=50"])
    with pytest.raises(NativePackageError):
        stage.run("cd /srv && uv lock && uv sync")
    stage.run("cd /srv && sed -i 's/>=50//' pyproject.toml")
    assert "50.0" in refused(stage, "cd /srv && uv sync").message


def test_uv_takes_the_last_version_that_needs_no_build(stage: Stage, indexes: Indexes) -> None:
    indexes.put_rust("ferrous", "2.5")
    indexes.put("public", "ferrous", "2.0")
    project(stage, indexes, ["ferrous"])
    stage.run("cd /srv && uv sync")
    assert "ferrous==2.0" in stage.run("cd /srv && uv pip freeze --python .venv")
    assert any("`ferrous<=2.0`" in notice for notice in stage.heard.notices)
    assert stage.run("cd /srv && uv sync --locked && echo agrees").endswith("agrees\n")
