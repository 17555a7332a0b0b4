"""A box on networks, from before it begins until it has ended.

Invariant: its names are found as long as the lock of its address is held, which ends with the
process, however that ends.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from boxer.blobstore import is_held, take
from boxer.errors import NameTakenError, NetworkValueError, WriteError
from boxer.networks.store import (
    PREFIX,
    Membership,
    NetworkStore,
    check_member,
    forget,
    locked_network,
    sweep,
)

# As native/network.h has it.
MOST_NETWORKS = 8
_MOST_NAMES = 64


@contextlib.contextmanager
def join(
    networks: Sequence[str],
    name: str = "",
    aliases: Sequence[str] = (),
    store: NetworkStore | None = None,
) -> Iterator[list[Membership]]:
    """The memberships, for the body. name: which no other member has while this one lives.

    Raises `NetworkMissingError`, `NetworkValueError`, `NameTakenError`, `WriteError`.
    """
    if len(set(networks)) != len(networks) or len(networks) > MOST_NETWORKS:
        raise NetworkValueError(
            f"A box is on at most {MOST_NETWORKS} networks, on each once.", hint="--network NAME"
        )
    if len(aliases) > _MOST_NAMES:
        raise NetworkValueError(f"A box has at most {_MOST_NAMES} aliases.")
    first = check_member(name) if name else ""
    others = [check_member(alias) for alias in aliases]
    with contextlib.ExitStack() as ending:
        found = store or NetworkStore()
        yield [ending.enter_context(_member(found, network, first, others)) for network in networks]


@contextlib.contextmanager
def _member(
    store: NetworkStore, network: str, name: str, aliases: Sequence[str]
) -> Iterator[Membership]:
    addresses = ipaddress.IPv4Network(store.get(network).addresses)
    folder = store.root / network
    lock = -1
    try:
        with locked_network(folder):
            alive = sweep(folder)
            if name:
                _check_free(folder, name, network)
            # The first two are the network's own and, as docker has it, its gateway's.
            hosts = (address for address in addresses.hosts() if address not in alive)
            next(hosts, None) if addresses[1] not in alive else None
            address = next(hosts, None)
            if address is None:
                raise NetworkValueError(f"The network `{network}` is full.")
            lock = _enter(folder, str(address), name, [name, *aliases] if name else aliases)
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise WriteError(f"The network `{network}` cannot be joined: {error.strerror}.") from None
    try:
        yield Membership(network, descriptor, address.packed, PREFIX)
    finally:
        os.close(descriptor)
        with contextlib.suppress(WriteError), locked_network(folder):
            forget(folder, str(address))
        os.close(lock)


def _check_free(folder: Path, name: str, network: str) -> None:
    for place in (folder / "names" / name).glob("*"):
        first = folder / place.name / "name"
        with contextlib.suppress(OSError):
            if is_held(folder / place.name / "lock") and first.read_text() == name:
                raise NameTakenError(
                    f"A box on the network `{network}` is called `{name}` already.",
                    hint=f"Another name, or one for several: --network-alias {name}",
                )


def _enter(folder: Path, address: str, name: str, names: Sequence[str]) -> int:
    """Takes the address; the descriptor that holds it."""
    place = folder / address
    place.mkdir(mode=0o700, exist_ok=True)
    lock = take(place / "lock")
    if lock is None:
        raise OSError(0, "its address is another's")
    try:
        (place / "name").write_text(name or (names[0] if names else address.replace(".", "-")))
        for each in dict.fromkeys(names):
            (folder / "names" / each).mkdir(mode=0o700, exist_ok=True)
            (folder / "names" / each / address).touch(mode=0o600)
    except OSError:
        os.close(lock)
        raise
    return lock
