"""One run of a shell over a stage's tree.

Belongs here: setting the shell up with our file system and commands, running a script, and what
became of it. Does not: the RUN instruction and its flags (`boxer.instructions.run`).

Invariants
1. The shell has no network, no file of this machine and no clock that reaches the tree.
2. A `BoxerError` of a command stops the shell and is raised. Two kinds the script may deal with,
   and the user is told: a package that cannot be installed, and a command that cannot work in a
   build where the script has an alternative (`git describe || echo 0`).
3. Every executable of the tree that is no shell script is a command of ours, by its name if it is
   on PATH and by its path; the shell would read it as shell.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

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
from boxer.filetree import Ids, Tree, require_room
from boxer.listener import Listener, Stream
from boxer.userland.abi import Export
from boxer.userland.invocation import Command, CommandFailedError, Function, Invocation
from boxer.userland.ports import Ports
from boxer.userland.programs import executables, shell_programs
from boxer.userland.volume import MAX_FILE_BYTES, TreeVolume

# The limits are there to end a script that would never end; docker has none.
_MAX_COMMANDS = 10_000_000
_MAX_LOOPS = 10_000_000
TIMEOUT_SECONDS = 3600.0
_MOST_SHELLS = 50_000
_MOST_NESTED = 16
_TAIL_BYTES = 16_384
# Commands of ours write to the tree themselves: after so many of them its size is looked at.
_COUNTED_EVERY = 1000

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
    shells: counts those. nesting: how many of them wait for this one."""

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
        self._add_executables()
        self._failure: Exception | None = None
        self._ran = 0
        self._passed_over: list[BoxerError] = []
        self._script = ""
        self._tail = bytearray()

    def run(self, script: str) -> Finished:
        """Runs a script to its end. Raises ShellSyntaxError before anything is run, and whatever
        a command of ours raises."""
        try:
            self._check(script)
            self._script = script
            status = asyncio.run(self._execute(script))
        finally:
            # The shell holds our commands, and so this: only so does it close its descriptors.
            del self._shell
        if self._failure is not None:
            raise self._failure
        for failure in self._passed_over:
            if status != 0:
                raise failure
            hint = "The RUN went on, as it would with any program that fails."
            self._setting.ports.listener.notice(failure.message, self._setting.where, hint)
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
            env=self._setting.env,
            max_commands=_MAX_COMMANDS,
            max_loop_iterations=_MAX_LOOPS,
            timeout_seconds=max(1.0, self._setting.deadline - time.monotonic()),
        )
        shell.mount("/", bashkit.FileSystem.from_capsule(self._export.capsule()))
        for name, command in self._commands.items():
            shell.add_command(name, self._callback(command))
        return shell

    def _add_executables(self) -> None:
        """Invariant 3. Done again after each command that may have made new ones.

        Relative spellings with up to two folders are added too: `./manage.py`, `bin/tool`.
        """
        run = self._callback(Command(self._run_executable, reads_stdin=True, makes_programs=True))
        folders = set(self._setting.env.get("PATH", "").split(":"))
        for executable in executables(self._setting.tree):
            if executable.path in self._known:
                continue
            self._known.add(executable.path)
            for name in _spellings(executable.path):
                self._shell.add_command(name, run)
            folder, _, name = executable.path.rpartition("/")
            if folder in folders and name not in self._commands:
                self._shell.add_command(name, run)

    def _callback(self, command: Command) -> Callable[[CommandContext], Awaitable[int]]:
        async def call(context: CommandContext) -> int:
            stdin = await _read_all(context) if command.reads_stdin else b""
            invocation = self._invocation(context, stdin)
            status = self._invoke(command, invocation)
            await context.stdout.write(bytes(invocation.out))
            await context.stderr.write(bytes(invocation.err))
            if command.makes_programs:
                self._add_executables()
            return status

        return call

    def _invocation(self, context: CommandContext, stdin: bytes) -> Invocation:
        setting = self._setting
        return Invocation(
            name=context.name,
            arguments=list(context.argv),
            cwd=context.cwd,
            env=dict(context.env),
            tree=setting.tree,
            user=setting.user,
            epoch=setting.epoch,
            ports=setting.ports,
            where=setting.where,
            stdin=stdin,
            shell=self._sub_shell,
        )

    def _sub_shell(self, script: str, cwd: str, env: Mapping[str, str]) -> tuple[int, bytes, bytes]:
        """A `SubShell`: in a thread, since this one's event loop waits for the command."""
        heard = _Heard(self._setting.ports.listener)
        ports = replace(self._setting.ports, listener=heard)
        if self._setting.nesting >= _MOST_NESTED:
            raise InputTooLargeError(
                f"More than {_MOST_NESTED} shells start one another.",
                where=self._setting.where,
                hint="Look for a Makefile or script that calls itself.",
            )
        nesting = self._setting.nesting + 1
        setting = replace(self._setting, cwd=cwd, env=env, ports=ports, nesting=nesting)
        session = Session(setting, self._commands, self._run_executable)
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
        except Exception as failure:  # a mistake of ours must not become a command's exit status
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

    def _stop(self, failure: Exception) -> None:
        self._failure = self._failure or failure
        self._shell.cancel()


@dataclass(slots=True)
class _Heard:
    """A listener that keeps what is written for the command that called a shell."""

    outer: Listener
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    def output(self, stream: Stream, data: bytes) -> None:
        (self.stdout if stream == "stdout" else self.stderr).extend(data)

    def notice(self, message: str, where: Where | None, hint: str | None) -> None:
        self.outer.notice(message, where, hint)


def _spellings(path: str) -> list[str]:
    parts = path.strip("/").split("/")
    names = [path, f"./{parts[-1]}"]
    for depth in (2, 3):
        if len(parts) >= depth:
            short = "/".join(parts[-depth:])
            names += [short, f"./{short}"]
    return names


async def _read_all(context: CommandContext) -> bytes:
    data = bytearray()
    while chunk := await context.stdin.read_chunk():
        data += chunk
        if len(data) > MAX_FILE_BYTES:
            raise CommandFailedError("the standard input is too large")
    return bytes(data)
