"""What of the network a Dockerfile's programs will want, as far as its words show it.

Belongs here: ports of EXPOSE, hosts in URLs of ENV, and the options of a run for both. Does not:
the report (`doctor`), code of the context.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from boxer.dockerfile import Dockerfile, Env, Expose

_URL = re.compile(
    r"\b(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^/@\s\"']*@)?"
    r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?::(?P<port>\d{1,5}))?(?![\w$.-])"
)
# Of a scheme's first part: `postgresql+asyncpg` is postgresql.
_PORTS = {
    "amqp": 5672, "amqps": 5671, "ftp": 21, "http": 80, "https": 443, "ldap": 389, "ldaps": 636,
    "mongodb": 27017, "mysql": 3306, "mqtt": 1883, "nats": 4222, "postgres": 5432,
    "postgresql": 5432, "redis": 6379, "rediss": 6379, "smtp": 25, "ws": 80, "wss": 443,
}  # fmt: skip
_OWN = ("localhost", "127.0.0.1", "0.0.0.0")


@dataclass(frozen=True, slots=True)
class Outbound:
    """A host that a variable's URL names. port: None: the scheme has none that is known."""

    variable: str
    host: str
    port: int | None

    @property
    def is_own(self) -> bool:
        """Whether the box would look for it in itself."""
        return self.host in _OWN

    @property
    def option(self) -> str:
        """A name without a dot is a neighbour's, whose address is private."""
        port = "" if self.port is None else f":{self.port}"
        if self.is_own:
            return f"--allow-net host.boxer.internal{port}"
        is_address = self.host.replace(".", "").isdigit()
        is_neighbour = "." not in self.host and not is_address
        return f"--allow-net{'-inside' if is_neighbour else ''} {self.host}{port}"


def outbound_of(entry: Env) -> list[Outbound]:
    """The hosts in an ENV's values, each once."""
    found = []
    for name, value in entry.pairs:
        for match in _URL.finditer(value):
            port = match["port"] or _PORTS.get(match["scheme"].partition("+")[0])
            if match["scheme"] not in ("file", "sqlite", "unix"):
                found.append(Outbound(name, match["host"].lower(), int(port) if port else None))
    return list(dict.fromkeys(found))


def run_line(parsed: Dockerfile) -> str | None:
    """The command that gives a box the ports and hosts its Dockerfile names; None: there are
    none."""
    options = [f"-p {each}" for each in _published(parsed)]
    for entry in parsed.instructions:
        if isinstance(entry, Env):
            options += [each.option for each in outbound_of(entry)]
    unique = list(dict.fromkeys(options))
    return f"boxer run {' '.join(unique)} BOX" if unique else None


def _published(parsed: Dockerfile) -> Iterable[str]:
    for entry in parsed.instructions:
        if isinstance(entry, Expose):
            for word in entry.ports:
                number, _, kind = word.partition("/")
                if number.isdecimal():
                    suffix = "/udp" if kind.lower() == "udp" else ""
                    yield shlex.quote(f"{number}:{number}{suffix}")
