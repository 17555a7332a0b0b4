"""`boxer start`, `stop`, `restart`, `kill`, `wait`, `rm`: the lives of detached boxes."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from boxer.errors import BoxerError, ServiceMissingError, ServiceStateError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from boxer.services import Service, ServiceStore

# How long a supervisor may take for what it does at once, seconds.
_PATIENCE = 30.0


def add(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    starting = _command(subparsers, "start", "start detached boxes that have ended")
    starting.set_defaults(run=lambda options: _each(options.services, _start))
    stopping = _command(subparsers, "stop", "end detached boxes: SIGTERM, then SIGKILL")
    _add_time(stopping)
    stopping.set_defaults(
        run=lambda options: _each(options.services, partial(_stop, seconds=options.time))
    )
    again = _command(subparsers, "restart", "end detached boxes and start them again")
    _add_time(again)
    again.set_defaults(
        run=lambda options: _each(options.services, partial(_restart, seconds=options.time))
    )
    killing = _command(subparsers, "kill", "send the program of detached boxes a signal")
    killing.add_argument("-s", "--signal", default="KILL", metavar="SIGNAL", help="KILL")
    killing.set_defaults(run=run_kill)
    waiting = _command(subparsers, "wait", "wait until detached boxes end; print exit statuses")
    waiting.set_defaults(run=run_wait)
    removing = _command(subparsers, "rm", "remove detached boxes, their logs and records")
    removing.add_argument("-f", "--force", action="store_true", help="end those that run")
    removing.add_argument("-v", "--volumes", action="store_true", help=argparse.SUPPRESS)
    removing.set_defaults(run=run_remove)


def _command(
    subparsers: _SubParsersAction[argparse.ArgumentParser], name: str, what: str
) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(name, help=what, allow_abbrev=False)
    parser.add_argument("services", nargs="+", metavar="SERVICE")
    return parser


def _add_time(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-t", "--time", "--timeout", type=float, metavar="SECONDS",
        help="until it is killed (10, or --stop-timeout of its run; -1: never)",
    )  # fmt: skip


def _each(names: Sequence[str], do: Callable[[ServiceStore, Service], None]) -> int:
    """What succeeded is printed; a failure of one does not keep the others from it."""
    from boxer.console import draw_error
    from boxer.services import ServiceStore

    store, status = ServiceStore(), 0
    for name in names:
        try:
            do(store, store.get(name))
            print(name, flush=True)
        except BoxerError as error:
            draw_error(error, sys.stderr)
            status = error.exit_status
    return status


def _start(store: ServiceStore, service: Service) -> None:
    from boxer.cli.detached import begin
    from boxer.services import look

    if look(service)[1] in ("running", "restarting"):
        return
    lock = _lock(service)
    if lock is None:
        return  # another has just started it
    begin(service.name, store, lock, keep=True)


def _lock(service: Service) -> int | None:
    try:
        return service.take_lock()
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise ServiceMissingError(
                f"`{service.name}` was removed.", hint="boxer ps -a"
            ) from None
        raise ServiceStateError(
            f"The records of `{service.name}` cannot be used: {error.strerror}.",
            hint=f"They are in `{service.folder}`.",
        ) from None


def _stop(store: ServiceStore, service: Service, seconds: float | None) -> None:
    from boxer.services import ask

    most = service.record.stop_timeout if seconds is None else seconds
    ask(
        service.control,
        {"do": "stop", "timeout": seconds},
        timeout=None if most < 0 else most + _PATIENCE,
    )


def _restart(store: ServiceStore, service: Service, seconds: float | None) -> None:
    from boxer.cli.detached import error_of
    from boxer.services import ask

    told = ask(service.control, {"do": "restart", "timeout": seconds})
    if told is None:
        _start(store, service)
    elif "error" in told:
        raise error_of(told["error"])


def run_kill(options: argparse.Namespace) -> int:
    from boxer.services import ask, parse_signal

    number = int(parse_signal(options.signal))

    def kill(store: ServiceStore, service: Service) -> None:
        told = ask(service.control, {"do": "kill", "signal": number}, timeout=_PATIENCE)
        if told is None or "done" not in told:
            raise ServiceStateError(
                f"`{service.name}` does not run.", hint=f"boxer start {service.name}"
            )

    return _each(options.services, kill)


def run_wait(options: argparse.Namespace) -> int:
    from boxer.services import ServiceStore, ask

    store = ServiceStore()
    for service in [store.get(name) for name in options.services]:
        told = ask(service.control, {"do": "wait"})
        if told is None:
            told = {"exit_code": _exit_code(service)}
        print(told["exit_code"], flush=True)
    return 0


def _exit_code(service: Service) -> int:
    from boxer.services import look

    state, status = look(service)
    return 128 + signal.SIGKILL if status == "dead" else state.exit_code


def run_remove(options: argparse.Namespace) -> int:
    def remove(store: ServiceStore, service: Service) -> None:
        from boxer.services import ask

        if service.is_watched():
            if not options.force and service.state().status in ("running", "restarting"):
                raise ServiceStateError(
                    f"`{service.name}` runs.",
                    hint=f"`boxer stop {service.name}` before, or `boxer rm -f {service.name}`.",
                )
            request = {"do": "kill", "signal": int(signal.SIGKILL)}
            ask(service.control, request, timeout=_PATIENCE)
        try:
            lock = service.take_lock(_PATIENCE)
        except FileNotFoundError:
            return  # it was to be gone with its end
        if lock is None:
            raise ServiceStateError(
                f"The process that watches `{service.name}` does not end.",
                hint=f"kill -9 {service.state().supervisor or os.getpid()}",
            )
        store.remove(service, lock)

    return _each(options.services, remove)
