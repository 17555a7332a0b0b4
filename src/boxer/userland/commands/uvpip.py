"""`uv pip`: what it has beyond pip.

Belongs here: which environment it means, `sync`, `compile`, and projects as requirements. Does not:
the rest of uv (`uv`), installing (`pip`).
"""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from boxer.errors import PipUsageError
from boxer.filetree import File
from boxer.userland.commands.pip import pip
from boxer.userland.invocation import Invocation

_FILES = ("-r", "--requirement", "--requirements")
_EXTRAS = ("--extra", "--all-extras", "--group")
_OUTPUT = ("-o", "--output-file")


def uv_pip(call: Invocation, arguments: list[str]) -> int:
    """`uv pip`: into the environment it is told, that is active, or that lies in the folder."""
    argv, chosen = [], None
    system = call.env.get("UV_SYSTEM_PYTHON", "").lower() in ("1", "true")
    rest = iter(arguments)
    for word in rest:
        if word in ("--python", "-p"):
            chosen = next(rest, None)
        elif word.startswith("--python="):
            chosen = word.partition("=")[2]
        elif word == "--system":
            system = True
        else:
            argv.append(word)
    root = None
    if chosen and "/" in chosen:
        path = call.path(chosen)
        root = (
            path
            if call.tree.get(f"{path}/pyvenv.cfg")
            else posixpath.dirname(posixpath.dirname(path))
        )
    elif not system:
        root = call.env.get("VIRTUAL_ENV") or call.path(".venv")
    if root and isinstance(call.tree.get(f"{root}/pyvenv.cfg"), File):
        call.env = activated(call.env, root)
    argv = _synced(argv)
    if argv[:1] == ["compile"]:
        return _compile(call, argv[1:])
    call.arguments = _with_projects(call, argv)
    return pip(call)


def _synced(argv: list[str]) -> list[str]:
    """`uv pip sync FILE` installs what the files name, and removes nothing in a build."""
    if argv[:1] != ["sync"]:
        return argv
    found = ["install"]
    for word in argv[1:]:
        found += ["-r", word] if not word.startswith("-") else [word]
    return found


def _with_projects(call: Invocation, argv: list[str]) -> list[str]:
    """The arguments with what a pyproject.toml requires in the place of `-r pyproject.toml`."""
    kept: list[str] = []
    projects: list[str] = []
    extras: list[str] = []
    rest = iter(argv)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in _FILES:
            value = value if equals else next(rest, "")
            if posixpath.basename(value) == "pyproject.toml":
                projects.append(value)
            else:
                kept += ["-r", value]
        elif name in _EXTRAS:
            extras.append(name if name == "--all-extras" else value if equals else next(rest, ""))
        else:
            kept.append(word)
    for path in projects:
        kept += _requirements(call, path, extras)
    return kept


def _requirements(call: Invocation, path: str, extras: list[str]) -> Iterator[str]:
    """The requirements of a project: its own, of the extras and of dependency groups."""
    node = call.node(path)
    if not isinstance(node, File):
        raise PipUsageError(
            f"There is no `{path}` in the box.",
            where=call.where,
            hint="COPY it before this RUN; paths are those of the box.",
        )
    try:
        data: dict[str, Any] = tomllib.loads(node.data.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError as error:
        raise PipUsageError(f"`{path}` is no TOML: {error}.", where=call.where) from error
    project = data.get("project", {})
    yield from project.get("dependencies", [])
    tables = {**project.get("optional-dependencies", {}), **data.get("dependency-groups", {})}
    for extra in tables if "--all-extras" in extras else extras:
        yield from (line for line in tables.get(extra, []) if isinstance(line, str))


def _compile(call: Invocation, argv: list[str]) -> int:
    """`uv pip compile`: the requirements as they stand; an install finds the versions."""
    kept: list[str] = []
    output = None
    rest = iter(argv)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in _OUTPUT:
            output = value if equals else next(rest, "")
        elif posixpath.basename(word) == "pyproject.toml":
            kept += ["-r", word]
        elif name in (*_FILES, *_EXTRAS):
            kept += [word] if equals or name == "--all-extras" else [word, next(rest, "")]
        elif not word.startswith("-"):
            node = call.node(word)
            kept += (
                node.data.decode("utf-8", "replace").splitlines() if isinstance(node, File) else []
            )
    text = "".join(f"{line}\n" for line in _with_projects(call, kept))
    call.notice(
        "`uv pip compile` in a RUN writes what is asked for; an install finds the versions."
    )
    if output is None:
        call.out += text.encode()
    else:
        uid, gid = call.user.uid, call.user.gid
        call.tree.add_file(call.path(output), text.encode(), 0o644, uid, gid, call.epoch)
    return 0


def activated(env: Mapping[str, str], root: str) -> dict[str, str]:
    return {**env, "VIRTUAL_ENV": root, "PATH": f"{root}/bin:{env.get('PATH', '')}"}
