"""`boxer.cluster.DaskCluster`: the same on the workers of a Dask cluster.

Belongs here: a Dask client as a crew. Does not: batches (`mapping`).

Dask is not installed with Boxer itself: `pip install 'boxer[dask]'`. A worker's process keeps the
functions that it was sent; Dask itself runs a batch again whose worker was lost.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Hashable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import Any

from boxer.cluster.mapping import Options, WorkerLostError, calls_of, results
from boxer.cluster.parcels import Parcel, pack
from boxer.cluster.working import Call, Outcome, Worker

PENDING = 2  # batches a thread of a worker


@functools.cache
def _worker() -> Worker:
    """Of this process."""
    return Worker()


def _run(parcel: Parcel, data: bytes, calls: Sequence[Call]) -> Outcome:
    return _worker().run(parcel, lambda: data, calls)


class DaskCluster:
    """client: a `distributed.Client`, which stays its owner's."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def map(
        self, function: str | os.PathLike[str], /, *inputs: Iterable[Any], **options: Any
    ) -> Iterator[Any]:
        """As `Cluster.map`."""
        told = Options(**options)
        parcel, data = pack(os.fspath(function), told.options or {})
        crew = _Crew(self._client, parcel, data)
        return results(crew, calls_of(inputs, told.named), told.plan(inputs, crew.capacity()))


class _Crew:
    def __init__(self, client: Any, parcel: Parcel, data: bytes) -> None:
        self._client, self._parcel = client, parcel
        self._bytes = data
        self._data = client.scatter(data, broadcast=False, hash=True)
        self._under_way: set[Any] = set()

    def room(self) -> int:
        return self.capacity() - len(self._under_way)

    def capacity(self) -> int:
        threads: int = sum(self._client.nthreads().values())
        return PENDING * max(1, threads)

    def send(self, calls: Sequence[Call]) -> Hashable:
        ticket = self._client.submit(_run, self._parcel, self._data, calls, pure=False)
        self._under_way.add(ticket)
        return ticket  # type: ignore[no-any-return]

    def wait(self) -> Iterable[Hashable]:
        from distributed import wait  # type: ignore[import-not-found,unused-ignore]

        try:
            return list(wait(self._under_way, return_when="FIRST_COMPLETED").done)
        except CancelledError:
            return [ticket for ticket in self._under_way if ticket.status != "pending"]

    def outcome(self, ticket: Any) -> Outcome:
        from distributed import KilledWorker

        self._under_way.discard(ticket)
        try:
            return ticket.result()  # type: ignore[no-any-return]
        except KilledWorker as error:
            raise WorkerLostError(type(error).__name__) from None
        except CancelledError:
            # The only worker that had the function is gone: Dask gives up all that waits for it.
            if self._data.status != "finished":
                self._data = self._client.scatter(self._bytes, broadcast=False, hash=False)
            raise WorkerLostError("the function's data went with it") from None

    def drop(self, tickets: Iterable[Any]) -> None:
        self._under_way.difference_update(gone := list(tickets))
        self._client.cancel(gone)
