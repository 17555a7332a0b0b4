"""What a name or a path means when it is run: a program of the shell, of the box, or a script.

Belongs here: the search of PATH, what a file's first line asks for. Does not: running anything.
"""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

import bashkit

from boxer.errors import SymlinkLoopError
from boxer.filetree import Directory, File, Node, Symlink, Tree

_SHELLS = frozenset(("sh", "bash", "dash", "ash"))
BUILT_IN = b"#!boxer "
# Programs of the base that the shell is itself.
_TOOLS = (
    "[ basename cat chgrp chmod chown cp dirname echo env false head hostname id kill ln mkdir mv"
    " printenv printf pwd rm sleep test touch true wc whoami"
)
OF_THE_SHELL = {
    **dict.fromkeys(("sh", "dash", "ash", "bash"), "sh"),
    **{name: name for name in _TOOLS.split()},
}
# The command of ours behind what the shell reads as a program of the base (`TreeVolume`).
PROGRAM = "boxer-program"
_SHELL_PROGRAM = tuple(f"#!boxer {name}\n".encode() for name in OF_THE_SHELL)
_LINKS_IN_LINKS, _MOST_LINKS = 3, 1000
_FOLDERS_ABOVE = 3
# A program that is the build's own in a RUN, and a script of the shell when the box runs.
OURS = b"#!/bin/sh\n# boxer: "


class Kind(Enum):
    SHELL_SCRIPT = "a script of the shell"
    BOX_PROGRAM = "a program of the box, or a script for one"
    WASM = "a program of its own"
    FOREIGN = "machine code"


@dataclass(frozen=True, slots=True)
class Executable:
    """An executable file: what it is, and for a script its interpreter with that one's argument."""

    path: str
    kind: Kind
    interpreter: tuple[str, ...] = ()


@functools.cache
def shell_programs() -> frozenset[str]:
    """The names of the commands the shell brings itself."""
    listed: list[dict[str, object]] = bashkit.Bash().fs().read_dir("/bin")
    return frozenset(str(entry["name"]) for entry in listed) | _SHELLS


def find_program(tree: Tree, name: str, path: str, cwd: str) -> str | None:
    """The path of the executable a name means, as execvp(3) looks for it; None if there is none."""
    if "/" in name:
        candidates = [posixpath.join(cwd, name)]
    else:
        folders = (posixpath.join(cwd, folder) for folder in path.split(":"))
        candidates = [posixpath.join(folder, name) for folder in folders]
    for candidate in candidates:
        node = tree.get(candidate)
        if isinstance(node, File) and node.mode & 0o111:
            return posixpath.normpath(candidate)
    return None


def classify(path: str, data: bytes) -> Executable:
    """What an executable file is, by its first bytes (execve(2), binfmt_script)."""
    if data.startswith((BUILT_IN, OURS)):
        return Executable(path, Kind.BOX_PROGRAM)
    if data.startswith(b"#!"):
        line = data[2:].split(b"\n", 1)[0].decode("utf-8", "replace").strip()
        words = tuple(line.split(None, 1))
        script = Executable(path, Kind.SHELL_SCRIPT, words)
        named = interpreter(script)
        if named and posixpath.basename(named[0]) in _SHELLS:
            return script
        return Executable(path, Kind.BOX_PROGRAM, words)
    if data.startswith(b"\0asm"):
        return Executable(path, Kind.WASM)
    if data.startswith((b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")):
        return Executable(path, Kind.FOREIGN)
    return Executable(path, Kind.SHELL_SCRIPT)


def interpreter(executable: Executable) -> list[str]:
    """A script's interpreter and the options its first line gives it; env(1) is looked through
    (`#!/usr/bin/env -S bash -e`). Empty where the line names none."""
    words = " ".join(executable.interpreter).split()
    if words and posixpath.basename(words[0]) == "env":
        words = words[1:]
        while words and words[0].startswith("-"):
            words.pop(0)
    return words


def named_for_the_shell(path: str, data: bytes) -> bool:
    """Whether the shell must be told of an executable: it would read the text as commands, or,
    of a script of its own, pass over the options in the first line (`#!/bin/sh -e`)."""
    if data[:1] not in b"#\x7f\0M\xcf\xca":
        return False
    executable = classify(path, data[:256])
    if executable.kind is not Kind.SHELL_SCRIPT:
        return not data.startswith(_SHELL_PROGRAM)
    return len(interpreter(executable)) > 1


def executables(tree: Tree) -> list[str]:
    """Every path of an executable file that the shell must be told of, also those that lead
    through links to folders (`/bin/pip`)."""
    found = []
    links: dict[str, str] = {}
    for path, entry in tree.walk():
        node = _followed(tree, path, entry)
        if isinstance(entry, Symlink) and isinstance(node, Directory):
            links[path] = tree.resolve(path)
        elif isinstance(node, File) and node.mode & 0o111 and named_for_the_shell(path, node.data):
            found.append(path)
    for link, folder in _with_links_in_links(links).items():
        inside = folder.rstrip("/") + "/"
        found += [link + path[len(inside) - 1 :] for path in found if path.startswith(inside)]
    return found


def _followed(tree: Tree, path: str, entry: Node) -> Node | None:
    try:
        return tree.get(path) if isinstance(entry, Symlink) else entry
    except SymlinkLoopError:
        return None


def _with_links_in_links(links: Mapping[str, str]) -> dict[str, str]:
    """The links, and each under every other link that leads above it: /a/c for /a -> b, /b/c -> d.

    A link into a folder above itself (`X11 -> .`) has no end of names; a few are enough."""
    named = dict(links)
    for _ in range(_LINKS_IN_LINKS):
        for outer, folder in list(named.items()):
            inside = folder.rstrip("/") + "/"
            for link, target in links.items():
                if link.startswith(inside) and len(named) < _MOST_LINKS:
                    named.setdefault(outer + link[len(inside) - 1 :], target)
    return named


def spellings(path: str) -> Iterator[str]:
    """What a path may be called from some folder: `/a/b/c`, `./c`, `b/c`, `../b/c` ..."""
    yield path
    parts = path.strip("/").split("/")
    for depth in range(1, len(parts) + 1):
        short = "/".join(parts[-depth:])
        if depth > 1:
            yield short
        yield f"./{short}"
        for above in range(1, _FOLDERS_ABOVE + 1):
            yield "../" * above + short
