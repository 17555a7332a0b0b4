"""One run of a box, from its image to its exit status.

Belongs here: what a run is given and what comes back. Does not: keeping machines for the next run.

Invariants
1. The guest sees of the host what it is given here and nothing else: no environment, no files, no
   descriptors but the three streams.
2. A guest that fails, crashes or reaches a limit is a result. Errors are for what the caller gave,
   and for Boxer's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from boxer.boxfile import Box
from boxer.sandbox.code import load_code
from boxer.sandbox.ending import run_to_end
from boxer.sandbox.limits import Limits
from boxer.sandbox.machine import Machine
from boxer.sandbox.mounts import Mount
from boxer.sandbox.preview1 import Host
from boxer.sandbox.sources import HostClock, host_entropy
from boxer.sandbox.stdio import Budget, BytesSource, CapturedSink, InheritedDescriptor
from boxer.sandbox.watch import Watch


class Stream(Enum):
    """INHERIT: this process's own. CAPTURE: kept, and returned in the result."""

    INHERIT = "inherit"
    CAPTURE = "capture"


@dataclass(frozen=True, slots=True)
class RunResult:
    """exit_code, limit, crash: see `Ending`. stdout, stderr: empty where they were inherited."""

    exit_code: int
    stdout: bytes = b""
    stderr: bytes = b""
    limit: str | None = None
    crash: str | None = None


def run(
    box: Box,
    arguments: Sequence[str] = (),
    *,
    env: Mapping[str, str] | None = None,
    mounts: Sequence[Mount] = (),
    stdin: bytes | Stream = b"",
    stdout: Stream = Stream.CAPTURE,
    stderr: Stream = Stream.CAPTURE,
    limits: Limits | None = None,
    entrypoint: str | None = None,
    working_dir: str | None = None,
    user: str | None = None,
) -> RunResult:
    """Runs a box once, on a machine of its own.

    arguments: replace the box's CMD. env: laid over the box's own. entrypoint: replaces ENTRYPOINT
    and CMD, as `docker run --entrypoint`. user: "uid[:gid]", numbers.
    Raises `MountError`, `LimitValueError`, `UnsupportedModuleError`; KeyboardInterrupt after
    Ctrl-C, if the run is in the main thread.
    """
    bounds = limits or Limits()
    budget = Budget(bounds.output_bytes)
    out = _sink(stdout, 1, budget)
    err = _sink(stderr, 2, budget)
    given = dict(env or {})
    for name, value in (
        ("BOXER_ENTRYPOINT", entrypoint),
        ("BOXER_WORKDIR", working_dir),
        ("BOXER_USER", user),
    ):
        if value is not None:
            given[name] = value
    code = load_code(box.code, box.info.code_digest)
    host = Host(
        stdin=InheritedDescriptor(0) if isinstance(stdin, Stream) else BytesSource(stdin),
        stdout=out,
        stderr=err,
        clock=HostClock(),
        entropy=host_entropy,
        arguments=tuple(_encoded(text) for text in ("box", *arguments)),
        environment=tuple(_encoded(f"{name}={value}") for name, value in given.items()),
        watch=Watch(bounds.time),
    )
    with Machine(code, host, bounds.memory_bytes, mounts) as machine:
        machine.load(box.image)
        ending = run_to_end(machine)
    return RunResult(ending.exit_code, out.data, err.data, ending.limit, ending.crash)


def _sink(stream: Stream, descriptor: int, budget: Budget) -> CapturedSink | InheritedDescriptor:
    if stream is Stream.INHERIT:
        return InheritedDescriptor(descriptor, budget)
    return CapturedSink(budget)


def _encoded(text: str) -> bytes:
    if "\0" in text:
        raise ValueError("arguments and variables cannot hold a NUL character")
    return text.encode("utf-8", "surrogateescape")
