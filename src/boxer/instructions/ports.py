"""What the instructions of a stage work on, and what they need from outside.

Belongs here: the state of a stage, and the protocols other rooms fit. Does not: any instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from boxer.bases import Python
from boxer.boxfile import ImageConfig
from boxer.errors import Where
from boxer.filetree import Ids, Tree

Stream = Literal["stdout", "stderr"]


@dataclass(slots=True)
class StageState:
    """One stage while its instructions are applied.

    tree and config are what the stage has come to. args: the ARGs a RUN sees as variables, by name.
    epoch: SOURCE_DATE_EPOCH, the time of everything a step makes and the latest time it keeps.
    command_set: whether a CMD of this stage was seen; an ENTRYPOINT drops an inherited CMD.
    """

    tree: Tree
    config: ImageConfig
    args: dict[str, str] = field(default_factory=dict)
    epoch: int = 0
    command_set: bool = False


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


@dataclass(frozen=True, slots=True)
class CompilerResult:
    """files: what a compiler leaves, by names relative to its folder, with their modes."""

    status: int
    stdout: bytes = b""
    stderr: bytes = b""
    files: Mapping[str, tuple[bytes, int]] = field(default_factory=dict)


class Compiler(Protocol):
    """Compiles C and C++ of a stage: argv[0] is `cc`, `c++` or `ar`. The tree is not changed."""

    def run(self, request: CommandRequest) -> CompilerResult: ...


class WheelBuilder(Protocol):
    """Builds packages with native parts for the box. has_rust: also those with Rust in them."""

    @property
    def has_rust(self) -> bool: ...

    def key(self, filename: str) -> str:
        """Names what the source archive of this name is built with: a wheel that was kept under
        another key is not taken."""

    def build(
        self, source: Path, folder: Path, environment: Mapping[str, str]
    ) -> tuple[Path | None, str]:
        """A wheel from a source archive or a project's folder, in an empty folder, and what the
        build said. None where the build failed."""


class Listener(Protocol):
    """Who watches the steps."""

    def output(self, stream: Stream, data: bytes) -> None:
        """Bytes a command wrote, as it wrote them."""

    def notice(self, message: str, where: Where | None, hint: str | None) -> None:
        """Something the user should know that does not stop the build."""


class Silent:
    """A listener for who does not watch."""

    def output(self, stream: Stream, data: bytes) -> None:
        return None

    def notice(self, message: str, where: Where | None, hint: str | None) -> None:
        return None


def _no_stage(name: str) -> Tree | None:
    return None


@dataclass(frozen=True, slots=True)
class Ports:
    """What the instructions need from outside.

    stage_tree: the tree that `COPY --from=NAME` and `RUN --mount=from=NAME` mean, None if there is
    none; it is not changed. commands: None where no machine can be run. wheels: None where nothing
    native can be built. compiler: None where nothing is compiled. python: the base's, None where it
    has none. python_asked: the Python of the image that FROM names (`3.9`) where it is not the
    base's, else empty. secrets: by their ids.
    """

    listener: Listener = field(default_factory=Silent)
    commands: CommandRunner | None = None
    stage_tree: Callable[[str], Tree | None] = _no_stage
    wheels: WheelBuilder | None = None
    compiler: Compiler | None = None
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    python: Python | None = None
    python_asked: str = ""
