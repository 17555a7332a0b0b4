"""What a box's default command runs: which Python file, module or code.

Belongs here: reading ENTRYPOINT and CMD as the box will. Does not: what that file imports
(`imports`).

This is a guess for speed's sake: a command that is not understood costs a slower start, nothing
else. What it must never do is fail.
"""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass

from boxer.boxfile import ImageConfig
from boxer.errors import TreeError
from boxer.filetree import File, Tree

DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin"
BUILT_IN = b"#!boxer python"
# Options of python(1) that take a value of their own.
_VALUED = ("-W", "-X", "--check-hash-based-pycs")
SHELLS = ("sh", "bash", "dash", "ash")
_SCRIPTS = 5  # a script's interpreter may be a script; so many times on Linux


@dataclass(frozen=True, slots=True)
class Entry:
    """One of the three is set. folder: what is first on sys.path. script: a path of the tree."""

    folder: str
    script: str | None = None
    module: str | None = None
    code: str | None = None


def find_entry(config: ImageConfig, tree: Tree) -> Entry | None:
    """What the box starts when nothing is said; None where that is not clear."""
    return find_entry_of([*(config.entrypoint or ()), *(config.cmd or ())], config, tree)


def find_entry_of(argv: list[str], config: ImageConfig, tree: Tree) -> Entry | None:
    """What a command of the box starts; None where that is no Python, or is not clear."""
    try:
        return _of_argv(argv, config, tree, _SCRIPTS)
    except (TreeError, ValueError):  # a loop of links; quotes that do not match
        return None


def command_file(config: ImageConfig, tree: Tree) -> str | None:
    """The file the box's command names, links followed; a simple command behind `sh -c` counts."""
    argv = [*(config.entrypoint or ()), *(config.cmd or ())]
    try:
        for _ in range(_SCRIPTS):
            if posixpath.basename(argv[0]) not in SHELLS or argv[1:2] != ["-c"]:
                break
            argv = [word for word in shlex.split(argv[2]) if word != "exec"]
        found = find_program(argv[0], config, tree)
    except (TreeError, ValueError, IndexError):
        return None
    return found[0] if found else None


def _of_argv(argv: list[str], config: ImageConfig, tree: Tree, depth: int) -> Entry | None:
    if not argv or not depth:
        return None
    if posixpath.basename(argv[0]) in SHELLS and len(argv) >= 3 and argv[1] == "-c":
        command = [word for word in shlex.split(argv[2]) if word != "exec"]
        return _of_argv(command, config, tree, depth - 1)
    program = find_program(argv[0], config, tree)
    if program is None:
        return None
    path, head = program
    if head.startswith(BUILT_IN):
        return _of_arguments(argv[1:], config)
    if head.startswith(b"#!") and b"python" in head:
        return Entry(posixpath.dirname(path), script=path)
    return None


def find_program(name: str, config: ImageConfig, tree: Tree) -> tuple[str, bytes] | None:
    """The path of a command, links followed, and the first line of its file; None where the box has
    no such file. Raises `TreeError`."""
    if "/" in name:
        candidates = [posixpath.join(config.working_dir or "/", name)]
    else:
        folders = config.environment().get("PATH", DEFAULT_PATH).split(":")
        candidates = [posixpath.join(folder, name) for folder in folders]
    for candidate in candidates:
        node = tree.get(candidate)
        if isinstance(node, File):
            return tree.resolve(candidate), node.data[:200].partition(b"\n")[0]
    return None


def _of_arguments(arguments: list[str], config: ImageConfig) -> Entry | None:
    """The command line of python(1): options, then what to run."""
    here = config.working_dir or "/"
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "-c":
            return Entry(here, code=rest[0]) if rest else None
        if word == "-m":
            return Entry(here, module=rest[0]) if rest else None
        if word in _VALUED:
            rest = rest[1:]
        elif not word.startswith("-"):
            script = posixpath.join(here, word)
            return Entry(posixpath.dirname(script), script=script)
        elif word == "-":
            return None
    return None
