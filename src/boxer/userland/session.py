"""One run of a shell over a stage's tree.

Belongs here: setting the shell up with our file system and commands, running a script, and what
became of it. Does not: the RUN instruction and its flags (`boxer.instructions.run`).

Invariants
1. The shell has no network, no file of this machine and no clock that reaches the tree.
2. A `BoxerError` of a command stops the shell and is raised. Two kinds the script may deal with,
   and the user is told: a package that cannot be installed, and a command that cannot work in a
   build where the script has an alternative (`git describe || echo 0`).
3. Every executable of the tree that is no shell script is a command of ours, by its name and by
   every path that leads to it; the shell would read it as shell. What the base brings is reached
   by any name there is, for the shell finds in the file what to call (`TreeVolume`).
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import bashkit
from bashkit import CommandContext

from boxer.errors import (
    BoxerError,
    InputTooLargeError,
    NativePackageError,
    PackageBuildError,
    ResolutionError,
    ShellSyntaxError,
    TreeError,
    UnsupportedCommandError,
    Where,
)
from boxer.filetree import File, Ids, Tree, placed, require_room
from boxer.listener import Stream
from boxer.userland.abi import Export
from boxer.userland.descriptors import Heard, lent, names_stdin, read_all
from boxer.userland.invocation import Command, CommandFailedError, Function, Invocation
from boxer.userland.ports import Ports
from boxer.userland.programs import PROGRAM, executables, shell_programs, spellings
from boxer.userland.volume import TreeVolume

# The limits are there to end a script that would never end; docker has none.
_MAX_COMMANDS = 10_000_000
_MAX_LOOPS = 10_000_000
TIMEOUT_SECONDS = 3600.0
_MOST_SHELLS = 50_000
_MOST_NESTED = 16
_TAIL_BYTES = 16_384
# Commands of ours write to the tree themselves: after so many of them its size is looked at.
_COUNTED_EVERY = 1000

_INPUT = "/.run/stdin"

_SURVIVABLE = (NativePackageError, PackageBuildError, ResolutionError)


@dataclass(frozen=True, slots=True)
class Finished:
    """How a script ended. tail: the last of what it wrote, both streams as they came."""

    status: int
    tail: bytes


@dataclass(frozen=True, slots=True)
class Setting:
    """What a script runs in. env: the shell's environment; cwd: an absolute folder that exists.

    deadline: when it is ended, with every shell its commands have started, by time.monotonic.
    shells: counts those. random: what all of them draw from. nesting: how many of them wait for
    this one."""

    tree: Tree
    user: Ids
    user_name: str
    env: Mapping[str, str]
    cwd: str
    epoch: int
    ports: Ports
    where: Where | None
    deadline: float = field(default_factory=lambda: time.monotonic() + TIMEOUT_SECONDS)
    shells: Iterator[int] = field(default_factory=itertools.count)
    random: Random = field(default_factory=lambda: Random(0))
    nesting: int = 0


class Session:
    """A shell over a tree, for one script.

    commands: ours, by name. run_executable: runs the executable of the tree that a call's name
    means; the shell asks it for whatever is no shell script.
    """

    def __init__(
        self, setting: Setting, commands: Mapping[str, Command], run_executable: Function
    ) -> None:
        if next(setting.shells) >= _MOST_SHELLS:
            raise InputTooLargeError(
                f"The RUN starts more than {_MOST_SHELLS} shells.", where=setting.where
            )
        self._setting = setting
        self._commands = commands
        self._run_executable = run_executable
        self._volume = TreeVolume(setting.tree, setting.user, setting.epoch, shell_programs())
        self._export = Export(self._volume)
        self._shell = self._new_shell()
        self._known: set[str] = set()
        self._run = self._callback(Command(run_executable, reads_stdin=True, makes_programs=True))
        self._shell.add_command(PROGRAM, self._callback(Command(self._program, reads_stdin=True)))
        self._add_executables()
        self._volume.made_program = self._add_executable
        self._volume.moved_folder = self._add_executables
        self._failure: BaseException | None = None
        self._ran = 0
        self._passed_over: list[BoxerError] = []
        self._script = ""
        self._tail = bytearray()

    def run(self, script: str, prelude: str = "") -> Finished:
        """Runs a script to its end. prelude: commands of ours before it, on its first line.

        Raises ShellSyntaxError before anything is run, and whatever a command of ours raises.
        """
        try:
            self._check(script)
            self._script = prelude + script
            status = _run_here(self._execute(self._script))
        finally:
            # The shell holds our commands, and so this: only so does it close its descriptors.
            del self._shell
        if self._failure is not None:
            where = self._setting.where
            if isinstance(self._failure, BoxerError) and where is not None:
                self._failure.at(where)
            raise self._failure
        for failure in self._passed_over:
            if status != 0:
                raise failure
            hint = "The RUN went on, as it would with any program that fails."
            self._setting.ports.listener.notice(failure.message, self._setting.where, hint)
        if self._export.too_deep:
            self._setting.ports.listener.notice(
                "Too many scripts of this RUN call one another: one of them was not run.",
                self._setting.where,
                "Look for a script that calls itself, perhaps by a link or the name of another.",
            )
        if self._volume.random_was_read:
            self._setting.ports.listener.notice(
                "The random numbers of a build are the same in every build.",
                self._setting.where,
                "Make keys and secrets when the box runs, not in a RUN.",
            )
        return Finished(status, bytes(self._tail))

    def _check(self, script: str) -> None:
        try:
            self._shell.analyze(script)
        except bashkit.BashError as error:
            raise ShellSyntaxError(
                f"The command is no shell script: {error}.",
                where=self._setting.where,
                hint="A RUN is read as bash reads it; look for an open quote or a missing `done`.",
            ) from error

    async def _execute(self, script: str) -> int:
        result = await self._shell.execute(script, on_output=self._on_output)
        if result.error and not result.stderr:
            self._emit("stderr", (result.error + "\n").encode())
        return int(result.exit_code)

    # --- output --------------------------------------------------------------------------------

    def _on_output(self, out: str, err: str) -> None:
        self._emit("stdout", out.encode("utf-8", "surrogateescape"))
        self._emit("stderr", err.encode("utf-8", "surrogateescape"))

    def _emit(self, stream: Stream, data: bytes) -> None:
        if not data:
            return
        self._tail += data
        del self._tail[:-_TAIL_BYTES]
        self._setting.ports.listener.output(stream, data)

    # --- commands ------------------------------------------------------------------------------

    def _new_shell(self) -> bashkit.Bash:
        shell = bashkit.Bash(
            username=self._setting.user_name,
            hostname="box",
            cwd=self._setting.cwd,
            env={**self._numbers(), **self._setting.env},
            max_commands=_MAX_COMMANDS,
            max_loop_iterations=_MAX_LOOPS,
            timeout_seconds=max(1.0, self._setting.deadline - time.monotonic()),
        )
        shell.mount("/", bashkit.FileSystem.from_capsule(self._export.capsule()))
        for name, command in self._commands.items():
            shell.add_command(name, self._callback(command))
        return shell

    def _numbers(self) -> dict[str, str]:
        """What bash knows of its user, no variables of the environment: `[ $EUID = 0 ]`."""
        return dict.fromkeys(("UID", "EUID"), str(self._setting.user.uid))

    def _add_executables(self) -> None:
        """Invariant 3. Done again whenever the tree may have new ones."""
        for path in executables(self._setting.tree):
            self._add_executable(path)

    def _add_executable(self, path: str) -> None:
        """Every name it may be called by. What a name means is found when it is called."""
        if path in self._known:
            return
        self._known.add(path)
        for name in spellings(path):
            self._shell.add_command(name, self._run)
        name = path.rpartition("/")[2]
        command = self._commands.get(name)
        if (command is None or command.yields) and name not in shell_programs():
            self._shell.add_command(name, self._run)

    def _callback(self, command: Command) -> Callable[[CommandContext], Awaitable[int]]:
        async def call(context: CommandContext) -> int:
            wanted = command.reads_stdin or names_stdin(context)
            stdin = await read_all(context) if wanted else b""
            invocation = self._invocation(context, stdin)
            with lent(context, invocation):
                status = self._invoke(command, invocation)
            await context.stdout.write(bytes(invocation.out))
            await context.stderr.write(bytes(invocation.err))
            if command.makes_programs and invocation.programs:
                self._add_executables()
            return status

        return call

    def _program(self, call: Invocation) -> int | None:
        """The program of the base that the shell has read; its first argument is its name."""
        name, *arguments = call.arguments or [""]
        return self._run_executable(call.calling(name, *arguments))

    def _invocation(self, context: CommandContext, stdin: bytes) -> Invocation:
        setting = self._setting
        own = self._numbers()
        return Invocation(
            name=context.name,
            arguments=list(context.argv),
            cwd=context.cwd,
            env={k: v for k, v in context.env.items() if k not in own or k in setting.env},
            tree=setting.tree,
            user=setting.user,
            epoch=setting.epoch,
            ports=setting.ports,
            where=setting.where,
            stdin=stdin,
            shell=self._sub_shell,
            random=setting.random,
        )

    def _sub_shell(
        self, script: str, cwd: str, env: Mapping[str, str], stdin: bytes = b"", bare: str = ""
    ) -> tuple[int, bytes, bytes]:
        """A `SubShell`: in a thread, since this one's event loop waits for the command."""
        heard = Heard(self._setting.ports.listener)
        ports = replace(self._setting.ports, listener=heard)
        if self._setting.nesting >= _MOST_NESTED:
            raise InputTooLargeError(
                f"More than {_MOST_NESTED} shells start one another.",
                where=self._setting.where,
                hint="Look for a Makefile or script that calls itself.",
            )
        nesting = self._setting.nesting + 1
        setting = replace(self._setting, cwd=cwd, env=env, ports=ports, nesting=nesting)
        with ExitStack() as files:
            if stdin:
                files.enter_context(placed(setting.tree, _INPUT, File(data=stdin)))
                script = f"{{ {script}\n}} < {_INPUT}"
            commands = {name: own for name, own in self._commands.items() if name != bare}
            session = Session(setting, commands, self._run_executable)
            with ThreadPoolExecutor(1) as pool:
                finished = pool.submit(session.run, script).result()
        return finished.status, bytes(heard.stdout), bytes(heard.stderr)

    def _invoke(self, command: Command, invocation: Invocation) -> int:
        self._ran += 1
        try:
            if self._ran % _COUNTED_EVERY == 0:
                require_room(invocation.tree)
            return command.function(invocation) or 0
        except CommandFailedError as failure:
            invocation.warn(str(failure))
            return failure.status
        except TreeError as failure:
            invocation.warn(failure.message)
            return 1
        except RecursionError:
            invocation.warn("what it is given is nested too deeply")
            return 1
        except BoxerError as failure:
            if not self._survivable(failure, invocation):
                self._stop(failure)
        except BaseException as failure:
            # A mistake of ours must not become a command's exit status; Ctrl-C ends the shell.
            self._stop(failure)
        return 1

    def _survivable(self, failure: BoxerError, invocation: Invocation) -> bool:
        """Whether the script sees a failure as it sees any program's (invariant 2)."""
        if not isinstance(failure, _SURVIVABLE):
            name = re.escape(invocation.name)
            alternative = re.search(rf"\b{name}\b(?:[^;&|\n]|\\\n)*\|\|", self._script)
            if not alternative or not isinstance(failure, UnsupportedCommandError):
                return False
        self._passed_over.append(failure)
        invocation.warn(failure.message)
        return True

    def _stop(self, failure: BaseException) -> None:
        self._failure = self._failure or failure
        self._shell.cancel()


def _run_here(work: Coroutine[Any, Any, int]) -> int:
    """As `asyncio.run`, which would keep Ctrl-C for itself until the command that runs is done."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
