"""`uv pip`: what it has beyond pip.

Belongs here: which environment it means, `sync`, `compile`, and projects as requirements. Does not:
the rest of uv (`uv`), installing (`pip`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from boxer.errors import PipUsageError
from boxer.filetree import File
from boxer.packages import parse_install, uv_project
from boxer.userland.commands.pip import install, pip
from boxer.userland.commands.uvitself import as_uv, scene_of
from boxer.userland.invocation import Invocation

_FILES = ("-r", "--requirement", "--requirements")
_PYLOCK = re.compile(r"pylock\.(?:[^.]+\.)?toml")  # PEP 751
_PROJECTS = ("--extra", "--no-extra")


def uv_pip(call: Invocation, words: list[str]) -> int:
    """`uv pip`: into the environment it is told, that is active, or that lies in the folder."""
    argv, chosen = [], None
    system = call.env.get("UV_SYSTEM_PYTHON", "").lower() in ("1", "true")
    rest = iter(words)
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
    action, arguments = (argv[0], argv[1:]) if argv else ("", [])
    if action == "compile":
        return _compile(call, arguments)
    if action in ("install", "sync"):
        return _install(call, action, arguments)
    call.arguments = argv
    return pip(call)


def _install(call: Invocation, action: str, arguments: list[str]) -> int:
    kept: list[str] = []
    projects: list[str] = []
    told: list[str] = []  # what uv reads of projects
    locks: list[str] = []
    rest = iter(arguments)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in (*_FILES, *_PROJECTS) and not equals:
            value = next(rest, "")
        if name in _FILES or (action == "sync" and not word.startswith("-")):
            path = value if name in _FILES else word
            kind = posixpath.basename(path)
            if kind in ("pyproject.toml", "setup.py", "setup.cfg"):
                projects.append(_existing(call, path))
            elif _PYLOCK.fullmatch(kind):
                locks.append(_existing(call, path))
            else:
                kept += ["-r", path]
        elif name in _PROJECTS:
            told += [name, value]
        elif word in ("--all-extras", "--no-sources"):
            told.append(word)
        else:
            kept.append(word)
    options = parse_install(kept, call.where)
    options.by_uv = True
    options.projects = projects
    options.resolver += told
    if action == "sync":
        options.switches |= {"exact", "no-deps"}
    if locks:
        wanted = uv_project.from_pylock(scene_of(call), locks[0])
        options.answer, options.local, options.sources = (
            wanted.locked, wanted.local, wanted.sources
        )  # fmt: skip
    return install(call, options)


def _existing(call: Invocation, path: str) -> str:
    if not isinstance(call.node(path), File):
        raise PipUsageError(
            f"There is no `{path}` in the box.",
            where=call.where,
            hint="COPY it before this RUN; paths are those of the box.",
        )
    return call.path(path)


def _compile(call: Invocation, argv: list[str]) -> int:
    """`uv pip compile`: uv does it, for a box where nothing else is said."""
    if not {"--universal", "--python-platform"} & {word.partition("=")[0] for word in argv}:
        argv = [*argv, "--python-platform", "linux"]
    return as_uv(call, ["pip", "compile", *argv])


def activated(env: Mapping[str, str], root: str) -> dict[str, str]:
    return {**env, "VIRTUAL_ENV": root, "PATH": f"{root}/bin:{env.get('PATH', '')}"}
