"""A project of poetry's: what its pyproject.toml and its lock file ask to be installed.

Belongs here: [tool.poetry], [project] and the sources of packages. Does not: walking the lock
(`lockfiles`), installing (`installer`), poetry's command line (`userland.commands.poetry`).

With a lock, what is installed is what it lists for the groups; without one the resolver decides.
Source: Poetry, "Dependency specification", "Repositories".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from packaging.specifiers import SpecifierSet

from boxer.errors import PipUsageError, Where
from boxer.filetree import Tree
from boxer.packages.prefix import normalize
from boxer.packages.projects.constraints import specifier
from boxer.packages.projects.lockfiles import Need, name_of, need_of, read_lock
from boxer.packages.projects.pylock import Wanted
from boxer.packages.projects.shapes import read_project
from boxer.packages.requirements import LocalRequirement
from boxer.packages.sources import Index, Sources, from_version_control


def wanted(
    tree: Tree,
    project: str,
    groups: set[str],
    extras: set[str],
    markers: Mapping[str, str],
    where: Where | None,
) -> Wanted:
    """What the wanted groups come to. groups: names, `*` for all that are not optional, `-NAME` for
    one that is not wanted. extras: names, `*` for all. Raises ResolutionError, PipUsageError."""
    data = read_project(tree, project, where)
    tables = list(_dependencies(data, groups, extras))
    lock = read_lock(tree, f"{project}/poetry.lock", markers, where)
    if lock is not None:
        needs = [need for name, value in tables for need in _needs(name, value, markers)]
        return lock.wanted(needs)
    return _unlocked(data, project, tables, markers, where)


def _dependencies(
    data: dict[str, Any], groups: set[str], extras: set[str]
) -> Iterator[tuple[str, Any]]:
    """Names and what is said of them: a table of poetry's, or a line of pip's as a string that
    begins with the name."""
    settings = _settings(data)
    own = data.get("project", {})
    if _wanted("main", groups, False):
        lines = [*own.get("dependencies", []), *_optional(data, extras)]
        chosen = _extra_names(settings, extras)
        enriched = settings.get("dependencies", {})
        named = {normalize(name_of(line)) for line in lines}
        for line in lines:
            name = name_of(line)
            more = {normalize(k): v for k, v in enriched.items()}.get(normalize(name))
            yield name, {"line": line, **(more if isinstance(more, dict) else {})}
        for name, value in enriched.items():
            optional = isinstance(value, dict) and value.get("optional") and name not in chosen
            if name != "python" and normalize(name) not in named and not optional:
                yield name, value
    if _wanted("dev", groups, False):
        yield from settings.get("dev-dependencies", {}).items()
    for group, table in settings.get("group", {}).items():
        if _wanted(group, groups, bool(table.get("optional"))):
            yield from table.get("dependencies", {}).items()
    standard = data.get("dependency-groups", {})
    for group in standard:
        is_optional = bool(settings.get("group", {}).get(group, {}).get("optional"))
        if _wanted(group, groups, is_optional):
            for line in _group(standard, group):
                yield name_of(line), {"line": line}


def _group(groups: dict[str, Any], name: str) -> Iterator[str]:
    """A group's lines, with those of the groups it includes (PEP 735)."""
    for line in groups.get(name, []):
        if isinstance(line, dict):
            yield from _group(groups, str(line.get("include-group", "")))
        else:
            yield str(line)


def _needs(name: str, value: Any, markers: Mapping[str, str]) -> Iterator[Need]:
    for table in _choices(value, markers):
        marked = f"{name} ; {table['markers']}" if table.get("markers") else name
        need = need_of(str(table.get("line", marked)), markers)
        if need is not None:
            extras = need.extras | frozenset(map(str, table.get("extras", ())))
            yield Need(need.name, extras, str(table.get("version", "")))


