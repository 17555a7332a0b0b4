"""Ports of this machine that lead into a box: `-p` and `-P`, as docker has them.

Belongs here: what is written of them, and their sockets. Does not: who listens in the box
(native/).

Invariant: a socket is bound before the box begins and listens only when somebody in the box does,
so that a port which is taken is an error, and one nobody serves refuses connections.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Literal, cast

from boxer.errors import PortTakenError, PortValueError
from boxer.runtime.granted import is_port

LOOPBACK = "127.0.0.1"
# More than the files a box can have open.
MOST_PORTS = 512
# To have a port that the system has just chosen.
_TRIES = 10
_HINT = "-p 8080:80, -p 8080:53/udp, -p 0.0.0.0:8080:80, -p [::1]:8080:80; -p 80: any free port"


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the box at one of this machine. host: 0: any that is free. last: not 0: the first
    that is free from `host` to it."""

    box: int
    host: int = 0
    address: str = LOOPBACK
    protocol: Literal["tcp", "udp"] = "tcp"
    last: int = 0

    def __str__(self) -> str:
        """As `docker port` writes it."""
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.box}/{self.protocol} -> {address}:{self.host}"


def parse_ports(text: str) -> list[Port]:
    """Reads `[[IP:][HOSTPORT]:]BOXPORT[/tcp|udp]`; both may be ranges of one size, or HOSTPORT one
    of which any will do.

    Raises `PortValueError`.
    """
    address, host, box, kind = _parts(text)
    if kind not in ("tcp", "udp"):
        raise PortValueError(f"`{text}`: a port is one of TCP or UDP, not `{kind}`.", hint=_HINT)
    protocol = cast(Literal["tcp", "udp"], kind)
    inner = _range(box, text)
    outer = _range(host, text) if host not in ("", "0") else [0] * len(inner)
    if len(inner) == 1 < len(outer) and 0 not in (inner[0], outer[0]):
        return [Port(inner[0], outer[0], address, protocol, last=outer[-1])]
    if len(inner) != len(outer) or 0 in inner:
        raise PortValueError(f"`{text}` does not say which port of the box is where.", hint=_HINT)
    return [
        Port(inside, outside, address, protocol)
        for inside, outside in zip(inner, outer, strict=True)
    ]


def exposed_ports(exposed: Iterable[str]) -> list[Port]:
    """Any free port for each that EXPOSE names."""
    return [port for text in exposed for port in parse_ports(text)]


def _parts(text: str) -> tuple[str, str, str, str]:
    words, _, kind = text.partition("/")
    address = LOOPBACK
    if words.startswith("["):
        address, bracket, words = words[1:].partition("]:")
        if not bracket:
            raise PortValueError(f"`{text}` is not a port to be published.", hint=_HINT)
    elif words.count(":") == 2:
        address, _, words = words.partition(":")
    host, colon, box = words.partition(":")
    if ":" in box or not _is_address(address):
        raise PortValueError(f"`{text}` is not a port to be published.", hint=_HINT)
    return address, host if colon else "", box if colon else host, kind.lower() or "tcp"


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _range(text: str, whole: str) -> list[int]:
    first, dash, last = text.partition("-")
    numbers = [int(part) for part in (first, last if dash else first) if is_port(part)]
    if len(numbers) != 2 or numbers[0] > numbers[1] or numbers[1] - numbers[0] >= MOST_PORTS:
        raise PortValueError(f"`{text}` of `{whole}` is not a port.", hint=_HINT)
    return list(range(numbers[0], numbers[1] + 1))


@dataclass(frozen=True, slots=True)
class Bound:
    """A port with its socket, which does not listen yet."""

    port: Port
    socket: socket.socket


@contextmanager
def bound(ports: Sequence[Port]) -> Iterator[list[Bound]]:
    """The ports' sockets, for the body. Raises `PortTakenError`, `PortValueError`."""
    if len(ports) > MOST_PORTS:
        raise PortValueError(f"`{len(ports)}` ports are more than {MOST_PORTS}.", hint=_HINT)
    made: list[Bound] = []
    try:
        made.extend(map(_bind, ports))
        yield made
    finally:
        for each in made:
            each.socket.close()


def require_port(address: str, port: int) -> None:
    """Raises `PortTakenError` where no server of this process could listen."""
    try:
        _bind_once(Port(port, port, address)).socket.close()
    except PortTakenError as error:
        error.hint = "Name another one, or end the program that has it: `ss -ltnp` tells which."
        raise


def _bind(port: Port) -> Bound:
    """A port that the system chose is bound once more by its number: it would lose it when it stops
    listening, which a server in the box may do and begin again."""
    for host in range(port.host, port.last):
        with suppress(PortTakenError):
            return _bind_once(replace(port, host=host, last=0))
    if port.last:
        return _bind_once(replace(port, host=port.last, last=0))
    for _ in range(_TRIES if port.host == 0 else 0):
        first = _bind_once(port)
        first.socket.close()
        with suppress(PortTakenError):  # by another program, meanwhile
            return _bind_once(first.port)
    return _bind_once(port)


def _bind_once(port: Port) -> Bound:
    family = socket.AF_INET6 if ":" in port.address else socket.AF_INET
    kind = socket.SOCK_STREAM if port.protocol == "tcp" else socket.SOCK_DGRAM
    try:
        sock = socket.socket(family, kind)
    except OSError as error:
        raise _taken(port, error) from None
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setblocking(False)
        _bind_socket(sock, port)
    except OSError as error:
        sock.close()
        raise _taken(port, error) from None
    return Bound(replace(port, host=sock.getsockname()[1]), sock)


def _bind_socket(sock: socket.socket, port: Port) -> None:
    """Alone, so that two boxes cannot both wait to listen there; where connections that ended
    lately still hold the port (TIME_WAIT), beside those. native/ sets the option when it
    listens."""
    try:
        sock.bind((port.address, port.host))
    except OSError as error:
        if error.errno != errno.EADDRINUSE or port.protocol == "udp":
            raise
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((port.address, port.host))


_REASONS = {
    errno.EADDRINUSE: ("another program has it", "Name another one: -p PORT:{}; -p {}: any."),
    errno.EACCES: ("only root may have it", "Name one from 1024 on: -p 8080:{}."),
    errno.EADDRNOTAVAIL: ("this machine has no such address", "-p 127.0.0.1:PORT:{}"),
}


def _taken(port: Port, error: OSError) -> PortTakenError:
    reason, hint = _REASONS.get(error.errno or 0, (error.strerror, "-p PORT:{}"))
    place = f"[{port.address}]" if ":" in port.address else port.address
    return PortTakenError(
        f"Port `{place}:{port.host}` ({port.protocol}) cannot be had: {reason}.",
        hint=hint.format(port.box, port.box),
    )
