"""`boxer run`: runs a box once, with what it is granted and nothing else."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from boxer.cli.dockeroptions import add_docker_run_options
from boxer.cli.networkoptions import add_network_options
from boxer.errors import BoxerError, NotABoxError, NotWasmError, Where
from boxer.escape import escape

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from boxer.boxfile import Box
    from boxer.cli.grants import Grant
    from boxer.cli.life import Life
    from boxer.runtime import Limits, Network, RunResult

# docker run's status for its own failures.
OWN_FAILURE = 125
# Limits that end a run; others are the program's to meet.
_ENDING = ("time", "cpu", "output", "sent", "received")
# As docker's; native/launcher.c has it too.
STOP_TIMEOUT = 10.0
# Heard by the guest's kernel (guest/kernel/trace/trace.h); the program does not see it.
TRACED = {"BOXER_STRACE": "1"}
# Heard likewise (guest/kernel/host/attended.h): a person looks at what the program does.
LOOKED_AT = {"BOXER_ATTENDED": "1"}


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("run", help="run a box", allow_abbrev=False)
    parser.add_argument("-e", "--env", action="append", default=[], metavar="K[=V]")
    parser.add_argument(
        "--env-file", action="append", default=[], type=Path, metavar="FILE", help="lines K[=V]"
    )
    parser.add_argument(
        "-v",
        "--volume",
        action="append",
        default=[],
        metavar="[SOURCE:]TARGET[:ro]",
        help="mount a folder or file (./data), or a volume (data)",
    )
    parser.add_argument(
        "--mount",
        action="append",
        default=[],
        metavar="type=bind|volume|tmpfs,source=SOURCE,target=TARGET",
    )
    parser.add_argument(
        "--tmpfs", action="append", default=[], metavar="TARGET", help="mount an empty folder"
    )
    parser.add_argument("-w", "--workdir", metavar="DIR")
    parser.add_argument("-u", "--user", metavar="UID[:GID]")
    parser.add_argument("--entrypoint", metavar="E")
    parser.add_argument("-m", "--memory", metavar="SIZE", help="--limit memory=SIZE")
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="memory, time, cpu, output, files, storage, call_depth, tasks, connections,"
        " connect_time, idle_time, sent or received: --limit time=5",
    )
    parser.add_argument(
        "--strace", action="store_true", help="show each system call on standard error"
    )
    parser.add_argument(
        "--stop-timeout",
        type=float,
        default=STOP_TIMEOUT,
        metavar="SECONDS",
        help="how long the program has to end after SIGTERM (10; -1: as long as it likes)",
    )
    parser.add_argument(
        "--pull",
        choices=("missing", "always", "never"),
        default="missing",
        help="when a box that names a registry is fetched (missing)",
    )
    _add_detached(parser)
    add_network_options(parser)
    add_docker_run_options(parser)
    parser.add_argument(
        "box", metavar="BOX", help="a file, or NAME[:TAG]; a program of `boxer cc` too"
    )
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARG")
    parser.set_defaults(run=run, parser=parser, own_failure=OWN_FAILURE)


def _add_detached(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-d", "--detach", action="store_true", help="run it in the background and print its id"
    )
    parser.add_argument(
        "--name", metavar="NAME", help="of a detached box: `boxer logs NAME`; on its networks"
    )
    parser.add_argument("--rm", action="store_true", help="remove a detached box when it has ended")
    parser.add_argument(
        "-i", "--interactive", action="store_true", help="keep a detached box's input open"
    )
    parser.add_argument("-t", "--tty", action="store_true", help="give a detached box a terminal")
    parser.add_argument(
        "--restart", metavar="POLICY", help="no, on-failure[:N], always or unless-stopped"
    )
    parser.add_argument("-l", "--label", action="append", default=[], metavar="K=V")
    parser.add_argument("--stop-signal", metavar="SIGNAL", help="what `boxer stop` sends")
    parser.add_argument(
        "--log-opt", action="append", default=[], metavar="max-size=SIZE|max-file=N",
        help="of a detached box's log: 10m and 3",
    )  # fmt: skip
    parser.add_argument("--health-cmd", metavar="COMMAND", help="instead of HEALTHCHECK")
    for name in ("interval", "timeout", "start-period", "start-interval", "retries"):
        parser.add_argument(f"--health-{name}", metavar="N" if name == "retries" else "TIME")
    parser.add_argument("--no-healthcheck", action="store_true", help="leave HEALTHCHECK out")
    parser.add_argument("--life", help=argparse.SUPPRESS)
    parser.add_argument("--network-name", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    if options.life:
        return _live(options)
    from boxer.cli import detached

    _fetch(options.box, options.pull)
    if not options.detach:
        detached.refuse_attached(options)
        return _run(options, None).exit_code
    return _detach(options)


def _fetch(name: str, when: str) -> None:
    """As docker does. A name without a slash is of no registry."""
    if when == "never" or "/" not in name:
        return
    from boxer.registry import fetch

    fetch(name, always=when == "always", tell=lambda text: print(f"boxer: {text}", file=sys.stderr))


def _live(options: argparse.Namespace) -> int:
    """A life of a detached box."""
    from boxer.cli.life import read_life

    life = read_life(options.life)
    try:
        result = _run(options, life)
    except BoxerError as error:
        life.failed(error)
        raise
    life.ended(result)
    return result.exit_code


def _detach(options: argparse.Namespace) -> int:
    from boxer.cli import detached, runoptions
    from boxer.describe import load_bytes

    # What would be refused later is refused now.
    _limits(options)
    runoptions.parse_user(options.user)
    _granted(options)
    variables = [f"{name}={value}" for name, value in _variables(options).items()]
    data = load_bytes(options.box)
    box = _read(options.box, data)
    _network(options, box)
    return detached.start(options, box, data, variables)


def _limits(options: argparse.Namespace) -> Limits:
    from boxer.cli import networkoptions, runoptions

    memory = [f"memory={options.memory}"] if options.memory else []
    return runoptions.read_limits([*memory, *networkoptions.split_limits(options.limit)[0]])


def _variables(options: argparse.Namespace) -> dict[str, str]:
    from boxer.cli import runoptions

    lines = [line for path in options.env_file for line in runoptions.read_environment_file(path)]
    return runoptions.read_environment([*lines, *options.env])


def _granted(options: argparse.Namespace) -> list[Grant]:
    from boxer.cli import grants

    return [
        *map(grants.parse_volume, options.volume),
        *map(grants.parse_mount, options.mount),
        *map(grants.parse_tmpfs, options.tmpfs),
    ]


def _network(options: argparse.Namespace, box: Box) -> Network:
    from boxer.cli import networkoptions

    limits = networkoptions.split_limits(options.limit)[1]
    return networkoptions.read_network(options, limits, box.info.config.exposed_ports)


def _run(options: argparse.Namespace, life: Life | None) -> RunResult:
    from boxer.cli import grants, networkoptions, runoptions
    from boxer.runtime import Frozen, Stream, open_network
    from boxer.runtime import run as run_box

    limits = _limits(options)
    env = runoptions.read_environment(life.variables) if life else _variables(options)
    granted = _granted(options)
    box = _box(options.box)
    network = _network(options, box)
    frozen = Frozen.of(box)
    del box  # as large as its file: the machine does not need it
    with (
        grants.mounts_of(granted, partial(grants.copy_of, options.box)) as mounts,
        open_network(network) as opened,
    ):
        networkoptions.begin_network(network, opened)
        if life and opened:
            life.ports = opened.ports
        result = run_box(
            frozen,
            options.arguments,
            env=env | LOOKED_AT | (TRACED if options.strace else {}),
            mounts=mounts,
            stdin=Stream.INHERIT,
            stdout=Stream.INHERIT,
            stderr=Stream.INHERIT,
            limits=limits,
            entrypoint=options.entrypoint,
            working_dir=options.workdir,
            user=runoptions.parse_user(options.user),
            stop_timeout=-1.0 if life else options.stop_timeout,
            began=life.began if life else lambda: None,
            orders=life.orders if life else -1,
            network=opened,
        )
    _tell(result, limits, network)
    return result


def _tell(result: RunResult, limits: Limits, network: Network) -> None:
    """What ended the program, where it was not the program itself."""
    if result.crash:
        sys.stderr.write(f"boxer: {escape(result.crash)}\n")
    elif result.limit and (result.limit in _ENDING or _ended_by_memory(result)):
        value = getattr(network if result.limit in ("sent", "received") else limits, result.limit)
        sys.stderr.write(f"boxer: the run reached its limit: {result.limit}={value}\n")


def _ended_by_memory(result: RunResult) -> bool:
    """Of all processes together; one alone meets the limit as an error of its own."""
    return (result.limit, result.exit_code) == ("memory", 137)


def _box(name: str) -> Box:
    """The box of a name, with a plan for the next run of it. Raises what reading raises."""
    from boxer.describe import box_path, load_bytes
    from boxer.runtime import write_plan

    data = load_bytes(name)
    try:
        box = _read(name, data)
    except BoxerError as error:
        raise error.at(Where(name)) from None
    write_plan(box_path(name), box)
    return box


def _read(name: str, data: bytes) -> Box:
    """A program that `boxer cc` made is put into a box."""
    from boxer.boxfile import read_box
    from boxer.describe import box_path

    try:
        return read_box(data)
    except (NotABoxError, NotWasmError):
        from boxer.pipeline import program_box

        made = program_box(data, box_path(name).name)
        if made is None:
            raise
        return read_box(made)
