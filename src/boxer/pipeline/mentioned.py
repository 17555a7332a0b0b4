"""What else a box's command starts and names: the commands of a shell script, and the program's own
modules among arguments and variables, as in `gunicorn shop.wsgi:application`.

Belongs here: reading those words. Does not: what a single command runs (`entry`), what is imported
(`imports`).

As there: a guess for speed's sake, which never fails.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from boxer.boxfile import ImageConfig
from boxer.errors import TreeError
from boxer.filetree import File, Tree
from boxer.pipeline.entry import SHELLS, Entry, find_entry_of, find_program

# Longer scripts are read up to here, in bytes.
_LONGEST = 64 << 10
_MOST_COMMANDS = 100
_MODULE = re.compile(r"([^\W\d]\w*(?:\.[^\W\d]\w*)*)(?::[\w.]+(?:\(.*\))?)?")
_ASSIGNMENT = re.compile(r"[^\W\d]\w*=")
# Words that another command follows (POSIX, Shell Command Language, 2.4, and `exec`, `env`).
_BEFORE = frozenset(
    (
        *("exec", "env", "command", "time", "!", "{"),
        *("if", "then", "elif", "else", "while", "until", "do"),
    )
)


@dataclass(frozen=True, slots=True)
class Mentioned:
    """entries: Pythons that are started. names: what may be modules of the program's own."""

    entries: tuple[Entry, ...]
    names: tuple[str, ...]


def mentioned(config: ImageConfig, tree: Tree) -> Mentioned:
    """What the default command comes to, in the order it is written."""
    entries: dict[Entry, None] = {}
    words: dict[str, None] = {}
    for argv in _commands(config, tree):
        entry = find_entry_of(argv, config, tree)
        if entry is not None:
            entries[entry] = None
        words.update(dict.fromkeys(_value(word) for word in argv[1:]))
    words.update(dict.fromkeys(config.environment().values()))
    found = [_MODULE.fullmatch(word.removesuffix(".py")) for word in words]
    return Mentioned(tuple(entries), tuple(match[1] for match in found if match))


def _value(word: str) -> str:
    """An argument, or the value an option has in itself (`--app=shop.wsgi`)."""
    return word.partition("=")[2] if word.startswith("-") and "=" in word else word


def _commands(config: ImageConfig, tree: Tree) -> list[list[str]]:
    argv = [*(config.entrypoint or ()), *(config.cmd or ())]
    script, rest = _script(argv, config, tree)
    if script is None:
        return [argv] if argv else []
    commands = [*_simple_commands(script), *([rest] if rest else [])]
    return commands[:_MOST_COMMANDS]


def _script(argv: list[str], config: ImageConfig, tree: Tree) -> tuple[str | None, list[str]]:
    """The shell script a command runs, and its arguments, which end most entry points:
    `exec "$@"`."""
    name = argv[0].rpartition("/")[2] if argv else ""
    if name in SHELLS and argv[1:2] == ["-c"]:
        return " ".join(argv[2:3]), argv[4:]
    rest = argv
    if name in SHELLS:  # its options, then a file of the working directory
        rest = [word for word in argv[1:] if not word.startswith("-")]
        rest[:1] = [posixpath.join(config.working_dir or "/", word) for word in rest[:1]]
    try:
        found = find_program(rest[0], config, tree)
        if found is None:
            return None, []
        path, head = found
        node = tree.get(path)
    except (TreeError, IndexError):
        return None, []
    shell = name in SHELLS or (head.startswith(b"#!") and head.split()[-1].endswith(b"sh"))
    if not shell or not isinstance(node, File) or node.data.startswith(b"#!boxer"):
        return None, []
    return node.data[:_LONGEST].decode("utf-8", "replace"), rest[1:]


def _simple_commands(script: str) -> Iterator[list[str]]:
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            words = list(lexer)
        except ValueError:  # a quote that is closed on another line
            continue
        command: list[str] = []
        for word in [*words, ";"]:
            if word and set(word) <= set("();<>|&"):
                if command:
                    yield command
                command = []
            elif command or not (word in _BEFORE or _ASSIGNMENT.match(word)):
                command.append(word)
