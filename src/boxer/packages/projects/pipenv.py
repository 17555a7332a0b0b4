"""A project of pipenv's: Pipfile, Pipfile.lock, and where their packages come from.

Belongs here: reading them. Does not: pipenv's command line (`userland.commands.pipenv`).

Source: Pipenv, "Pipfile & Pipfile.lock", "Specifying Package Indexes".
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from typing import Any

from boxer.errors import PipUsageError, Where
from boxer.filetree import File, Tree
from boxer.packages.prefix import normalize
from boxer.packages.projects.pylock import Wanted
from boxer.packages.projects.shapes import PIPFILE, PIPFILE_LOCK, check, read_toml
from boxer.packages.requirements import LocalRequirement
from boxer.packages.sources import Index, Sources, from_version_control


def wanted(
    tree: Tree, project: str, groups: list[str], where: Where | None, *, locked: bool = True
) -> Wanted | None:
    """What groups of packages come to, `packages` and `dev-packages` those that have no other name.
    locked: by the lock, if there is one. None without either file. Raises PipUsageError."""
    data = _json(tree, f"{project}/Pipfile.lock", where) if locked else None
    found = Wanted(complete=data is not None)
    if data is not None:
        names = {"packages": "default", "dev-packages": "develop"}
        tables = [data.get(names.get(group, group), {}) for group in groups]
        stated = data.get("_meta", {}).get("sources", [])
    else:
        data = _toml(tree, f"{project}/Pipfile", where)
        if data is None:
            return None
        tables = [data.get(group, {}) for group in groups]
        stated = data.get("source", [])
    pins: dict[str, str] = {}
    for table in tables:
        for name, value in table.items():
            said = value if isinstance(value, dict) else {"version": value}
            _add(name, said, project, found, where)
            if "index" in said:
                pins[normalize(name)] = str(said["index"])
    found.sources = _sources(stated, pins)
    return found


def _sources(stated: list[dict[str, Any]], pins: Mapping[str, str]) -> Sources:
    """The first index is that of all packages that name none; called pypi, it is the user's."""
    indexes = [
        Index(str(source["name"]), str(source["url"]), explicit=place > 0, default=place == 0)
        for place, source in enumerate(stated)
        if source.get("name", "").lower() != "pypi" and "url" in source
    ]
    names = {index.name for index in indexes if index.explicit}
    known = {name: index for name, index in pins.items() if index in names}
    return Sources(tuple(indexes), known)


def _add(
    name: str, said: Mapping[str, Any], project: str, found: Wanted, where: Where | None
) -> None:
    extras = f"[{','.join(said['extras'])}]" if said.get("extras") else ""
    marker = f" ; {said['markers']}" if said.get("markers") else ""
    file = str(said.get("file", ""))
    path = said.get("path") or ("" if "://" in file else file) or None
    if path is not None:
        place = posixpath.normpath(posixpath.join(project, str(path)))
        found.local.append(LocalRequirement(place, extras, bool(said.get("editable"))))
    elif "git" in said:
        raise from_version_control(name, str(said["git"]), where)
    elif file:
        found.lines.append(f"{name}{extras} @ {file}{marker}")
    else:
        version = str(said.get("version", ""))
        hashes = [str(h) for h in said.get("hashes", []) if str(h).startswith("sha256:")]
        stated = "".join(f" --hash={h}" for h in hashes)
        found.lines.append(f"{name}{extras}{'' if version == '*' else version}{marker}{stated}")


def _json(tree: Tree, path: str, where: Where | None) -> dict[str, Any] | None:
    node = tree.get(path)
    if not isinstance(node, File):
        return None
    try:
        found: dict[str, Any] = json.loads(node.data)
    except ValueError as error:
        raise PipUsageError(f"`{path}` is no JSON: {error}.", where=where) from error
    try:
        check(found, PIPFILE_LOCK)
    except ValueError as error:
        raise PipUsageError(f"`{path}` {error}.", where=where) from error
    return found


def _toml(tree: Tree, path: str, where: Where | None) -> dict[str, Any] | None:
    node = tree.get(path)
    if not isinstance(node, File):
        return None
    try:
        return read_toml(node.data, PIPFILE)
    except ValueError as error:
        raise PipUsageError(f"`{path}` {error}.", where=where) from error
