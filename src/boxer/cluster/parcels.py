"""A box on its way to other machines: named by the sha256 of its file.

Belongs here: what is sent, and how a machine that is told of it comes to the box. Does not: who
sends it (`onray`, `ondask`), its calls (`working`).

A machine looks in its own cache, then takes what the sender has laid ready (Ray's object store,
Dask's scattered data), then fetches it from the registry that the name says.

Invariants
1. A box is opened only if its bytes have the digest that was sent.
2. Whoever sends has held the box against its own policy; what a machine fetches from a registry, it
   holds against its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from boxer.blobstore import Blobs, cache_folder, locked, make_folder, sha256
from boxer.boxfile import read_box
from boxer.describe import load_bytes
from boxer.errors import ClusterError
from boxer.functions import Description, Function
from boxer.library import load_box
from boxer.registry import fetch, pull
from boxer.store import ImageStore, parse_reference

# The bytes, if whoever sent them still has them.
Sent = Callable[[], bytes | None]


@dataclass(frozen=True)
class Parcel:
    """digest: sha256 of the box's file, hex. name: as the sender called it. reference: where a
    registry has it, HOST/NAME@sha256:MANIFEST; may be empty. options: as of `boxer.function`.
    version: the sender's Boxer."""

    digest: str
    name: str
    reference: str
    options: Mapping[str, Any]
    version: str

    def open(self, sent: Sent, size: int) -> Function:
        """The function on this machine. size: machines that run at once. Raises `ClusterError`,
        and what opening a box raises."""
        if self.version != version("boxer"):
            raise ClusterError(
                f"A worker has Boxer {version('boxer')}, its sender {self.version}.",
                hint="Install the same on all machines.",
            )
        return Function(load_box(self._bytes(sent)), self.name, size=size, **self.options)

    def _bytes(self, sent: Sent) -> bytes:
        cache = Blobs(cache_folder() / "shipped")
        make_folder(cache.root)
        with locked(cache.root / f".{self.digest}.lock"):  # one of a machine's workers fetches it
            data = cache.get(self.digest)
            if data is None:
                data = sent()
                if data is None or sha256(data) != self.digest:
                    data = self._fetched()
                cache.put(data)
        return data

    def _fetched(self) -> bytes:
        if not self.reference:
            raise ClusterError(
                f"`{self.name}` is not on this machine, and its sender no longer has it.",
                hint="Push it to a registry and name it by that: any machine can fetch it then.",
            )
        store = ImageStore()
        pull(store, parse_reference(self.reference))
        data = store.blobs.get(self.digest)
        if data is None:
            raise ClusterError(f"`{self.reference}` is not the box that was sent.")
        return data


def pack(name: str, options: Mapping[str, Any]) -> tuple[Parcel, bytes]:
    """A function of this machine and its box's bytes. Raises what `boxer.function` raises, and
    `ClusterError` for options that are of one machine."""
    alone = sorted({"stateful", "size", "middleware", "returns"} & options.keys())
    if alone:
        raise ClusterError(
            f"`{alone[0]}` is no option of a function on a cluster.",
            hint="Each call has a fresh machine there, and gives plain data.",
        )
    fetch(name)
    data = load_bytes(name)
    Description.of(read_box(data).info, name)  # whether it is a function at all
    return Parcel(sha256(data), name, _reference(name), dict(options), version("boxer")), data


def _reference(name: str) -> str:
    """Where a registry has what was just loaded; a file is nowhere else."""
    if Path(name).is_file():
        return ""
    reference = parse_reference(name)
    if not reference.host:
        return ""
    return f"{reference.name}@sha256:{ImageStore().find(reference).manifest}"
