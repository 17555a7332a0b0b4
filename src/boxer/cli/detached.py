"""`boxer run -d`: what was asked for is written down, and its first life begun.

Belongs here: options made into a record. Does not: keeping it, or running it (`services`).
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boxer.errors import BoxerError, ServiceOptionError, ServiceStateError

if TYPE_CHECKING:
    from boxer.boxfile import Box, ImageConfig
    from boxer.services import Health, Record, ServiceStore

# Options that are told otherwise than by their own words when a life begins.
_TOLD_OTHERWISE = (
    "env", "env_file", "box", "arguments", "detach", "name", "restart", "rm", "interactive", "tty",
    "label", "stop_signal", "stop_timeout", "log_opt", "no_healthcheck",
)  # fmt: skip
_HEALTH = ("interval", "timeout", "start_period", "start_interval", "retries")
_ONLY_DETACHED = ("restart", "log_opt", "health_cmd", *(f"health_{name}" for name in _HEALTH))
_LEAST_LOG = 1 << 16


def refuse_attached(options: argparse.Namespace) -> None:
    """What only a detached box can have. Raises `ServiceOptionError`."""
    for name in _ONLY_DETACHED:
        if getattr(options, name):
            raise ServiceOptionError(
                f"`--{name.replace('_', '-')}` belongs to a detached box: nobody else is there to"
                " do it.",
                hint="boxer run -d ..",
            )


def start(options: argparse.Namespace, box: Box, data: bytes, variables: Sequence[str]) -> int:
    """Makes a service and starts it; prints its id. data: the file that is run.

    Raises `ServiceOptionError`, `NameTakenError`, `WriteError`, and what beginning raises.
    """
    from boxer.services import ServiceStore, check_name

    if options.name is not None:
        check_name(options.name)
    store = ServiceStore()
    store.sweep()
    record = _record(options, box, variables)
    service, lock = store.create(record, data)
    _plan(box, store.blobs.path(service.record.digest))
    begin(service.name, store, lock)
    if record.health:
        _tell_unchecked(service.name, store)
    print(record.id)
    return 0


def begin(name: str, store: ServiceStore, lock: int, keep: bool = False) -> None:
    """Starts a service whose lock is held. keep: it stays where it does not begin. Raises what its
    life told."""
    from boxer.services import start as start_service

    service = store.get(name)
    try:
        told = start_service(store, service, lock)
        if "error" in told:
            raise error_of(told["error"])
    except BoxerError:
        if not keep:
            again = service.take_lock()
            if again is not None:
                store.remove(service, again)
        raise


def error_of(told: dict[str, str | None]) -> BoxerError:
    """The error of another process, as it was raised there."""
    kinds = {kind.reference: kind for kind in _kinds(BoxerError)}
    kind = kinds.get(told.get("reference") or "", ServiceStateError)
    return kind(told.get("message") or "", hint=told.get("hint"))


def _kinds(kind: type[BoxerError]) -> Iterator[type[BoxerError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _kinds(below)


def _record(options: argparse.Namespace, box: Box, variables: Sequence[str]) -> Record:
    from boxer.services import Record, new_id, new_name, parse_policy

    policy = parse_policy(options.restart or "no")
    if options.rm and policy.kind != "no":
        raise ServiceOptionError(
            "`--rm` and `--restart` contradict each other.", hint="Leave one of them out."
        )
    config = box.info.config
    size, files = _log_bounds(options.log_opt)
    name = options.name or new_name(options.box)
    return Record(
        name=name,
        id=new_id(),
        box=options.box,
        digest="",
        created=time.time(),
        words=[*_words(options.parser, options), *_network_name(options, name)],
        variables=list(variables),
        arguments=options.arguments,
        command=_command(options, config),
        folder=os.getcwd(),  # noqa: PTH109 - as text
        working_dir=options.workdir or config.working_dir or "/",
        restart=str(policy),
        stop_signal=_stop_signal(options.stop_signal, config),
        stop_timeout=options.stop_timeout,
        remove=options.rm,
        interactive=options.interactive,
        terminal=options.tty,
        health=_health(options, config),
        labels=dict(text.partition("=")[::2] for text in options.label),
        log_size=size,
        log_files=files,
    )


def _words(parser: argparse.ArgumentParser, options: argparse.Namespace) -> list[str]:
    """The options of a run that are its own, in words."""
    words = []
    for action in parser._actions:
        value = getattr(options, action.dest, None)
        if (
            not action.option_strings
            or action.help == argparse.SUPPRESS
            or action.dest in _TOLD_OTHERWISE
            or action.dest.startswith("health_")
            or not value
            or value == action.default
        ):
            continue
        name = max(action.option_strings, key=len)
        if action.nargs == 0:
            words.append(name)
        else:
            texts = value if isinstance(value, list) else [value]
            words += [f"{name}={text}" for text in texts]
    return words


def _network_name(options: argparse.Namespace, name: str) -> list[str]:
    """A service is known on its networks by its own name."""
    is_on_one = any(network not in ("host", "none") for network in options.network)
    return [f"--network-name={name}"] if is_on_one else []


def _command(options: argparse.Namespace, config: ImageConfig) -> str:
    """For people."""
    words: Sequence[str] = options.arguments
    if options.entrypoint:
        words = [options.entrypoint, *words]
    else:
        words = [*(config.entrypoint or ()), *(words or config.cmd or ())]
    return shlex.join(words)


def _stop_signal(text: str | None, config: ImageConfig) -> int:
    from boxer.services import parse_signal

    if text is not None:
        return parse_signal(text)
    try:
        return parse_signal(config.stop_signal or "TERM")
    except ServiceOptionError:
        sys.stderr.write(
            f"boxer: the box's STOPSIGNAL, {config.stop_signal!r}, cannot be sent to a box:"
            " `boxer stop` sends SIGTERM\n"
        )
        return parse_signal("TERM")


def _health(options: argparse.Namespace, config: ImageConfig) -> Health | None:
    from boxer.services import Health

    check = config.healthcheck
    words = _words_of_check(check.test if check else (), options, config)
    if options.no_healthcheck or not words:
        return None
    given = {name: getattr(options, f"health_{name}") for name in _HEALTH}
    values: dict[str, Any] = {}
    for name, text in given.items():
        if text is not None:
            values[name] = _number(name, text)
        elif check and getattr(check, name):
            value = getattr(check, name)
            values[name] = value if name == "retries" else value / 1e9
    return Health(words, **{name: value for name, value in values.items() if value})


def _words_of_check(
    test: Sequence[str], options: argparse.Namespace, config: ImageConfig
) -> list[str]:
    if options.health_cmd:
        test = ("CMD-SHELL", options.health_cmd)
    if not test or test[0] == "NONE":
        return []
    shell = [] if test[0] == "CMD" else list(config.shell or ("/bin/sh", "-c"))
    return [*shell, *test[1:]]


def _number(name: str, text: str) -> float:
    from boxer.instructions import parse_duration

    option = f"health-{name.replace('_', '-')}"
    if name != "retries":
        return parse_duration(option, text) / 1e9
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ServiceOptionError(f"`--{option}={text}` is no number.", hint=f"--{option}=3")
    return int(text)


def _log_bounds(texts: Sequence[str]) -> tuple[int, int]:
    """Bytes of one file of the log, and how many there are. Raises `ServiceOptionError`."""
    from boxer.runtime import parse_size

    size, files = 10 << 20, 3
    for text in texts:
        name, _, value = text.partition("=")
        if name == "max-size":
            size = max(parse_size(value), _LEAST_LOG)
        elif name == "max-file" and re.fullmatch(r"[1-9][0-9]{0,2}", value):
            files = int(value)
        else:
            raise ServiceOptionError(
                f"`--log-opt {text}` is not known.",
                hint="--log-opt max-size=10m --log-opt max-file=3",
            )
    return size, files


def _plan(box: Box, path: Path) -> None:
    """The first life is as quick and as small as the others."""
    from boxer.runtime import load_code, write_plan

    load_code(box.code, box.info.code_digest)
    write_plan(path, box)


def _tell_unchecked(name: str, store: ServiceStore) -> None:
    from boxer.services import ask

    told = ask(store.get(name).control, {"do": "health"})
    if told and told["unchecked"]:
        sys.stderr.write(f"boxer: the health of `{name}` is not checked: {told['unchecked']}\n")
