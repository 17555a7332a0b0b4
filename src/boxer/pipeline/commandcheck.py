"""What a box's command will come to, as far as its files tell: said while it is built.

Belongs here: a program that is not there, modules that only an older Python has, packages that give
other results. Does not: stopping a build for it: a run may name another command.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence

from boxer.boxfile import Distribution, ImageConfig
from boxer.dockerfile import HealthCheck, Run
from boxer.errors import TreeError
from boxer.filetree import Tree
from boxer.packages import difference_of, imported_of, removed_for
from boxer.pipeline.entry import find_entry, find_program
from boxer.pipeline.events import Listener, Notice
from boxer.pipeline.imports import Imports
from boxer.pipeline.places import Places

_SHELLS = ("/bin/sh", "sh")
# A script with one of these is more than a command with its arguments.
_SYNTAX = frozenset("|&;<>()$`\\\"'*?[]#~=%{}\n")

# What a shell does itself (POSIX, Shell Command Language, 1.6 and 2.4).
_SHELLS_OWN = frozenset(
    (
        *("alias", "case", "cd", "command", "echo", "eval", "exec", "exit", "export", "false"),
        *("for", "getopts", "hash", "if", "jobs", "kill", "printf", "pwd", "read", "return"),
        *("set", "shift", "test", "trap", "true", "type", "ulimit", "umask", "unset", "until"),
        *("wait", "while"),
    )
)
_FIRST_WORD = re.compile(r"^\s*([\w./+-]+)(?=\s|$)")


def check_command(
    config: ImageConfig,
    tree: Tree,
    program: Imports,
    asked: str,
    places: Places,
    events: Listener,
) -> None:
    """asked: the Python of the image that FROM names, where it is another than the box's."""
    missing = _missing_program(config, tree)
    if missing:
        events(
            Notice(
                f"The command of the box starts `{missing}`, which is not in it.",
                places.command(missing),
                "Install it in a RUN, or correct CMD or ENTRYPOINT.",
            )
        )
    checking = missing_check(config, tree)
    if checking:
        events(
            Notice(
                f"HEALTHCHECK calls `{checking}`, which is not in the box: it will be unhealthy.",
                places.of(HealthCheck),
                "`RUN apt-get install -y curl` brings curl; Python's urllib does it too.",
            )
        )
    entry = find_entry(config, tree)
    if entry is not None and entry.script is not None and not _is_there(entry.script, tree):
        events(
            Notice(
                f"The command of the box runs `{entry.script}`, which is not in it.",
                places.command(posixpath.basename(entry.script)),
                "COPY it, or correct CMD or ENTRYPOINT.",
            )
        )
    removed = removed_for(asked)
    for module in imported_of(removed, program.own):
        if module not in program.packages:
            events(
                Notice(
                    f"The program imports `{module}`, which Python {asked} has and the box's has"
                    " not.",
                    places.image(),
                    f"`RUN pip install '{removed[module]}'` brings it back.",
                )
            )


def tell_differences(held: Sequence[Distribution], places: Places, events: Listener) -> None:
    """Packages of the box that give other results than elsewhere, each once."""
    for name in dict.fromkeys(entry.name for entry in held):
        found = difference_of(name)
        if found is not None:
            why, instead = found
            events(Notice(f"`{name}`: {why}.", places.of(Run, naming=name), instead))


def _is_there(path: str, tree: Tree) -> bool:
    try:
        return tree.get(path) is not None
    except TreeError:
        return True


def missing_check(config: ImageConfig, tree: Tree) -> str | None:
    """The program that HEALTHCHECK begins with, where it is plainly not in the box."""
    kind, *words = config.healthcheck.test if config.healthcheck else ("NONE",)
    if kind == "CMD-SHELL":
        words = _FIRST_WORD.findall(words[0])
        if not words or words[0] in _SHELLS_OWN:
            return None
    if kind == "NONE" or not words or not words[0]:
        return None
    try:
        return None if find_program(words[0], config, tree) else words[0]
    except TreeError:
        return None


def _missing_program(config: ImageConfig, tree: Tree) -> str | None:
    argv = [*(config.entrypoint or ()), *(config.cmd or ())]
    if argv[:1] and argv[0] in _SHELLS and argv[1:2] == ["-c"] and len(argv) > 2:
        if _SYNTAX & set(argv[2]):
            return None
        argv = shlex.split(argv[2].removeprefix("exec "))
        if not argv or "/" not in argv[0]:
            return None  # a command of the shell's own, maybe
    try:
        return argv[0] if argv and argv[0] and not find_program(argv[0], config, tree) else None
    except TreeError:
        return None
