"""A project of uv's: what its lock file, or its pyproject.toml, asks to be installed.

Belongs here: finding the project, asking uv for the pinned requirements. Does not: installing them
(`installer`), uv's command line (`shell.commands.uv`).

uv itself reads the project: its pyproject.toml and uv.lock, and those of workspace members, are
laid out on this machine's disk; nothing else of the box is. With a lock file nothing is resolved.
"""

from __future__ import annotations

import posixpath
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boxer.ending import temporary_folder
from boxer.errors import ResolutionError, Where
from boxer.filetree import Directory, File, Tree
from boxer.packages.uv import explain, run_uv

_TIMEOUT_SECONDS = 900.0
_CARRIED = ("extra", "no-extra", "group", "no-group", "only-group", "package")
_SWITCHES = (
    "no-dev", "only-dev", "all-extras", "all-groups", "no-default-groups", "all-packages",
)  # fmt: skip
_REQUIRES = re.compile(r"^requires-python\s*=\s*[\"'][^\"']*[\"']", re.MULTILINE)
_ENVIRONMENTS = re.compile(r"^environments\s*=\s*\[[^\]]*\]", re.MULTILINE)
_UV_TABLE = re.compile(r"^\[tool\.uv\][^\n]*$", re.MULTILINE)
_NEEDED = (
    "pyproject.toml",
    "uv.lock",
    "README.md",
    "README.rst",
    "README",
    "setup.py",
    "setup.cfg",
)


@dataclass(slots=True)
class Selection:
    """What of a project is wanted: options that have values, and those that have none."""

    chosen: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    switches: set[str] = field(default_factory=set)


def find_project(tree: Tree, cwd: str) -> str | None:
    """The folder of the nearest pyproject.toml, as uv looks for it."""
    folder = cwd
    while True:
        if isinstance(tree.get(posixpath.join(folder, "pyproject.toml")), File):
            return folder
        if folder == "/":
            return None
        folder = posixpath.dirname(folder)


def is_package(tree: Tree, project: str) -> bool:
    """Whether the project is installed itself: it has a build system, or says so."""
    data = _settings(tree, project)
    said = data.get("tool", {}).get("uv", {}).get("package")
    return bool(said) if said is not None else "build-system" in data


def _settings(tree: Tree, project: str) -> dict[str, Any]:
    try:
        return tomllib.loads(tree.file(f"{project}/pyproject.toml").data.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return {}


def locked_requirements(
    tree: Tree,
    project: str,
    selection: Selection,
    environment: Mapping[str, str],
    python_version: str,
    where: Where | None,
) -> list[str]:
    """Pinned requirements, as lines of a requirements file. Raises ResolutionError."""
    locked = isinstance(tree.get(posixpath.join(project, "uv.lock")), File)
    if not locked and selection.switches & {"frozen", "locked"}:
        raise ResolutionError(
            "There is no `uv.lock` beside the project's pyproject.toml in the box.",
            where=where,
            hint="COPY it before this RUN, or make it: `uv lock`.",
        )
    arguments = ["export", "--quiet", "--no-hashes", "--no-header", "--no-annotate"]
    arguments += ["--no-emit-workspace", "--format", "requirements-txt"]
    arguments += ["--python", sys.executable]
    if locked:
        arguments.append("--frozen")
    for name in _SWITCHES:
        if name in selection.switches:
            arguments.append(f"--{name}")
    for name in _CARRIED:
        for value in selection.chosen[name]:
            arguments += [f"--{name}", value]
    for value in selection.chosen["no-install-package"]:
        arguments += ["--no-emit-package", value]
    with temporary_folder("boxer-project-") as own:
        folder = own / (posixpath.basename(project) or "project")
        _lay_out(tree.directory(project), folder)
        if not locked:
            _allow_this_python(folder / "pyproject.toml", python_version)
        arguments += ["--project", str(folder)]
        result = run_uv(
            arguments, {**environment, "UV_PYTHON_DOWNLOADS": "never"}, _TIMEOUT_SECONDS
        )
        if result.status != 0:
            raise ResolutionError(
                f"The project's packages cannot be found: {explain(result.message, folder)}",
                where=where,
                hint="See whether `uv lock` works beside the Dockerfile.",
            )
    return [line for line in result.output.splitlines() if line and line[0] not in " #-"]


def _allow_this_python(path: Path, version: str) -> None:
    """uv resolves for all versions the project states, and wants this machine's to be one of them:
    both are stated, and the box's alone is resolved for."""
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    text = _REQUIRES.sub(f'requires-python = ">={ours}"', path.read_text("utf-8", "replace"))
    text = _ENVIRONMENTS.sub("", text)
    line = f"environments = [\"python_full_version >= '{version}' and sys_platform == 'linux'\"]\n"
    table = _UV_TABLE.search(text)
    if table:
        text = f"{text[: table.end()]}\n{line}{text[table.end() :]}"
    else:
        text = f"{text}\n\n[tool.uv]\n{line}"
    path.write_text(text, "utf-8")


def _lay_out(node: Directory, path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    for name, child in node.sorted_entries():
        if isinstance(child, File) and name in _NEEDED:
            (path / name).write_bytes(child.data)
        elif isinstance(child, Directory) and name not in (".venv", "node_modules", ".git"):
            _lay_out(child, path / name)
