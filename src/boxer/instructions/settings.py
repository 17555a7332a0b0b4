"""The instructions that only change what an image says: ENV, USER, CMD, LABEL and their like.

Belongs here: their effect on an `ImageConfig`, each a function from config to config. Does not:
files (`addition`, `run`), variables' expansion (`plan`).

Rules: BuildKit's dispatchers. A shell form becomes the words of the stage's SHELL and the text.
"""

from __future__ import annotations

import posixpath
import re
import signal
from collections.abc import Iterable, Sequence
from dataclasses import replace

from boxer.boxfile import Healthcheck, ImageConfig
from boxer.errors import InstructionError, Where

# What a shell form is given to, where no SHELL says otherwise.
DEFAULT_SHELL = ("/bin/sh", "-c")
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# `HOST:PORT` is no mapping, what is exposed is the port of the box; so it is in BuildKit, too.
_PORT = re.compile(
    r"(?:[\d.:\[\]a-f-]*:)?(\d{1,5})(?:-(\d{1,5}))?(?:/(tcp|udp|sctp)?)?", re.IGNORECASE
)
_MAX_SIGNAL = 64  # SIGRTMAX of Linux


def with_env(config: ImageConfig, pairs: Iterable[tuple[str, str]]) -> ImageConfig:
    """ENV: a name that is there is replaced where it stands."""
    variables = config.environment()
    variables.update(pairs)
    return replace(config, env=tuple(f"{name}={value}" for name, value in variables.items()))


def with_path(config: ImageConfig) -> ImageConfig:
    """With the PATH that a stage has whose base has none."""
    known = "PATH" in config.environment()
    return config if known else with_env(config, [("PATH", DEFAULT_PATH)])


def with_labels(config: ImageConfig, pairs: Iterable[tuple[str, str]]) -> ImageConfig:
    labels = dict(config.labels)
    labels.update(pairs)
    return replace(config, labels=tuple(sorted(labels.items())))


def working_directory(config: ImageConfig, path: str) -> str:
    """WORKDIR: relative to the one before; always absolute and clean."""
    joined = posixpath.normpath(posixpath.join("/", config.working_dir, path))
    return "/" + joined.lstrip("/")


def with_working_directory(config: ImageConfig, path: str) -> ImageConfig:
    return replace(config, working_dir=path)


def with_ports(config: ImageConfig, ports: Iterable[str], where: Where | None) -> ImageConfig:
    """EXPOSE: `8080`, `53/udp`, `7000-7009`; an empty word, from an unset variable, is nothing."""
    exposed = set(config.exposed_ports)
    known = len(exposed)
    for word in ports:
        exposed.update(_expanded_port(word, where) if word else ())
    if len(exposed) == known:
        return config
    return replace(config, exposed_ports=tuple(sorted(exposed)))


def with_volumes(config: ImageConfig, paths: Iterable[str], where: Where | None) -> ImageConfig:
    volumes = set(config.volumes)
    for path in paths:
        if not path.strip():
            raise InstructionError("A VOLUME has an empty path.", where=where)
        volumes.add(path)
    return replace(config, volumes=tuple(sorted(volumes)))


def with_stop_signal(config: ImageConfig, name: str, where: Where | None) -> ImageConfig:
    """STOPSIGNAL: a number or a name, with or without SIG."""
    known = {member.name for member in signal.Signals} | {"SIGRTMIN", "SIGRTMAX"}
    upper = name.upper()
    if upper.isdecimal() and 0 < int(upper[:4]) <= _MAX_SIGNAL:
        return replace(config, stop_signal=name)
    base = re.sub(r"(RTMIN|RTMAX)[+-]\d+$", r"\1", upper)
    if base in known or f"SIG{base}" in known:
        return replace(config, stop_signal=name)
    raise InstructionError(
        f"`{name}` is not a signal.", where=where, hint="Write a name (SIGTERM) or a number (15)."
    )


def with_user(config: ImageConfig, user: str) -> ImageConfig:
    """USER: looked up when something runs, as docker does."""
    return replace(config, user=user)


def with_shell(config: ImageConfig, argv: Sequence[str]) -> ImageConfig:
    return replace(config, shell=tuple(argv))


def with_healthcheck(config: ImageConfig, check: Healthcheck) -> ImageConfig:
    return replace(config, healthcheck=check)


def with_command(config: ImageConfig, argv: Sequence[str]) -> ImageConfig:
    return replace(config, cmd=tuple(argv))


def with_entrypoint(config: ImageConfig, argv: Sequence[str], command_set: bool) -> ImageConfig:
    """ENTRYPOINT: a CMD that came from the base is dropped, one of this stage stays."""
    cmd = config.cmd if command_set else None
    return replace(config, entrypoint=tuple(argv), cmd=cmd)


def in_shell(config: ImageConfig, script: str) -> tuple[str, ...]:
    """The words that a shell form stands for."""
    return (*(config.shell or DEFAULT_SHELL), script)


def _expanded_port(word: str, where: Where | None) -> list[str]:
    match = _PORT.fullmatch(word)
    first = int(match[1]) if match else -1
    last = int(match[2]) if match and match[2] else first
    if match is None or not 0 <= first <= last <= 65535:
        raise InstructionError(
            f"`{word}` is not a port.", where=where, hint="Write `EXPOSE 8080` or `EXPOSE 53/udp`."
        )
    protocol = (match[3] or "tcp").lower()
    return [f"{port}/{protocol}" for port in range(first, last + 1)]
