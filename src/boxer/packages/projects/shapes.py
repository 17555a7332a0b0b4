"""Files of projects as data whose tables and lists are what their readers take them for.

Belongs here: which keys are tables, lists and texts. Does not: what they mean, and keys that nobody
here reads.

A shape is `dict`, `list` or `str`; a dict of shapes by key, where ANY is each key that is not
named; or a list with the shape of its items. What is missing fits.
"""

from __future__ import annotations

import posixpath
import tomllib
from typing import Any

from boxer.errors import PipUsageError, Where
from boxer.filetree import File, Tree

ANY = "*"
_GROUPS = {ANY: list}
BUILD_SYSTEM: dict[str, Any] = {
    "build-system": {"requires": [str], "build-backend": str, "backend-path": [str]}
}
PYPROJECT: dict[str, Any] = {
    **BUILD_SYSTEM,
    "project": {"dependencies": [str], "optional-dependencies": {ANY: [str]}},
    "dependency-groups": _GROUPS,
    "tool": {
        "poetry": {
            "name": str,
            "dependencies": dict,
            "dev-dependencies": dict,
            "extras": {ANY: [str]},
            "group": {ANY: {"dependencies": dict}},
            "source": [{"name": str, "url": str}],
        },
        "pdm": {"dev-dependencies": _GROUPS, "scripts": dict, "source": [dict], "resolution": dict},
        "uv": {"index": [dict], "sources": dict, "workspace": dict},
    },
}
LOCK = {"package": [{"name": str, "version": str}]}
PYLOCK = {
    "packages": [
        {
            "name": str,
            "vcs": dict,
            "directory": dict,
            "archive": dict,
            "sdist": dict,
            "wheels": [dict],
        }
    ]
}
PIPFILE: dict[str, Any] = {"source": [dict], ANY: dict}
PIPFILE_LOCK: dict[str, Any] = {"_meta": {"sources": [dict]}, ANY: {ANY: dict}}
_WORDS: dict[type, str] = {dict: "table", list: "list", str: "text"}


def read_project(tree: Tree, project: str, where: Where | None) -> dict[str, Any]:
    """A project's pyproject.toml; empty where there is none. Raises PipUsageError."""
    path = posixpath.join(project, "pyproject.toml")
    node = tree.get(path)
    try:
        return read_toml(node.data if isinstance(node, File) else b"", PYPROJECT)
    except ValueError as error:
        raise PipUsageError(f"`{path}` {error}.", where=where) from error


def read_toml(data: bytes, shape: dict[str, Any]) -> dict[str, Any]:
    """Raises `ValueError` that says what is wrong with it, to go behind the file's name."""
    try:
        read = tomllib.loads(data.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"is no TOML: {error}") from None
    check(read, shape)
    return read


def check(value: Any, shape: Any, name: str = "") -> None:
    """Raises as `read_toml`. name: the value's own, keys joined by dots."""
    kind = shape if isinstance(shape, type) else type(shape)
    fits: bool = isinstance(value, kind)
    if not fits:
        said = f"has a wrong `{name}`: it is" if name else "is"
        raise ValueError(f"{said} no {_WORDS[kind]}")
    if isinstance(shape, dict):
        for key, one in value.items():
            if (of := shape.get(key, shape.get(ANY))) is not None:
                check(one, of, f"{name}.{key}" if name else key)
    elif isinstance(shape, list):
        for one in value:
            check(one, shape[0], name)
