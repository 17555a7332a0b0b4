"""What goes into one entry of a machine, and what comes out.

Belongs here: the two values, whichever kind of machine is entered. Does not: entering (`mapped`,
`copied`).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from boxer.abi import Reached
from boxer.runtime.exitstatus import ExitStatus
from boxer.runtime.limits import Limits
from boxer.runtime.lives import Lives
from boxer.runtime.opened import OpenNetwork
from boxer.runtime.stdio import Stream


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a machine gets for one entry, and nothing else of the host.

    arguments: argv with a name for the box first. environment: `K=V`. thaw: a call begins a life
    (fresh randomness, clocks, environment) instead of going on with one. stop_timeout: signals of
    this process are the program's, and it has so many seconds to end after SIGTERM (negative: as
    long as it likes); None: they are this process's own. began: called when all is ready and the
    program is entered next. network: None: there is none. orders: the descriptor of a socket by
    which programs beside its own are asked for (native/orders.c), which a mapped machine hears of;
    -1: there is none. descriptors: of this process, in place of the three streams, which a mapped
    machine has; what goes over them is nobody's output. word: see `Word`. ask: makes what gives the
    reply to a guest's requests to functions of the host (`asking`); None: there are none. lives: of
    connections, in processes of their own, which a mapped machine gives; None: it has one life.
    """

    limits: Limits = field(default_factory=Limits)
    arguments: tuple[bytes, ...] = (b"box",)
    environment: tuple[bytes, ...] = ()
    stdin: bytes | Stream = b""
    stdout: Stream = Stream.CAPTURE
    stderr: Stream = Stream.CAPTURE
    thaw: bool = True
    stop_timeout: float | None = None
    began: Callable[[], None] = lambda: None
    network: OpenNetwork | None = None
    orders: int = -1
    descriptors: tuple[int, int, int] | None = None
    word: Word | None = None
    ask: Callable[[], Callable[[bytes], bytes]] | None = None
    lives: Lives | None = None


class Word:
    """What another thread says to a run that is under way: native/machine.h's `boxer_word`."""

    GO_ON, STOP, PAUSE = range(3)

    def __init__(self) -> None:
        self.native = ctypes.c_uint32(self.GO_ON)

    def say(self, word: int) -> None:
        """One of the above; a run hears of it within some 10 ms."""
        self.native.value = word


@dataclass(frozen=True, slots=True)
class Usage:
    """What an entry took. time, cpu: seconds. memory: bytes of linear memory at its end."""

    time: float = 0.0
    cpu: float = 0.0
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """reply: of a call that returned. status: what an entered function returned, None if ended."""

    exit_status: ExitStatus
    stdout: bytes = b""
    stderr: bytes = b""
    reply: bytes | None = None
    status: int | None = None
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Answer:
    """value: what a call returned. stdout, stderr: what it printed, where that is captured."""

    value: Any
    stdout: bytes = b""
    stderr: bytes = b""
    usage: Usage = field(default_factory=Usage)


class Instance(Protocol):
    """A machine over its image. Used by one thread at a time."""

    def run(self, options: RunOptions) -> Outcome:
        """Enters the program with a command line."""

    def call(self, options: RunOptions, request: bytes) -> Outcome:
        """Hands over a request and takes the reply (guest/python/_boxer_calls.py)."""

    def enter(self, name: str, options: RunOptions) -> Outcome:
        """Enters an export that returns an i32."""

    def reset(self) -> bool:
        """Whether the machine is its image again; if not, it must be closed."""

    def memory(self) -> bytes:
        """All of its memory."""

    def close(self) -> None: ...


def reached_limit(bits: int) -> str | None:
    """The first limit a machine's own kernel noted."""
    return next((limit.name.lower() for limit in Reached if bits >> limit & 1), None)


# Seconds of a call whose time may be over before it begins.
SHORTEST = 1e-6


def within(options: RunOptions, seconds: float | None) -> RunOptions:
    """The same, with fewer seconds. None: as they are."""
    limit = options.limits.time
    if seconds is None or (limit is not None and limit <= seconds):
        return options
    return replace(options, limits=replace(options.limits, time=max(seconds, SHORTEST)))
