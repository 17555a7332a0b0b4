"""The machine config: what the program in the box needs to know to start.

Belongs here: an image's settings as the records guest/entry/machine.c reads. Does not: the
settings themselves (`boxfile`).

Invariants
1. The records stand in a fixed order; equal settings give equal bytes.
2. No value holds a NUL: it would end its record early and start a new one of its own choosing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from boxer.boxfile import ImageConfig
from boxer.errors import BadFieldError
from boxer.filetree import Ids, Tree, resolve_user

# What `docker run` without a name would invent anew each time; a box must be reproducible.
HOSTNAME = "box"


@dataclass(frozen=True, slots=True)
class Start:
    """How the machine is brought to its freeze point.

    program: the base's built-in program. imports: modules it imports first. epoch: what the clock
    shows meanwhile, seconds since 1970. constants: the address where the data of the module ends
    that is never written to; 0 where that is not known. is_frozen: whether there will be one.
    """

    program: str
    imports: Sequence[str] = ()
    epoch: int = 0
    hostname: str = HOSTNAME
    constants: int = 0
    is_frozen: bool = True


def machine_config(config: ImageConfig, tree: Tree, start: Start) -> bytes:
    """The records, NUL-terminated. Raises `unknown-account` for a USER the tree does not have."""
    ids = resolve_user(tree, config.user)
    return b"".join(_record(key, value) for key, value in _records(config, ids, start))


def _records(config: ImageConfig, ids: Ids, start: Start) -> Iterator[tuple[str, str]]:
    yield "uid", str(ids.uid)
    yield "gid", str(ids.gid)
    for group in ids.groups:
        yield "group", str(group)
    yield "user", config.user.partition(":")[0] or "root"
    yield "cwd", config.working_dir or "/"
    yield "hostname", start.hostname
    yield "program", start.program
    yield "epoch", str(start.epoch)
    for port in sorted(_tcp_ports(config)):
        yield "exposed", str(port)
    if start.constants:
        yield "constants", str(start.constants)
    if start.is_frozen:
        yield "frozen", "yes"
    for key, values in (
        ("env", config.env),
        ("entrypoint", config.entrypoint or ()),
        ("cmd", config.cmd or ()),
        ("import", start.imports),
    ):
        for value in values:
            yield key, value


def _tcp_ports(config: ImageConfig) -> Iterator[int]:
    for exposed in config.exposed_ports:
        port, _, protocol = exposed.partition("/")
        if protocol in ("", "tcp") and port.isascii() and port.isdecimal():
            yield int(port)


def _record(key: str, value: str) -> bytes:
    if "\0" in value:
        raise BadFieldError(f"`{key}` of the machine holds a NUL character.")
    return f"{key}={value}\0".encode("utf-8", "surrogateescape")
