"""A network as a machine is given it: native/network.h's `struct boxer_network`, in values.

Belongs here: what of it lasts, and for how long. Does not: making it (`opening`).

Invariant: who has one may enter a machine with it: its policy and its log live as long as it does.
The ports' sockets are closed when the block of `open_network` ends.
"""

from __future__ import annotations

from dataclasses import dataclass

from boxer.networks import Membership
from boxer.runtime.ports import Port

TCP, UDP = 6, 17


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound socket. protocol: TCP or UDP. family: 4 or 6. port: of the box."""

    descriptor: int
    protocol: int
    family: int
    port: int


@dataclass(frozen=True, slots=True, eq=False)
class OpenNetwork:
    """ports: with the numbers they have. policy: an address. log: a descriptor, -1: none."""

    listeners: tuple[Listener, ...]
    policy: int
    log: int
    ports: tuple[Port, ...] = ()
    held: tuple[object, ...] = ()
    memberships: tuple[Membership, ...] = ()
