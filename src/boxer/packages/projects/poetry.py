"""A project of poetry's: requirements in its own words, and the versions of its lock file.

Belongs here: [tool.poetry], [project] and poetry.lock as requirements of pip. Does not: installing
(`installer`), poetry's command line (`shell.commands.poetry`).

The lock's versions are constraints: what is installed is what the groups ask for, at its versions.
"""

from __future__ import annotations

import posixpath
import re
import tomllib
from typing import Any

from boxer.filetree import Tree
from boxer.packages.projects.lockfiles import pinned_versions

_NUMBERS = re.compile(r"\d+")


def requirements(tree: Tree, project: str, groups: set[str], extras: set[str]) -> list[str]:
    """The requirements of the wanted groups. groups: names, `*` for all that are not optional,
    `-NAME` for one that is not wanted. extras: names, `*` for all."""
    data = _read(tree, f"{project}/pyproject.toml")
    settings = data.get("tool", {}).get("poetry", {})
    found: list[str] = []
    if _wanted("main", groups, False):
        found += [str(line) for line in data.get("project", {}).get("dependencies", [])]
        found += _optional(data, extras)
        chosen = _extra_names(settings, extras)
        for name, value in settings.get("dependencies", {}).items():
            if name != "python":
                found += _lines(name, value, chosen)
    if _wanted("dev", groups, False):
        for name, value in settings.get("dev-dependencies", {}).items():
            found += _lines(name, value, set())
    for group, table in settings.get("group", {}).items():
        if _wanted(group, groups, bool(table.get("optional"))):
            for name, value in table.get("dependencies", {}).items():
                found += _lines(name, value, set())
    return found


def _wanted(group: str, groups: set[str], optional: bool) -> bool:
    return f"-{group}" not in groups and (group in groups or ("*" in groups and not optional))


def _optional(data: dict[str, Any], extras: set[str]) -> list[str]:
    tables = data.get("project", {}).get("optional-dependencies", {})
    return [str(line) for name, lines in tables.items() if extras & {name, "*"} for line in lines]


def _extra_names(settings: dict[str, Any], extras: set[str]) -> set[str]:
    tables = settings.get("extras", {})
    return {str(n) for name, names in tables.items() if extras & {name, "*"} for n in names}


def constraints(tree: Tree, project: str) -> list[str]:
    """`NAME==VERSION` for all of poetry.lock; empty without one."""
    return pinned_versions(tree, f"{project}/poetry.lock")


def has_package(tree: Tree, project: str) -> bool:
    """Whether `poetry install` installs the project itself."""
    data = _read(tree, f"{project}/pyproject.toml")
    settings = data.get("tool", {}).get("poetry", {})
    if settings.get("package-mode") is False or "build-system" not in data:
        return False
    name = str(settings.get("name") or data.get("project", {}).get("name") or "").replace("-", "_")
    listed = settings.get("packages")
    places = (name, f"src/{name}", f"{name}.py")
    return bool(listed) or any(tree.get(posixpath.join(project, place)) for place in places)


def _read(tree: Tree, path: str) -> dict[str, Any]:
    try:
        return tomllib.loads(tree.file(path).data.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return {}


def _lines(name: str, value: Any, chosen: set[str]) -> list[str]:
    """One dependency; a list holds one for each marker."""
    if isinstance(value, list):
        return [line for one in value for line in _lines(name, one, chosen)]
    if isinstance(value, str):
        return [f"{name}{specifier(value)}"]
    if value.get("optional") and name not in chosen:
        return []
    extras = f"[{','.join(value['extras'])}]" if value.get("extras") else ""
    marker = f" ; {value['markers']}" if value.get("markers") else ""
    for kind in ("path", "file"):
        if kind in value:
            path = str(value[kind])
            return [path if path.startswith((".", "/")) else f"./{path}"]
    if "url" in value:
        return [f"{name}{extras} @ {value['url']}{marker}"]
    if "git" in value:
        return [f"{name} @ git+{value['git']}"]
    return [f"{name}{extras}{specifier(str(value.get('version', '*')))}{marker}"]


def specifier(text: str) -> str:
    """Poetry's version constraints as PEP 440 has them: `^1.2` is `>=1.2,<2`."""
    parts = [part.strip() for part in text.replace("||", "|").split("|")[-1].split(",")]
    return ",".join(filter(None, (_one(part) for part in parts)))


def _one(text: str) -> str:
    if text in ("*", ""):
        return ""
    if text[0] == "^":
        return _range(text[1:], _caret)
    if text[0] == "~" and text[1:2] != "=":
        return _range(text[1:].strip(), _tilde)
    if text[0].isdigit():
        return f"=={text}"
    return text.replace(" ", "")


def _range(version: str, upper: Any) -> str:
    numbers = [int(n) for n in _NUMBERS.findall(version.split("-")[0])][:3]
    return f">={version},<{'.'.join(map(str, upper(numbers)))}"


def _caret(numbers: list[int]) -> list[int]:
    for place, number in enumerate(numbers):
        if number or place == len(numbers) - 1:
            return [*numbers[:place], number + 1]
    return [1]


def _tilde(numbers: list[int]) -> list[int]:
    return [numbers[0] + 1] if len(numbers) == 1 else [numbers[0], numbers[1] + 1]
