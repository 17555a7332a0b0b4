"""What a name or a path means when it is run: a program of the shell, of the box, or a script.

Belongs here: the search of PATH, what a file's first line asks for. Does not: running anything.
"""

from __future__ import annotations

import functools
import posixpath
from dataclasses import dataclass
from enum import Enum

import bashkit

from boxer.filetree import File, Symlink, Tree

_SHELLS = frozenset(("sh", "bash", "dash", "ash"))
BUILT_IN = b"#!boxer "
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
        program = _interpreter_name(line)
        kind = Kind.SHELL_SCRIPT if program in _SHELLS else Kind.BOX_PROGRAM
        return Executable(path, kind, words)
    if data.startswith(b"\0asm"):
        return Executable(path, Kind.WASM)
    if data.startswith((b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe")):
        return Executable(path, Kind.FOREIGN)
    return Executable(path, Kind.SHELL_SCRIPT)


def _interpreter_name(line: str) -> str:
    words = line.split()
    if words and words[0].endswith("/env"):
        words = [word for word in words[1:] if not word.startswith("-")]
    return words[0].rpartition("/")[2] if words else ""


def executables(tree: Tree) -> list[Executable]:
    """Every executable file of the tree that the shell cannot run by itself."""
    found = []
    for path, entry in tree.walk():
        node = tree.get(path) if isinstance(entry, Symlink) else entry
        if isinstance(node, File) and node.mode & 0o111 and node.data[:1] in b"#\x7f\0M\xcf\xca":
            executable = classify(path, node.data[:256])
            if executable.kind is not Kind.SHELL_SCRIPT:
                found.append(executable)
    return found
