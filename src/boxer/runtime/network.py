"""What a run may have of the network: ports in, connections out, and limits for both.

Belongs here: the value people write, checked. Does not: sockets (`ports`), grants (`granted`),
doing any of it (native/).

Nothing is granted unless it is named, and each limit has a default.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from boxer.errors import LimitValueError, NetworkValueError
from boxer.runtime.granted import parse_granted, server_line
from boxer.runtime.limits import parse_size
from boxer.runtime.ports import Port, parse_ports

# As native/rules.h has them.
MOST_RULES = 4096
MOST_SERVERS = 3
MOST_CONNECTIONS = 65536
# Names of the limits here; the others are `Limits`'s.
NETWORK_LIMITS = ("connections", "connect_time", "idle_time", "sent", "received")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """ports: `"8080:80"`, `"127.0.0.1:5353:53/udp"`, `"80"` (any free port), or `Port`.

    allow: hosts that may be connected to: `"api.example.com:443"`, `"*.example.com"`,
    `"192.0.2.0/24:5432"`. allow_inside: names that may resolve to private addresses. host: all of
    the network as this machine sees it, but port 25. dns: name servers, default this machine's own
    way. log: a file to which each decision is added as a line of JSON.

    networks: those of boxes that it is on (`boxer network create`): their members reach its ports,
    and it reaches theirs. name: its own there, which no other that runs has; aliases: more names,
    which others may have, too.

    connections: at once, both ways. connect_time, idle_time: seconds until a connection stands, and
    that it may be without a byte. sent, received: bytes of a run or call. None: no limit.
    """

    ports: Sequence[str | int | Port] = ()
    allow: Sequence[str] = ()
    allow_inside: Sequence[str] = ()
    host: bool = False
    dns: Sequence[str] = ()
    log: str | os.PathLike[str] | None = None
    networks: Sequence[str] = ()
    name: str = ""
    aliases: Sequence[str] = ()
    connections: int | None = 512
    connect_time: float | None = 30.0
    idle_time: float | None = 3600.0
    sent: int | str | None = "1GiB"
    received: int | str | None = "1GiB"

    def __post_init__(self) -> None:
        for name in ("ports", "allow", "allow_inside", "dns", "networks", "aliases"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise NetworkValueError(
                    f"`{name}` of a network is a list.", hint=f'Network({name}=["{value}"])'
                )
            object.__setattr__(self, name, tuple(value))
        if self.connections is not None and not 1 <= self.connections <= MOST_CONNECTIONS:
            raise LimitValueError(
                f"A limit of `{self.connections}` connections is not 1 to {MOST_CONNECTIONS}."
            )
        for name in ("connect_time", "idle_time"):
            seconds = getattr(self, name)
            if seconds is not None and not 0 < seconds < 1e9:
                raise LimitValueError(f"A limit `{name}` of `{seconds}` seconds makes no sense.")
        _ = self.published, self.rules

    @property
    def published(self) -> tuple[Port, ...]:
        """The ports, each by itself. Raises `PortValueError`."""
        found: list[Port] = []
        for each in self.ports:
            found.extend([each] if isinstance(each, Port) else parse_ports(str(each)))
        return tuple(found)

    @property
    def rules(self) -> str:
        """The policy as native/policy.h has it. Raises `NetworkValueError`."""
        lines = [parse_granted(text).line() for text in self.allow]
        lines += [parse_granted(text, inside=True).line(inside=True) for text in self.allow_inside]
        if self.host:
            lines.append("all --network=host")
        if len(lines) > MOST_RULES:
            raise NetworkValueError(f"`{len(lines)}` grants are more than {MOST_RULES}.")
        if len(self.dns) > MOST_SERVERS:
            raise NetworkValueError(f"`{len(self.dns)}` name servers are more than {MOST_SERVERS}.")
        lines += [server_line(text) for text in self.dns]
        lines += [f"limit {name} {number}" for name, number in self._limits() if number is not None]
        return "".join(f"{line}\n" for line in lines)

    def _limits(self) -> list[tuple[str, int | None]]:
        return [
            ("connections", self.connections),
            ("connect_ns", _nanoseconds(self.connect_time)),
            ("idle_ns", _nanoseconds(self.idle_time)),
            ("sent", _bytes(self.sent)),
            ("received", _bytes(self.received)),
        ]

    @property
    def is_none(self) -> bool:
        """Whether nothing of the network is granted."""
        granted = self.ports or self.allow or self.allow_inside or self.host or self.networks
        return not granted

    def without_ports(self) -> Network:
        return replace(self, ports=())


def _nanoseconds(seconds: float | None) -> int | None:
    return None if seconds is None else max(1, int(seconds * 1_000_000_000))


def _bytes(size: int | str | None) -> int | None:
    """Raises `LimitValueError`."""
    if size is None:
        return None
    number = parse_size(size)
    if number == 0:  # means none in the policy
        raise LimitValueError("A limit of `0` bytes is no network.", hint="Leave the network out.")
    return number
