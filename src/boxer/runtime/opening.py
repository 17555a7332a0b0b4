"""A network opened for runs: its ports bound, its policy read, its log at hand.

Belongs here: making what machines are given. Does not: what is granted (`network`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from boxer.errors import NetworkValueError, WriteError
from boxer.networks import join
from boxer.runtime import native
from boxer.runtime.network import Network
from boxer.runtime.opened import TCP, UDP, Listener, OpenNetwork
from boxer.runtime.ports import Bound, bound


@contextmanager
def open_network(
    network: Network | OpenNetwork | None, listeners: Sequence[Listener] = ()
) -> Iterator[OpenNetwork | None]:
    """The network for the body; None where nothing is granted. One that is open stays so.
    listeners: beside its ports; whoever made them keeps them.

    Raises `PortTakenError`, `NetworkValueError`, `WriteError`.
    """
    if network is None or isinstance(network, OpenNetwork):
        yield network
        return
    if network.is_none and not listeners:
        yield None
        return
    policy = _Policy(network.rules)
    log = None if network.log is None else _Log(network.log)
    with (
        bound(network.published) as ports,
        join(network.networks, network.name, network.aliases) as memberships,
    ):
        yield OpenNetwork(
            (*listeners, *map(_listener, ports)),
            policy.address,
            -1 if log is None else log.descriptor,
            tuple(each.port for each in ports),
            (policy, log),
            tuple(memberships),
        )


def without_ports(network: Network | None, what: str) -> Network | None:
    """The network of machines that serve calls. Raises `NetworkValueError`."""
    if network is not None and network.ports:
        raise NetworkValueError(
            f"{what} has no ports: nobody in it listens between calls.",
            hint="Run a server with `Box.run(network=...)` or `boxer run -p 8080:80 BOX`.",
        )
    return network


def _listener(each: Bound) -> Listener:
    port = each.port
    protocol = TCP if port.protocol == "tcp" else UDP
    return Listener(each.socket.fileno(), protocol, 6 if ":" in port.address else 4, port.box)


class _Log:
    """A file to which lines are added; others may add theirs at the same time. Closed when nothing
    holds it. Raises `WriteError`."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.descriptor = -1
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY
        try:
            self.descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise WriteError(
                f"The log `{os.fspath(path)}` cannot be written: {error.strerror}.",
                hint="--net-log FILE, in a folder that is there",
            ) from None
        self._close = os.close

    def __del__(self) -> None:
        if self.descriptor >= 0:
            self._close(self.descriptor)


class _Policy:
    """native/policy.h's, freed when nothing holds it."""

    def __init__(self, rules: str) -> None:
        self.address = 0
        library = native.library()
        if library is None:
            raise NetworkValueError(
                "A box has no network here: Boxer's native library is not there.",
                hint="Boxer's wheels for Linux bring it; a checkout makes it: `make bases`.",
            )
        self._free = library.boxer_policy_free
        text = rules.encode("ascii")
        made, why = native.making(
            lambda message: library.boxer_policy_new(text, len(text), message, native.MESSAGE)
        )
        if made is None:
            raise NetworkValueError(f"The rules cannot be read: {why}.")
        self.address = made

    def __del__(self) -> None:
        if self.address:
            self._free(self.address)
