"""python in a RUN: what is ours by name, and the way to a machine for everything else.

Belongs here: `python -m pip`, `-m venv`, and running an executable of the tree. Does not: running
Python; that is the `CommandRunner`'s, in a machine of the stage.
"""

from __future__ import annotations

import posixpath
import re
import shlex

from boxer.errors import UnsupportedCommandError
from boxer.filetree import File
from boxer.packages import removed_for
from boxer.userland.commands.pip import pip
from boxer.userland.commands.venv import venv
from boxer.userland.invocation import Command, CommandFailedError, Invocation
from boxer.userland.ports import CommandRequest
from boxer.userland.programs import BUILT_IN, Kind, classify, find_program

NOT_FOUND = 127  # POSIX, Shell Command Language 2.8.2
NOT_EXECUTABLE = 126
_TOOLS = ("hatch", "pdm", "pipenv", "pipx", "poetry", "uv", "virtualenv")
_PIP = re.compile(r"pip(?:3(?:\.\d+)?)?")
_MAX_INTERPRETERS = 4  # BINPRM_MAX_RECURSION of Linux


def python(call: Invocation) -> int:
    """An interpreter called by name."""
    path = find_program(call.tree, call.name, call.env.get("PATH", ""), call.cwd)
    if path is None:
        raise CommandFailedError("command not found", NOT_FOUND)
    return _python_at(call, path, call.arguments)


def run_program(call: Invocation) -> int:
    """An executable of the tree that is no shell script, by its name or path."""
    path = find_program(call.tree, call.name, call.env.get("PATH", ""), call.cwd)
    if path is None:
        present = isinstance(call.node(call.name), File)
        reason = "Permission denied" if present else "No such file or directory"
        raise CommandFailedError(reason, NOT_EXECUTABLE if present else NOT_FOUND)
    return _run(call, path, list(call.arguments), 0)


def _run(call: Invocation, path: str, arguments: list[str], depth: int) -> int:
    executable = classify(path, call.tree.file(path).data[:256])
    if executable.kind is Kind.FOREIGN:
        raise UnsupportedCommandError(
            f"`{path}` is machine code for another kind of machine.",
            where=call.where,
            hint="Compile it for the box, `gcc` in a RUN or `boxer cc`, or use a tool in Python.",
        )
    if executable.kind is Kind.WASM:
        return _in_machine(call, path, arguments)
    if executable.kind is Kind.SHELL_SCRIPT or depth == _MAX_INTERPRETERS:
        raise CommandFailedError("several programs have this name; call it by its whole path", 126)
    name = path.rpartition("/")[2]
    if call.tree.file(path).data.startswith(BUILT_IN):
        return _python_at(call, path, arguments)
    if _PIP.fullmatch(name):
        call.arguments = arguments
        return pip(call)
    interpreter, *options = _interpreter(call, executable.interpreter)
    return _run(call, interpreter, [*options, path, *arguments], depth + 1)


def _interpreter(call: Invocation, words: tuple[str, ...]) -> list[str]:
    """The path of a script's interpreter, with its argument; env(1) is looked through."""
    program, argument = words[0], list(words[1:])
    if program.endswith("/env") and argument:
        split = [word for word in argument[0].split() if not word.startswith("-")]
        program, argument = split[0], split[1:]
    path = find_program(call.tree, program, call.env.get("PATH", ""), call.cwd)
    if path is None:
        raise CommandFailedError(
            f"{program}: bad interpreter: No such file or directory", NOT_EXECUTABLE
        )
    return [path, *argument]


def _python_at(call: Invocation, path: str, arguments: list[str]) -> int:
    ours = _module(arguments) or _setup(arguments)
    if ours is not None:
        module, rest = ours
        if module in _TOOLS:
            return _tool(call, module, rest)
        call.arguments = rest
        call.name = f"{posixpath.dirname(path)}/{module}"
        if module == "pip":
            return pip(call)
        if module == "venv":
            venv(call)
        return 0  # ensurepip: the build's pip is always there
    if arguments and posixpath.basename(arguments[0]) == "setup.py":
        _bring_setuptools(call, path)
    return _in_machine(call, path, arguments)


def _tool(call: Invocation, name: str, arguments: list[str]) -> int:
    """`python -m poetry` and its like: the build's own of that name."""
    status, out, err = call.shell(shlex.join([name, *arguments]), call.cwd, call.env)
    call.out += out
    call.err += err
    return status


def _bring_setuptools(call: Invocation, path: str) -> None:
    """The setuptools that images of an older Python have, for a setup.py that is run itself."""
    brought = removed_for(call.ports.python_asked).get("setuptools")
    if brought is not None:
        name, arguments, out = call.name, call.arguments, call.out
        call.name, call.arguments = f"{posixpath.dirname(path)}/pip", ["install", "-q", brought]
        call.out = bytearray()
        pip(call)
        call.name, call.arguments, call.out = name, arguments, out


def _in_machine(call: Invocation, path: str, arguments: list[str]) -> int:
    runner = call.ports.commands
    if runner is None:
        shown = " ".join([posixpath.basename(path), *arguments[:3]])
        raise UnsupportedCommandError(
            f"`{shown}` would have to run in a machine of this stage, which this build has not.",
            where=call.where,
            hint="Do it when the box starts, or before the build, and COPY the result.",
        )
    request = CommandRequest(
        tree=call.tree,
        argv=(path, *arguments),
        cwd=call.cwd,
        env=dict(call.env),
        user=call.user,
        stdin=call.stdin,
        epoch=call.epoch,
    )
    result = runner.run(request)
    call.out += result.stdout
    call.err += result.stderr
    return result.status


# What setup.py's commands are to pip.
_SETUP = {
    "install": ["install", "."],
    "develop": ["install", "-e", "."],
    "bdist_wheel": ["wheel", "--no-deps", "-w", "dist", "."],
}


def _setup(arguments: list[str]) -> tuple[str, list[str]] | None:
    """`python setup.py install`, which setuptools itself hands to pip; `python -m build`."""
    if arguments[:2] == ["-m", "build"]:
        return "pip", _build(arguments[2:])
    if len(arguments) > 1 and arguments[0] == "setup.py" and arguments[1] in _SETUP:
        return "pip", _SETUP[arguments[1]]
    return None


def _build(words: list[str]) -> list[str]:
    """What `python -m build` is to pip: the wheel of a folder, in its `dist` or elsewhere."""
    folder, project = None, "."
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in ("-o", "--outdir"):
            folder = value if equals else next(rest, "")
        elif name in ("-C", "--config-setting", "--installer") and not equals:
            next(rest, None)
        elif not word.startswith("-"):
            project = word
    project = project if project.startswith(("/", ".")) else f"./{project}"
    return ["wheel", "--no-deps", "-w", folder or posixpath.join(project, "dist"), project]


def _module(arguments: list[str]) -> tuple[str, list[str]] | None:
    """`-m MODULE` of a module that is ours, after options that have no value."""
    rest = list(arguments)
    while rest and rest[0] in ("-u", "-B", "-I", "-E", "-s", "-S", "-O", "-OO", "-P"):
        rest.pop(0)
    if len(rest) >= 2 and rest[0] == "-m" and rest[1] in ("pip", "venv", "ensurepip", *_TOOLS):
        return rest[1], rest[2:]
    return None


_PYTHON = Command(python, reads_stdin=True, makes_programs=True)
COMMANDS = dict.fromkeys(("python", "python3"), _PYTHON)