def _choices(value: Any, markers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """What is said of a dependency, as tables, each for some Pythons and machines."""
    for one in value if isinstance(value, list) else [value]:
        table = one if isinstance(one, dict) else {"version": one}
        python = specifier(str(table.get("python", "")))
        if SpecifierSet(python).contains(markers["python_full_version"], prereleases=True):
            yield table


def _unlocked(
    data: dict[str, Any],
    project: str,
    tables: list[tuple[str, Any]],
    markers: Mapping[str, str],
    where: Where | None,
) -> Wanted:
    found = Wanted()
    pins: dict[str, str] = {}
    for name, value in tables:
        for table in _choices(value, markers):
            _add(name, table, project, found, where)
            if "source" in table:
                pins[normalize(name)] = str(table["source"])
    found.sources, found.options = _sources(data, pins, where)
    return found


def _add(
    name: str, table: Mapping[str, Any], project: str, found: Wanted, where: Where | None
) -> None:
    extras = f"[{','.join(table['extras'])}]" if table.get("extras") else ""
    marker = f" ; {table['markers']}" if table.get("markers") else ""
    path = table.get("path") or table.get("file")
    if path is not None:
        place = posixpath.normpath(posixpath.join(project, str(path)))
        found.local.append(LocalRequirement(place, extras, bool(table.get("develop"))))
    elif "git" in table:
        raise from_version_control(name, str(table["git"]), where)
    elif "url" in table:
        found.lines.append(f"{name}{extras} @ {table['url']}{marker}")
    elif "line" in table:
        found.lines.append(str(table["line"]))
    else:
        versions = specifier(str(table.get("version", "*")))
        found.lines.append(f"{name}{extras}{versions}{marker}")


def _sources(
    data: dict[str, Any], pins: Mapping[str, str], where: Where | None
) -> tuple[Sources, list[str]]:
    """The indexes the project states, and what uv is told of how to look through them. A source
    named PyPI is the user's own index; it is none where another is primary."""
    stated = _settings(data).get("source", [])
    kinds = {str(source.get("name", "")): _priority(source) for source in stated}
    unknown = set(pins.values()) - kinds.keys() - {"PyPI", "pypi"}
    if unknown:
        raise PipUsageError(
            f"The project names the source `{sorted(unknown)[0]}`, and does not say what it is.",
            where=where,
            hint="State it in pyproject.toml: [[tool.poetry.source]] with its name and url.",
        )
    users = next((kind for name, kind in kinds.items() if name.lower() == "pypi"), None)
    others = [s for s in stated if str(s.get("name", "")).lower() != "pypi" and s.get("url")]
    primary = [source for source in others if _priority(source) == "primary"]
    replaced = bool(primary) and users is None
    order = sorted(others, key=lambda source: _ORDER[_priority(source)])
    indexes = tuple(
        Index(
            str(source["name"]),
            str(source["url"]),
            explicit=_priority(source) == "explicit",
            default=replaced and source is primary[-1],
        )
        for source in order
    )
    known = {name: index for name, index in pins.items() if index.lower() != "pypi"}
    several = len(primary) + (not replaced) > 1 and bool(primary)
    return Sources(indexes, known), ["--index-strategy", "unsafe-best-match"] * several


_ORDER = {"primary": 0, "secondary": 1, "supplemental": 2, "explicit": 3}


def _priority(source: Mapping[str, Any]) -> str:
    stated = str(source.get("priority", "")).lower()
    if stated in _ORDER:
        return stated
    return "secondary" if source.get("secondary") else "primary"


def _settings(data: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = data.get("tool", {}).get("poetry", {})
    return found


def _wanted(group: str, groups: set[str], optional: bool) -> bool:
    wanted = group in groups or "**" in groups or ("*" in groups and not optional)
    return wanted and f"-{group}" not in groups


def _optional(data: dict[str, Any], extras: set[str]) -> list[str]:
    tables = data.get("project", {}).get("optional-dependencies", {})
    return [str(line) for name, lines in tables.items() if extras & {name, "*"} for line in lines]


def _extra_names(settings: dict[str, Any], extras: set[str]) -> set[str]:
    tables = settings.get("extras", {})
    return {str(n) for name, names in tables.items() if extras & {name, "*"} for n in names}


def requirement(word: str) -> str:
    """What `poetry add` is told, `click@^8`, as pip has it."""
    name, at, versions = word.partition("@")
    if not at or "://" in word:
        return word
    return name if versions == "latest" else f"{name}{specifier(versions)}"


def has_package(tree: Tree, project: str) -> bool:
    """Whether `poetry install` installs the project itself."""
    data = read_project(tree, project, None)
    settings = _settings(data)
    if settings.get("package-mode") is False or "build-system" not in data:
        return False
    name = str(settings.get("name") or data.get("project", {}).get("name") or "").replace("-", "_")
    listed = settings.get("packages")
    places = (name, f"src/{name}", f"{name}.py")
    return bool(listed) or any(tree.get(posixpath.join(project, place)) for place in places)
