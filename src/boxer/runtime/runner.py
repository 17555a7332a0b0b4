"""One run of a box, from its image to its exit status.

Belongs here: what a run is given and what comes back. Does not: keeping machines for the next run
(`pool`), machines that go on after a run (`started`).

Invariants
1. The guest sees of the host what it is given here and nothing else: no environment, no files, no
   descriptors but the three streams.
2. A guest that fails, crashes or reaches a limit is a result. Errors are for what the caller gave,
   and for Boxer's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from boxer.boxfile import Box
from boxer.errors import NetworkValueError
from boxer.runtime.entry import Instance, Outcome, RunOptions, Usage
from boxer.runtime.frozen import Frozen
from boxer.runtime.limits import Limits
from boxer.runtime.lives import Lives
from boxer.runtime.mapped import MappedInstance
from boxer.runtime.mounts import Mount, folders_of
from boxer.runtime.network import Network
from boxer.runtime.opened import OpenNetwork
from boxer.runtime.opening import open_network, without_ports
from boxer.runtime.stdio import Stream


@dataclass(frozen=True, slots=True)
class RunResult:
    """exit_code, limit, crash: see `ExitStatus`. stdout, stderr: empty where they were inherited.

    limit: the name of the field of `Limits` that was reached: it ended the run (time, cpu, output,
    call_depth; memory, of several processes together), or the program met it as an error of its
    own (memory, files, storage).
    """

    exit_code: int
    stdout: bytes = b""
    stderr: bytes = b""
    limit: str | None = None
    crash: str | None = None
    usage: Usage = field(default_factory=Usage, compare=False)


def run(
    box: Box | Frozen,
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
    stop_timeout: float | None = None,
    began: Callable[[], None] = lambda: None,
    orders: int = -1,
    network: Network | OpenNetwork | None = None,
    lives: Lives | None = None,
) -> RunResult:
    """Runs a box once, on a machine of its own.

    arguments: replace the box's CMD. env: laid over the box's own. entrypoint: replaces ENTRYPOINT
    and CMD, as `docker run --entrypoint`. user: "uid[:gid]", numbers. stop_timeout, began,
    orders, lives: see `RunOptions`.
    Raises `MountError`, `LimitValueError`, `UnsupportedModuleError`, what `open_network` raises;
    KeyboardInterrupt after Ctrl-C, if the run is in the main thread.
    """
    bounds = limits or Limits()
    options = RunOptions(
        bounds,
        command_line(arguments),
        variables(env, entrypoint, working_dir, user),
        stdin,
        stdout,
        stderr,
        stop_timeout=stop_timeout,
        began=began,
        orders=orders,
        lives=lives,
    )
    frozen = box if isinstance(box, Frozen) else Frozen.of(box)
    with open_network(network) as opened, folders_of(mounts) as folders:
        machine = frozen.machine(bounds.memory_bytes, folders)
        if opened is not None and not isinstance(machine, MappedInstance):
            raise NetworkValueError(
                "This machine has no native library of Boxer's, so boxes have no network here."
            )
        return result_of(once(machine, replace(options, network=opened)))


def once(machine: Instance, options: RunOptions) -> Outcome:
    """Runs and closes a machine."""
    try:
        return machine.run(options)
    finally:
        machine.close()


def result_of(outcome: Outcome) -> RunResult:
    """An outcome as the caller of a run sees it."""
    exit_status = outcome.exit_status
    return RunResult(
        exit_status.exit_code,
        outcome.stdout,
        outcome.stderr,
        exit_status.limit,
        exit_status.crash,
        outcome.usage,
    )


def run_options(
    limits: Limits | None, env: Mapping[str, str] | None, network: Network | None = None
) -> RunOptions:
    """What a machine that answers calls is given. Raises what `open_network` raises."""
    with open_network(without_ports(network, "A machine that answers calls")) as opened:
        return RunOptions(limits or Limits(), environment=variables(env), network=opened)


def command_line(arguments: Sequence[str]) -> tuple[bytes, ...]:
    """argv of a box, whose own name is `box`."""
    return tuple(_encoded(text) for text in ("box", *arguments))


def variables(
    env: Mapping[str, str] | None = None,
    entrypoint: str | None = None,
    working_dir: str | None = None,
    user: str | None = None,
) -> tuple[bytes, ...]:
    """The environment a box is given, the settings of this run in it."""
    given = dict(env or {})
    for name, value in (
        ("BOXER_ENTRYPOINT", entrypoint),
        ("BOXER_WORKDIR", working_dir),
        ("BOXER_USER", user),
    ):
        if value is not None:
            given[name] = value
    return tuple(_encoded(f"{name}={value}") for name, value in given.items())


def _encoded(text: str) -> bytes:
    if "\0" in text:
        raise ValueError("arguments and variables cannot hold a NUL character")
    return text.encode("utf-8", "surrogateescape")
