"""What a build reports while it runs. `console` draws these; the library itself never prints.

Belongs here: typed events. Does not: how they look.

The order of a build that succeeds:

    BuildStarted
    ( StageStarted  ( StepStarted  SAID*  StepFinished )*  StageFinished )+
    ( PhaseStarted  PhaseFinished ) for each of Phase, in its order
    BuildFinished

SAID is StepOutput, StepProgress or Notice. A build that fails stops after the event it had reached
and raises a `BoxerError`. Notices may come at any time.

Invariants
1. Events are immutable and hold no open resource: they may be kept, queued and compared.
2. Seconds are of the monotonic clock and are for people only; nothing in a box depends on them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Literal

from boxer.errors import Where
from boxer.listener import Notify


class Phase(Enum):
    """What happens after the last instruction. The value is a phrase for people."""

    COMPILE = "compile the base's code"  # from the cache in all builds but a machine's first
    LINK = "put the files into memory"
    FREEZE = "start the program and freeze it"
    WRITE = "write the box"


@dataclass(frozen=True, slots=True)
class BuildStarted:
    """context and dockerfile as the user named them; stages: how many stages will be built."""

    context: Path
    dockerfile: Path
    stages: int


@dataclass(frozen=True, slots=True)
class StageStarted:
    """number: 1-based. name: its AS name or None. base: what FROM named, for people.

    steps: how many instructions the stage has, FROM not counted.
    """

    number: int
    name: str | None
    base: str
    steps: int
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class StepStarted:
    """number: 1-based within the stage. text: the instruction's original words."""

    stage: int
    number: int
    text: str
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class StepOutput:
    """Bytes a command of the step wrote. Not trusted: escape before it reaches a terminal."""

    stage: int
    number: int
    stream: Literal["stdout", "stderr"]
    data: bytes


@dataclass(frozen=True, slots=True)
class StepProgress:
    """What a step that takes long is doing just now."""

    stage: int
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class StepFinished:
    """cached: an earlier build's result was taken. kept: this one's, and that of the steps before
    it, is there for later builds."""

    stage: int
    number: int
    seconds: float
    cached: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True)
class StageFinished:
    stage: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know that does not stop the build."""

    message: str
    where: Where | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class PhaseStarted:
    phase: Phase


@dataclass(frozen=True, slots=True)
class PhaseFinished:
    """cached: nothing had to be done, a kept result was taken. detail: e.g. a size, for people."""

    phase: Phase
    seconds: float
    cached: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class BuildFinished:
    """output: the box's file, if it was written to one. digest: sha256, hex. size: bytes. remark:
    what a person who looks at the end only must know, a sentence; else empty."""

    output: Path | None
    digest: str
    size: int
    seconds: float
    remark: str = ""


Event = (
    BuildStarted
    | StageStarted
    | StepStarted
    | StepOutput
    | StepProgress
    | StepFinished
    | StageFinished
    | Notice
    | PhaseStarted
    | PhaseFinished
    | BuildFinished
)
Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The listener of a caller who does not watch."""


def notices(events: Listener) -> Notify:
    """What rooms below a build are given to tell the user something."""
    return lambda message, where, hint: events(Notice(message, where, hint))
