"""The user's networks: folders that only he can read, below `$XDG_DATA_HOME/boxer/networks`.

Belongs here: making, listing and removing them, and what lies in one. Does not: being on one
(`joining`), connecting over one (native/net_peers.c, which knows this layout).

  NAME/network.json         its addresses
  NAME/lock                 held while members come and go
  NAME/ADDRESS/lock         held by a member as long as it lives
  NAME/ADDRESS/name         its first name
  NAME/ADDRESS/PORT         a socket on which it listens
  NAME/names/NAME/ADDRESS   each name of a member

Invariants
1. An address is a member's as long as its lock is held; what one that is gone has left is nobody's.
2. No two networks have an address in common.
3. A name of a network and of a member is no path.
"""

from __future__ import annotations

import builtins
import contextlib
import ipaddress
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from boxer.blobstore import data_folder, exclusive, is_held, not_made, take, write_file
from boxer.errors import NetworkMissingError, NetworkValueError, WriteError

# docker's own range, which is private and seldom anybody's: 224 networks of 4,094 addresses.
_RANGE = [ipaddress.ip_network(f"172.{second}.0.0/16") for second in range(18, 32)]
PREFIX = 20
_NETWORK = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}")
# A name of DNS, as other programs ask for it; `_` is what docker compose writes.
_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?")
_RESERVED = ("host", "none", "bridge", "default", "container")


@dataclass(frozen=True, slots=True)
class NetworkRecord:
    """created: seconds since 1970. addresses: `172.18.0.0/20`."""

    name: str
    addresses: str
    created: float


@dataclass(frozen=True, slots=True)
class Member:
    """A box that runs. ports: on which it listens."""

    name: str
    address: str
    names: tuple[str, ...]
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Membership:
    """A box's own place on a network. folder: a descriptor. address: four bytes."""

    network: str
    folder: int
    address: bytes
    prefix: int


