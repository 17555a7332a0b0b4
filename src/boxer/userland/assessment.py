"""What a RUN will come to, told from its text.

Belongs here: the commands of a script, and for each whether a build can do it. Does not: running
anything; what packages need is said as far as their names tell.

An assessment is a help, not a promise: a name that is known only when the script runs is passed
over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import bashkit

from boxer.dockerfile import Run
from boxer.errors import BoxerError, UnsupportedCommandError
from boxer.filetree import Ids, Tree
from boxer.listener import Stream
from boxer.packages import difference_of, normalize, requirement_name, why_native
from boxer.userland.commands import ALL, installers, refused, systempackages
from boxer.userland.invocation import Invocation
from boxer.userland.ports import Ports
from boxer.userland.programs import shell_programs

Verdict = Literal["works", "changed", "fails", "unknown"]

# fmt: off
_BUILTINS = frozenset((
    "set", "export", "cd", "test", "[", "[[", "true", "false", ":", ".", "source", "eval", "exec",
    "exit", "return", "shift", "unset", "read", "local", "declare", "readonly", "trap", "wait",
    "type", "command", "hash", "alias", "shopt", "let", "printf", "echo", "pushd", "popd",
    "getopts", "break", "continue", "umask", "ulimit", "times",
))
# fmt: on
_PYTHON = re.compile(r"python(?:3(?:\.\d+)?)?")
_PIP = re.compile(r"pip(?:3(?:\.\d+)?)?")
_PACKAGE_OPTIONS = ("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-t",
                    "--target", "-i", "--index-url", "--extra-index-url", "-f", "--find-links",
                    "--prefix", "--python", "-p")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Assessment:
    """verdict: works; changed, with a notice; fails; unknown. why: a sentence. hint: what to do."""

    verdict: Verdict
    why: str = ""
    hint: str | None = None


def assess_run(step: Run) -> list[Assessment]:
    """What is to be said of a RUN; empty where it should simply work."""
    if step.command.argv is not None:
        commands = [list(step.command.argv)]
    else:
        script = step.command.script or ""
        if script.startswith("#!"):
            return []
        try:
            analysis = bashkit.Bash().analyze(script)
        except bashkit.BashError as error:
            return [Assessment("fails", f"It is no shell script: {error}.")]
        named = [command for command in analysis.commands if command.name]
        functions = set(analysis.functions)
        commands = [
            [str(command.name), *(str(word) for word in command.args if word is not None)]
            for command in named
            if command.name not in functions
        ]
    return [found for argv in commands for found in assess_command(argv)]


def assess_command(argv: list[str]) -> list[Assessment]:
    """What is to be said of one command."""
    name, arguments = argv[0], argv[1:]
    if _PYTHON.fullmatch(name) and arguments[:2] == ["-m", "pip"]:
        return _installs(arguments[2:])
    if name == "uv" and arguments[:1] == ["pip"]:
        return _installs(arguments[1:])
    if _PIP.fullmatch(name):
        return _installs(arguments)
    if name in systempackages.COMMANDS:
        brought = systempackages.python_packages(arguments).values()
        return _tried(name, arguments) + assess_packages(list(brought))
    if name in installers.COMMANDS:
        return _tried(name, arguments)
    if name in refused.COMMANDS and ALL[name] is refused.COMMANDS[name]:
        return _tried(name, arguments)
    if (
        _PYTHON.fullmatch(name)
        or name in ALL
        or name in _BUILTINS
        or name in shell_programs()
        or "/" in name
    ):
        return []
    return [
        Assessment(
            "unknown",
            f"`{name}` is no command of a build; it works if a package before it brings it.",
        )
    ]


def _tried(name: str, arguments: list[str]) -> list[Assessment]:
    """What a command that changes nothing says when it is called."""
    heard = _Heard()
    call = Invocation(name, arguments, "/", {}, Tree(), Ids(0, 0), 0, Ports(listener=heard))
    try:
        ALL[name].function(call)
    except UnsupportedCommandError as error:
        return [Assessment("fails", error.message, error.hint)]
    except BoxerError as error:
        return [Assessment("unknown", error.message, error.hint)]
    return heard.found


def _installs(arguments: list[str]) -> list[Assessment]:
    if arguments[:1] != ["install"]:
        return []
    packages, skip = [], False
    for word in arguments[1:]:
        if skip:
            skip = False
        elif word in _PACKAGE_OPTIONS:
            skip = True
        elif not word.startswith("-"):
            packages.append(word)
    return assess_packages(packages)


def assess_packages(requirements: list[str]) -> list[Assessment]:
    """What is known of packages by their names alone."""
    found = []
    for requirement in requirements:
        name = normalize(requirement_name(requirement))
        reason = why_native(name) if name else None
        if reason is not None:
            why, instead = reason
            found.append(Assessment("fails", f"`{name}`: {why}.", instead))
        elif name and (different := difference_of(name)) is not None:
            found.append(Assessment("changed", f"`{name}`: {different[0]}.", different[1]))
    return found


class _Heard:
    """A listener that keeps notices as assessments."""

    def __init__(self) -> None:
        self.found: list[Assessment] = []

    def output(self, stream: Stream, data: bytes) -> None:
        return None

    def notice(self, message: str, where: object, hint: str | None) -> None:
        self.found.append(Assessment("changed", message, hint))

    def progress(self, text: str) -> None:
        return None
