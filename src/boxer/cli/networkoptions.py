"""What a run is given of the network: `-p`, `-P`, `--allow-net`, `--network` and their like.

Belongs here: those options, and the value they come to. Does not: what they mean (`runtime`).
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from boxer.errors import LimitValueError, NetworkValueError, PortValueError

if TYPE_CHECKING:
    from boxer.runtime import Network, OpenNetwork, Port

# Of a person who watches, and ends what takes too long or too much.
_ATTENDED = {
    "connections": None, "connect_time": 30.0, "idle_time": None, "sent": None, "received": None,
}  # fmt: skip


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """All that a run may be given."""
    parser.add_argument(
        "-p",
        "--publish",
        action="append",
        default=[],
        metavar="[IP:][HOSTPORT:]BOXPORT[/udp]",
        help="a port of this machine that leads into the box; IP: 127.0.0.1",
    )
    parser.add_argument(
        "-P",
        "--publish-all",
        action="store_true",
        help="a free port for each that the Dockerfile exposes",
    )
    add_outbound_options(parser)


def add_outbound_options(parser: argparse.ArgumentParser) -> None:
    """What a box may reach."""

    def several(name: str, metavar: str, text: str) -> None:
        names = (name, "--net") if name == "--network" else (name,)
        parser.add_argument(*names, action="append", default=[], metavar=metavar, help=text)

    several(
        "--allow-net",
        "HOST[:PORT]",
        "what the box may connect to: a name, *.NAME, an address or a net",
    )
    several(
        "--allow-net-inside",
        "NAME[:PORT]",
        "likewise, where the name may lead to private addresses",
    )
    several(
        "--network", "NAME|host|none", "a network of boxes; host: all that this machine reaches"
    )
    several("--network-alias", "NAME", "one more name on its networks, which others may have, too")
    several("--dns", "ADDRESS[:PORT]", "a name server, instead of this machine's way")
    parser.add_argument(
        "--net-log",
        metavar="FILE",
        help="add to it, in lines of JSON: each decision, who comes in, how connections end",
    )


def read_outbound(options: argparse.Namespace, limits: Sequence[str]) -> Network:
    """The network of calls, with the limits of the library. Raises as `read_network`."""
    from boxer.runtime import Network

    return _checked(options, Network(**_granted(options), **_limits(limits)))


def split_limits(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """NAME=VALUE texts of the run itself, and those of its network."""
    network = [text for text in texts if text.partition("=")[0] in _ATTENDED]
    return [text for text in texts if text not in network], network


def read_network(
    options: argparse.Namespace, limits: Sequence[str], exposed: Sequence[str]
) -> Network:
    """The network that the options ask for. limits: NAME=VALUE. exposed: what the box's EXPOSE
    names. Raises `NetworkValueError`, `PortValueError`, `LimitValueError`."""
    from boxer.runtime import Network, parse_ports

    ports = [port for text in options.publish for port in parse_ports(text)]
    if options.publish_all:
        ports += _all_of([*exposed, *(options.expose or ())], ports)
    found = _ATTENDED | _limits(limits)
    return _checked(options, Network(ports=ports, **_granted(options), **found))


def _granted(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "allow": options.allow_net,
        "allow_inside": options.allow_net_inside,
        "host": "host" in options.network,
        "networks": [name for name in options.network if name not in ("host", "none")],
        "name": getattr(options, "network_name", None) or getattr(options, "name", None) or "",
        "aliases": options.network_alias,
        "dns": options.dns,
        "log": options.net_log,
    }


def _checked(options: argparse.Namespace, network: Network) -> Network:
    if options.network_alias and not network.networks:
        raise NetworkValueError(
            "`--network-alias` is a name on a network of boxes, and none is given.",
            hint="boxer network create shop; boxer run --network shop ..",
        )
    if "none" in options.network and not network.is_none:
        raise NetworkValueError(
            "`--network none` stands beside grants of a network.", hint="Leave one of both out."
        )
    return network


def begin_network(network: Network, opened: OpenNetwork | None) -> None:
    """Makes room for connections, and says where the ports are whose place was left to the
    system."""
    if opened is None:
        return
    _have_descriptors()
    for asked, port in zip(network.published, opened.ports, strict=True):
        if not asked.host or asked.last:
            sys.stderr.write(f"boxer: {port}\n")


def _have_descriptors() -> None:
    """A connection is a descriptor of this process: as many as it may have, it has."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _all_of(exposed: Sequence[str], published: Sequence[Port]) -> list[Port]:
    if not exposed:
        raise PortValueError(
            "`-P`: the box names no port, its Dockerfile has no EXPOSE.", hint="-p 8080:80"
        )
    from boxer.runtime import exposed_ports

    known = {(port.box, port.protocol) for port in published}
    return [port for port in exposed_ports(exposed) if (port.box, port.protocol) not in known]


def _limits(texts: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in texts:
        name, _, value = text.partition("=")
        found[name] = value
        if name in ("sent", "received"):
            continue
        found[name] = None
        with suppress(ValueError):
            found[name] = int(value) if name == "connections" else float(value)
        if found[name] is None:
            raise LimitValueError(
                f"`{value}` is no number for the limit `{name}`.", hint=f"--limit {name}=10"
            )
    return found
