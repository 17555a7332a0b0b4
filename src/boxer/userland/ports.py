"""What commands of a build need from outside of it.

Belongs here: the protocols that other rooms fit. Does not: any command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from boxer.filetree import Ids, Tree
from boxer.images import Python
from boxer.listener import Listener, Silent
from boxer.packages import WheelBuilder
from boxer.toolchain import CompilerRequest, CompilerResult


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A program of the box to run while it is being built.

    argv: the command as the shell would run it; argv[0] is a path in the tree. cwd is absolute.
    tree: the machine's files; the runner leaves in it what the program wrote. epoch: its clock.
    """

    tree: Tree
    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    user: Ids
    stdin: bytes
    epoch: int


@dataclass(frozen=True, slots=True)
class CommandResult:
    status: int
    stdout: bytes = b""
    stderr: bytes = b""


class CommandRunner(Protocol):
    """Runs a program in a machine of the stage: `python manage.py collectstatic` in a RUN.

    A program that exits non-zero is a result, not an error.
    """

    def run(self, request: CommandRequest) -> CommandResult: ...


class Compiler(Protocol):
    """Compiles C and C++ of a stage: argv[0] is `cc`, `c++` or `ar`. The tree is not changed."""

    def run(self, request: CompilerRequest) -> CompilerResult: ...


def _no_stage(name: str) -> Tree | None:
    return None


def _no_program(name: str) -> bytes | None:
    return None


def _in_ticks(name: str) -> str:
    return f"`{name}`"


@dataclass(frozen=True, slots=True)
class Ports:
    """What the instructions need from outside.

    stage_tree: the tree that `COPY --from=NAME` and `RUN --mount=from=NAME` mean, None if there is
    none; it is not changed. stage_name: what people call it. commands: None where no machine can be
    run. wheels: None where nothing native can be built. compiler: None where nothing is compiled.
    python: the base's, None where it has none. python_asked: the Python of the image that FROM
    names (`3.9`) where it is not the base's, else empty. programs: the C programs that come with
    the base and that system packages bring, by name. secrets: by their ids.
    """

    listener: Listener = field(default_factory=Silent)
    commands: CommandRunner | None = None
    stage_tree: Callable[[str], Tree | None] = _no_stage
    stage_name: Callable[[str], str] = _in_ticks
    wheels: WheelBuilder | None = None
    compiler: Compiler | None = None
    programs: Callable[[str], bytes | None] = _no_program
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    python: Python | None = None
    python_asked: str = ""
