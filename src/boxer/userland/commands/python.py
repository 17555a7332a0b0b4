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
from boxer.userland.commands.installers import put_tool
from boxer.userland.commands.pip import pip
from boxer.userland.commands.venv import venv
from boxer.userland.firstprocess import tool_of_script
from boxer.userland.invocation import Command, CommandFailedError, Invocation
from boxer.userland.ports import CommandRequest
from boxer.userland.programs import (
    BUILT_IN,
    OF_THE_SHELL,
    Executable,
    Kind,
    classify,
    find_program,
    interpreter,
    shell_programs,
)

NOT_FOUND = 127  # POSIX, Shell Command Language 2.8.2
NOT_EXECUTABLE = 126
_TOOLS = ("hatch", "pdm", "pipenv", "pipx", "poetry", "uv", "virtualenv")
_PIP = re.compile(r"pip(?:3(?:\.\d+)?)?")
_BUILD_INTERPRETERS = ("make", "gmake", "uv")  # `#!/usr/bin/env -S uv run --script`
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
    if depth == _MAX_INTERPRETERS:
        raise CommandFailedError("Too many levels of symbolic links", NOT_EXECUTABLE)
    if executable.kind is Kind.SHELL_SCRIPT:
        return _by_the_shell(call, ["bash", *interpreter(executable)[1:], path, *arguments])
    name = path.rpartition("/")[2]
    built_in = call.tree.file(path).data.partition(b"\n")[0]
    if built_in.startswith(BUILT_IN):
        of_the_shell = OF_THE_SHELL.get(built_in[len(BUILT_IN) :].decode("utf-8", "replace"))
        if of_the_shell is not None:
            return _by_the_shell(call, [of_the_shell, *arguments])
        return _python_at(call, path, arguments)
    if _PIP.fullmatch(name):
        call.arguments = arguments
        return pip(call)
    program, *options = _interpreter(call, executable)
    if "/" not in program:
        return _by_the_shell(call, [program, *options, path, *arguments])
    return _run(call, program, [*options, path, *arguments], depth + 1)


def _interpreter(call: Invocation, executable: Executable) -> list[str]:
    """The path of a script's interpreter, with its arguments. The name alone of one that only the
    build has: `#!/usr/bin/awk -f`, `#!/usr/bin/make -f`."""
    program, *arguments = interpreter(executable) or [""]
    path = find_program(call.tree, program, call.env.get("PATH", ""), call.cwd)
    if path is not None:
        return [path, *arguments]
    name = posixpath.basename(program)
    if name in shell_programs() or name in _BUILD_INTERPRETERS:
        return [name, *arguments]
    raise CommandFailedError(
        f"{program}: bad interpreter: No such file or directory", NOT_EXECUTABLE
    )


def _by_the_shell(call: Invocation, argv: list[str]) -> int:
    """A command in a shell of its own: what the shell would run if it read the file itself."""
    status, out, err = call.shell(shlex.join(argv), call.cwd, call.env, call.stdin)
    call.out += out
    call.err += err
    return status


def _python_at(call: Invocation, path: str, arguments: list[str]) -> int:
    ours = _module(arguments) or _setup(arguments)
    if ours is not None:
        module, rest = ours
        if module in _TOOLS:
            return _by_the_shell(call, [module, *rest])
        call.arguments = rest
        call.name = f"{posixpath.dirname(path)}/{module}"
        if module == "pip":
            return pip(call)
        if module == "venv":
            venv(call)
        return 0  # ensurepip: the build's pip is always there
    tool = tool_of_script(_script(call, arguments))
    if tool is not None:
        return put_tool(call, tool)
    if arguments and posixpath.basename(arguments[0]) == "setup.py":
        _bring_setuptools(call, path)
    return _in_machine(call, path, arguments)


def _script(call: Invocation, arguments: list[str]) -> bytes:
    """The program that a Python is given: its input, or a file."""
    if not arguments or arguments[0] == "-":
        return call.stdin
    node = None if arguments[0].startswith("-") else call.node(arguments[0])
    return node.data if isinstance(node, File) else b""


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
