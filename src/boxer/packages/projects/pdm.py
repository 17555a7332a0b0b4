"""A project of PDM's: requirements of its groups, the versions of its lock file, its scripts.

Belongs here: [project], [dependency-groups], [tool.pdm] and pdm.lock. Does not: installing
(`installer`), pdm's command line (`shell.commands.pdm`).

Source: PDM, "Manage Dependencies" and "PDM Scripts".
"""

from __future__ import annotations

import fnmatch
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from boxer.errors import Where
from boxer.filetree import Tree
from boxer.packages.prefix import normalize
from boxer.packages.projects.lockfiles import need_of, read_lock
from boxer.packages.projects.pylock import Wanted
from boxer.packages.projects.shapes import read_project
from boxer.packages.requirements import requirement_name
from boxer.packages.sources import Index, Sources


@dataclass(slots=True)
class Groups:
    """Which groups are wanted. named: by name; `:all` for all. default: the project's own; dev:
    those for development, which are there unless told otherwise. without: by name."""

    named: set[str] = field(default_factory=set)
    without: set[str] = field(default_factory=set)
    default: bool = True
    dev: bool = True


def wanted(
    tree: Tree,
    project: str,
    groups: Groups,
    markers: Mapping[str, str],
    where: Where | None,
) -> Wanted:
    """What the wanted groups come to. Raises ResolutionError, PipUsageError."""
    data = read_project(tree, project, where)
    lines = _requirements(data, groups)
    lock = read_lock(tree, f"{project}/pdm.lock", markers, where)
    if lock is None:
        found = Wanted(lines=lines, sources=_sources(data, lines))
        several = any(not index.explicit for index in found.sources.indexes)
        found.options = ["--index-strategy", "unsafe-best-match"] * several
        return found
    found = lock.wanted(need for line in lines if (need := need_of(line, markers)))
    found.sources = _sources(data, found.lines)
    return found


def _sources(data: dict[str, Any], lines: list[str]) -> Sources:
    """The indexes the project states; the one called pypi takes the place of the user's. What is
    included in one by its name is looked for in no other."""
    indexes, pins = [], {}
    for source in _pdm(data).get("source", []):
        name, patterns = str(source.get("name", "")), source.get("include_packages", [])
        if not source.get("url"):
            continue
        flat = source.get("type") == "find_links"
        whole = not patterns or "*" in patterns
        indexes.append(Index(name, str(source["url"]), not whole, name == "pypi", flat))
        for line in lines:
            package = normalize(requirement_name(line))
            if any(fnmatch.fnmatch(package, normalize(str(p))) for p in patterns) and not whole:
                pins[package] = name
    return Sources(tuple(indexes), pins)


def _requirements(data: dict[str, Any], groups: Groups) -> list[str]:
    """The requirements of the wanted groups, as lines of pip."""
    own = data.get("project", {})
    found = list(own.get("dependencies", [])) if groups.default else []
    for name, lines in own.get("optional-dependencies", {}).items():
        if _named(name, groups):
            found += lines
    development = {**_pdm(data).get("dev-dependencies", {}), **data.get("dependency-groups", {})}
    for name in development:
        if (groups.dev or _named(name, groups)) and name not in groups.without:
            found += _group(development, name)
    return [str(line) for line in found]


def _named(name: str, groups: Groups) -> bool:
    return bool(groups.named & {name, ":all"}) and name not in groups.without


def _group(groups: dict[str, Any], name: str) -> list[str]:
    """A group's lines, with those of the groups it includes (PEP 735)."""
    found: list[str] = []
    for line in groups.get(name, []):
        if isinstance(line, dict):
            found += _group(groups, str(line.get("include-group", "")))
        elif not str(line).startswith("-e "):
            found.append(str(line))
    return found


def is_package(tree: Tree, project: str) -> bool:
    """Whether `pdm install` installs the project itself."""
    data = read_project(tree, project, None)
    said = _pdm(data).get("distribution")
    return bool(said) if said is not None else "build-system" in data


def script(tree: Tree, project: str, argv: list[str]) -> str:
    """A command line of the shell for `pdm run WORDS`: a script of the project, or a program."""
    entry = _pdm(read_project(tree, project, None)).get("scripts", {}).get(argv[0])
    rest = shlex.join(argv[1:])
    if entry is None:
        return shlex.join(argv)
    if isinstance(entry, dict) and "composite" in entry:
        lines = [shlex.split(str(line)) for line in entry["composite"]]
        return " && ".join(script(tree, project, line) for line in lines)
    return f"{_command(entry)} {rest}".strip()


def _command(entry: Any) -> str:
    if isinstance(entry, str):
        return entry
    if "call" in entry:
        module, _, function = str(entry["call"]).partition(":")
        call = function if function.endswith(")") else f"{function}()"
        return shlex.join(["python", "-c", f"import sys, {module} as m; sys.exit(m.{call})"])
    command = entry.get("cmd", entry.get("shell", ""))
    return shlex.join(command) if isinstance(command, list) else str(command)


def _pdm(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data.get("tool", {}).get("pdm", {})
    return found