class NetworkStore:
    """root: the folder of all networks."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or _default_root()

    def create(self, name: str) -> NetworkRecord:
        """Raises `NetworkValueError` for a name that is none, or is taken; `WriteError`."""
        _check_network(name)
        with self._changed():
            folder = self.root / name
            if (folder / "network.json").exists():
                raise NetworkValueError(
                    f"There is a network `{name}` already.", hint=f"boxer network inspect {name}"
                )
            taken = {record.addresses for record in self.list()}
            record = NetworkRecord(name, _free_addresses(taken), time.time())
            (folder / "names").mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            fields = {"addresses": record.addresses, "created": record.created}
            data = json.dumps(fields).encode()
            write_file(folder / "network.json", lambda descriptor: _fill(descriptor, data))
        return record

    def get(self, name: str) -> NetworkRecord:
        """Raises `NetworkMissingError`, `NetworkValueError`."""
        _check_network(name)
        path = self.root / name / "network.json"
        try:
            fields = json.loads(path.read_bytes())
            addresses = ipaddress.IPv4Network(fields["addresses"])
            if addresses.prefixlen != PREFIX:
                raise ValueError
            return NetworkRecord(name, str(addresses), float(fields["created"]))
        except FileNotFoundError:
            raise NetworkMissingError(
                f"There is no network `{name}`.", hint=f"boxer network create {name}"
            ) from None
        except (OSError, ValueError, KeyError, TypeError):
            raise NetworkMissingError(
                f"The network `{name}` is damaged: `{path}`.", hint=f"boxer network rm {name}"
            ) from None

    def list(self) -> Iterator[NetworkRecord]:
        """All of them, by name; damaged ones are left out."""
        folders = sorted(self.root.iterdir()) if self.root.is_dir() else []
        for folder in folders:
            if folder.is_dir() and _NETWORK.fullmatch(folder.name):
                with contextlib.suppress(NetworkMissingError, NetworkValueError):
                    yield self.get(folder.name)

    def members(self, name: str) -> builtins.list[Member]:
        """The boxes that are on it now, by address. Raises `NetworkMissingError`."""
        self.get(name)
        folder = self.root / name
        names: dict[str, list[str]] = {}
        for path in sorted((folder / "names").glob("*/*")):
            names.setdefault(path.name, []).append(path.parent.name)
        found = []
        for address, place in sorted(_places(folder).items()):
            if is_held(place / "lock"):
                with contextlib.suppress(OSError):
                    first = (place / "name").read_text()
                    ports = sorted(int(path.name) for path in place.iterdir() if _is_port(path))
                    text = str(address)
                    member = Member(first, text, tuple(names.get(text, [])), tuple(ports))
                    found.append(member)
        return found

    def remove(self, name: str) -> None:
        """Raises `NetworkMissingError`, `NetworkValueError` where boxes are on it."""
        _check_network(name)
        folder = self.root / name
        if not folder.is_dir():
            self.get(name)
        with self._changed(), locked_network(folder):
            there = [
                str(address) for address, at in _places(folder).items() if is_held(at / "lock")
            ]
            if there:
                raise NetworkValueError(
                    f"Boxes are on the network `{name}`: {', '.join(sorted(there))}.",
                    hint=f"`boxer network inspect {name}` names them; stop them first.",
                )
            shutil.rmtree(folder, ignore_errors=True)

    @contextlib.contextmanager
    def _changed(self) -> Iterator[None]:
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.root.chmod(0o700)
        except OSError as error:
            raise not_made(self.root, error) from None
        with exclusive(self.root / ".lock", WriteError):
            yield


def check_member(name: str) -> str:
    """A name of a box on a network, in small letters. Raises `NetworkValueError`."""
    small = name.lower()
    if not _NAME.fullmatch(small) or ".." in small or small == "localhost":
        raise NetworkValueError(
            f"`{name}` is no name that others can ask for.",
            hint="Letters, digits, `-`, `_` and `.`: --name db",
        )
    try:
        ipaddress.ip_address(small)
    except ValueError:
        if not small.replace(".", "").isdigit():
            return small
    raise NetworkValueError(f"`{name}` is an address, or looks like one.", hint="--name db")


@contextlib.contextmanager
def locked_network(folder: Path) -> Iterator[None]:
    with exclusive(folder / "lock", WriteError):
        yield


def sweep(folder: Path) -> set[ipaddress.IPv4Address]:
    """Takes away what members that are gone have left; gives the addresses of the others. Under
    the network's lock."""
    alive = set()
    for address, place in _places(folder).items():
        lock = take(place / "lock")
        if lock is None:
            alive.add(address)
            continue
        forget(folder, str(address))
        os.close(lock)
    return alive


def forget(folder: Path, address: str) -> None:
    for path in (folder / "names").glob(f"*/{address}"):
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            path.parent.rmdir()
    shutil.rmtree(folder / address, ignore_errors=True)


def _places(folder: Path) -> dict[ipaddress.IPv4Address, Path]:
    found = {}
    for path in folder.iterdir():
        with contextlib.suppress(ValueError):
            found[ipaddress.IPv4Address(path.name)] = path
    return found


def _is_port(path: Path) -> bool:
    return path.name.isascii() and path.name.isdecimal() and path.is_socket()


def _free_addresses(taken: set[str]) -> str:
    for wide in _RANGE:
        for narrow in wide.subnets(new_prefix=PREFIX):
            if str(narrow) not in taken:
                return str(narrow)
    raise NetworkValueError("There are as many networks as can be.", hint="boxer network ls")


def _check_network(name: str) -> None:
    if not _NETWORK.fullmatch(name) or ".." in name or name in _RESERVED:
        raise NetworkValueError(
            f"`{name}` is no name for a network of boxes.",
            hint="Small letters, digits, `-`, `_` and `.`: boxer network create shop",
        )


def _fill(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _default_root() -> Path:
    return data_folder() / "networks"
