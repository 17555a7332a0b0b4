"""What `--allow-net` and `--dns` say, as the lines native/policy.c reads.

Belongs here: hosts, nets and ports of a grant, and what cannot be granted. Does not: deciding
(native/), ports that come in (`ports`).

Invariant: an address is told from a name here, as the policy does, so that no spelling of an
address (`0177.1`, `2130706433`) is ever taken for a name or the other way round.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from boxer.errors import NetworkValueError

IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

HOST_NAME = "host.boxer.internal"
_BRACKETED = re.compile(r"\[(?P<host>[^\]]*)\](?::(?P<ports>[^:]*))?")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_LONGEST_NAME = 253
# What is the box's own, and would be the host itself if it were not.
_OWN = [ipaddress.ip_network(net) for net in ("0.0.0.0/8", "127.0.0.0/8", "::/127")]
_HINT = "Write api.example.com:443, *.example.com, 192.0.2.0/24:5432 or [2001:db8::/32]:443."


@dataclass(frozen=True, slots=True)
class Granted:
    """One grant. host: a net, or a name with or without a leading `*.`."""

    host: IPNetwork | str
    first: int = 1
    last: int = 65535

    def __str__(self) -> str:
        """As it can be written, without blanks."""
        host = str(self.host)
        if not isinstance(self.host, str) and self.host.prefixlen == self.host.max_prefixlen:
            host = str(self.host.network_address)
        if (self.first, self.last) == (1, 65535):
            return host
        ports = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"[{host}]:{ports}" if ":" in host else f"{host}:{ports}"

    def line(self, *, inside: bool = False) -> str:
        """The rule. inside: what the name resolves to may be private."""
        ports = f"{self.first} {self.last} {self}"
        if isinstance(self.host, str):
            return f"{'inside' if inside else 'name'} {self.host} {ports}"
        address = self.host.network_address.packed.hex()
        return f"allow {self.host.version} {address} {self.host.prefixlen} {ports}"


def parse_granted(text: str, *, inside: bool = False) -> Granted:
    """Reads HOST[:PORT[-PORT]], where HOST is a name, an address or a net.

    inside: a name only. Raises `NetworkValueError`.
    """
    host, ports = _parts(text)
    net = _net(host, text)
    if net is not None and inside:
        raise NetworkValueError(
            f"`{text}` is an address, which may be inside anyway.", hint=f"--allow-net {text}"
        )
    first, last = _ports(ports, text)
    return Granted(_name(host, text) if net is None else net, first, last)


def parse_server(text: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]:
    """Reads ADDRESS[:PORT] of a name server. Raises `NetworkValueError`."""
    host, ports = _parts(text)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise NetworkValueError(
            f"`{text}` is no address of a name server.", hint="--dns 192.0.2.53 or --dns [::1]:5353"
        ) from None
    first, last = _ports(ports or "53", text)
    if first != last:
        raise NetworkValueError(f"`{text}` has more than one port.", hint=f"--dns {host}:{first}")
    return address, first


def server_line(text: str) -> str:
    address, port = parse_server(text)
    return f"server {address.version} {address.packed.hex()} {port}"


def _parts(text: str) -> tuple[str, str | None]:
    """The host, and the ports behind a colon, if there are some."""
    if "://" in text:
        raise NetworkValueError(
            f"`{text}` is a URL, and what is granted is a host and a port.", hint=_HINT
        )
    if text.startswith("["):
        match = _BRACKETED.fullmatch(text)
        if match is None or ":" not in match["host"]:
            raise NetworkValueError(f"`{text}` is no host.", hint=_HINT)
        return match["host"], match["ports"]
    if text.count(":") > 1:  # an IPv6 address without a port
        return text, None
    host, colon, ports = text.partition(":")
    return host, ports if colon else None


def _ports(text: str | None, whole: str) -> tuple[int, int]:
    if text is None:
        return 1, 65535
    first, dash, last = text.partition("-")
    numbers = [int(part) for part in (first, last if dash else first) if is_port(part)]
    if len(numbers) != 2 or not 1 <= numbers[0] <= numbers[1]:
        raise NetworkValueError(
            f"`{text}` of `{whole}` is not a port, or two with a `-`.", hint=_HINT
        )
    return numbers[0], numbers[1]


def is_port(text: str) -> bool:
    """Whether it is a number from 0 to 65535 in plain digits."""
    return text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) < 1 << 16


def _net(host: str, text: str) -> IPNetwork | None:
    """None: it is a name. Raises `NetworkValueError` for what is neither."""
    if "%" in host:
        raise NetworkValueError(
            f"`{host}` has a scope, which a grant has not.", hint=f"Write {host.partition('%')[0]}."
        )
    try:
        net = ipaddress.ip_network(host, strict=False)
    except ValueError:
        if "/" in host or ":" in host or _ends_in_a_number(host):
            raise NetworkValueError(f"`{host}` of `{text}` is no address.", hint=_HINT) from None
        return None
    address, slash, _ = host.partition("/")
    if slash and ipaddress.ip_address(address) != net.network_address:
        raise NetworkValueError(
            f"`{host}` names an address within a net.", hint=f"Write the net: {net}."
        )
    own = next((each for each in _OWN if each.version == net.version and _within(net, each)), None)
    if own is not None:
        raise NetworkValueError(
            f"`{host}` is the box's own; this machine's loopback has a name.",
            hint=f"--allow-net {HOST_NAME}:PORT, and connect to that name.",
        )
    return net


def _within(net: IPNetwork, outer: IPNetwork) -> bool:
    first = int(net.network_address)
    return outer.prefixlen <= net.prefixlen and (
        first >> (net.max_prefixlen - outer.prefixlen)
        == int(outer.network_address) >> (net.max_prefixlen - outer.prefixlen)
    )


def _ends_in_a_number(name: str) -> bool:
    return name.rstrip(".").rpartition(".")[2][:1].isdigit()


def _name(host: str, text: str) -> str:
    """The name in the form it is compared in."""
    wildcard, plain = ("*.", host[2:]) if host.startswith("*.") else ("", host)
    if plain == "*":
        raise NetworkValueError(
            f"`{text}` would be everything.", hint="Name the hosts, or write --network host."
        )
    try:
        name = plain.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        name = ""
    if len(name) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, name.split("."))):
        raise NetworkValueError(
            f"`{host}` of `{text}` is no name of a host; a `*.` may only lead.", hint=_HINT
        )
    if name == "localhost" or name.endswith(".localhost"):
        raise NetworkValueError(
            f"`{host}` is the box's own; this machine's loopback has another name.",
            hint=f"--allow-net {HOST_NAME}:PORT, and connect to that name.",
        )
    return wildcard + name
