"""`boxer.cluster.Cluster`: functions on the machines of a Ray cluster.

Belongs here: actors, what they are sent, those that are lost. Does not: batches (`mapping`).

Ray is not installed with Boxer itself: `pip install 'boxer[ray]'`. Each worker is an actor; one
that is lost is replaced as soon as the cluster has room for it, and is sent nothing before.
"""

from __future__ import annotations

import os
import time
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from boxer.cluster.mapping import Options, WorkerLostError, calls_of, results
from boxer.cluster.parcels import Parcel, pack
from boxer.cluster.working import Call, Outcome, Worker
from boxer.errors import ClusterError

PENDING = 2  # batches that lie at a worker: it never waits for its sender
PATIENCE = 300.0  # seconds without any worker
_TICK = 1.0


def load_ray() -> Any:
    """Raises `ClusterError`."""
    try:
        import ray  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        raise ClusterError(
            "A cluster needs the package ray, which is not installed.",
            hint="pip install 'boxer[ray]'",
        ) from None
    return ray


class RayWorker(Worker):
    """What becomes an actor. sent: a list, so that Ray hands on the reference itself."""

    def ready(self) -> bool:
        return True

    def run_sent(self, parcel: Parcel, sent: list[Any], calls: Sequence[Call]) -> Outcome:
        return self.run(parcel, lambda: bytes_of(sent), calls)


def bytes_of(sent: list[Any]) -> bytes | None:
    ray = load_ray()
    try:
        return bytes(ray.get(sent[0])) if sent else None
    except ray.exceptions.ObjectLostError:  # with the machine of whoever sent it
        return None


@dataclass(eq=False, slots=True)
class _Member:
    actor: Any
    ready: Any  # a reference until it is
    under_way: set[Any] = field(default_factory=set)


class Cluster:
    """Workers on the machines of a Ray cluster. Use it as a context manager, or `close` it.

    address: the cluster's, as of `ray.init`; by default the one that this process is connected to,
    else a new one of this machine alone. workers: how many, by default as many as the cluster has
    processors for. cpus: processors of a worker, and machines that it runs at once: as many as a
    node has make one pool a node. patience: seconds to wait where no worker is left.
    Raises `ClusterError`.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        workers: int | None = None,
        cpus: int = 1,
        patience: float = PATIENCE,
    ) -> None:
        self._ray = load_ray()
        self._is_ours = not self._ray.is_initialized()
        if self._is_ours:
            _connect(self._ray, address)
        if workers is None:
            workers = int(self._ray.cluster_resources().get("CPU", 0)) // cpus
        if workers < 1 or cpus < 1:
            raise ClusterError(f"There are no processors for workers of `{cpus}` each.")
        self._cpus, self._patience = cpus, patience
        self._actor = self._ray.remote(RayWorker)
        self._members = [self._start() for _ in range(workers)]
        self._shipped: dict[str, Any] = {}

    def map(
        self, function: str | os.PathLike[str], /, *inputs: Iterable[Any], **options: Any
    ) -> Iterator[Any]:
        """What the function gives for each input, in the inputs' order, as `map` does: as results
        are taken, inputs are read and sent.

        function: a box's, as of `boxer.function`. inputs: its arguments; several are taken side by
        side. options: `named`, `batch`, `ordered`, `retries`, `return_exceptions`, `progress`,
        `options`, as `boxer.cluster.Options` has them.

        Raises `ClusterError` for a batch that is lost too often, what `boxer.function` raises, and
        what a call raises.
        """
        told = Options(**options)
        plan = told.plan(inputs, len(self._members) * PENDING)
        parcel, data = pack(os.fspath(function), told.options or {})
        crew = _Crew(self, parcel, self._ship(parcel, data))
        return results(crew, calls_of(inputs, told.named), plan)

    def close(self) -> None:
        """Ends all workers; a cluster that was made for them, too."""
        for member in self._members:
            self._ray.kill(member.actor)
        self._members.clear()
        self._shipped.clear()
        if self._is_ours:
            self._ray.shutdown()
            self._is_ours = False

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _ship(self, parcel: Parcel, data: bytes) -> Any:
        if parcel.digest not in self._shipped:
            self._shipped[parcel.digest] = self._ray.put(data)
        return self._shipped[parcel.digest]

    def _start(self) -> _Member:
        actor = self._actor.options(num_cpus=self._cpus).remote(self._cpus)
        return _Member(actor, actor.ready.remote())


class _Crew:
    """The workers of a cluster, for one `map`."""

    def __init__(self, cluster: Cluster, parcel: Parcel, shipped: Any) -> None:
        self._cluster, self._ray = cluster, cluster._ray
        self._parcel, self._shipped = parcel, shipped
        self._by_ticket: dict[Any, _Member] = {}
        self._seen = time.monotonic()  # when there was a worker last

    def room(self) -> int:
        return sum(max(0, PENDING - len(one.under_way)) for one in self._ready())

    def capacity(self) -> int:
        return PENDING * len(self._cluster._members)

    def send(self, calls: Sequence[Call]) -> Hashable:
        member = min(self._ready(), key=lambda one: len(one.under_way))
        ticket = member.actor.run_sent.remote(self._parcel, [self._shipped], calls)
        member.under_way.add(ticket)
        self._by_ticket[ticket] = member
        return ticket  # type: ignore[no-any-return]

    def wait(self) -> Iterable[Hashable]:
        members = self._cluster._members
        starting = {one.ready: one for one in members if one.ready is not None}
        watched = [*self._by_ticket, *starting]
        done, _ = self._ray.wait(watched, num_returns=1, timeout=_TICK)
        more, _ = self._ray.wait(watched, num_returns=len(watched), timeout=0)
        for ticket in (found := {*done, *more}):
            if ticket in starting:
                self._has_started(starting[ticket])
        if len(starting) < len(members):
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > self._cluster._patience:
            raise ClusterError(
                f"There was no worker for {self._cluster._patience:g} seconds.",
                hint="`ray status` tells what the cluster has, and what is waited for.",
            )
        return [ticket for ticket in found if ticket in self._by_ticket]

    def outcome(self, ticket: Any) -> Outcome:
        member = self._by_ticket.pop(ticket)
        member.under_way.discard(ticket)
        lost = self._ray.exceptions
        try:
            return self._ray.get(ticket)  # type: ignore[no-any-return]
        except (lost.RayActorError, lost.ObjectLostError) as error:
            if isinstance(error, lost.RayActorError):
                self._replace(member)
            raise WorkerLostError(type(error).__name__) from None
        except lost.RayTaskError as error:
            raise error.cause if isinstance(error.cause, Exception) else error from None

    def drop(self, tickets: Iterable[Any]) -> None:
        for ticket in tickets:
            member = self._by_ticket.pop(ticket, None)
            if member is not None:
                member.under_way.discard(ticket)
                self._ray.cancel(ticket)

    def _ready(self) -> list[_Member]:
        return [one for one in self._cluster._members if one.ready is None]

    def _has_started(self, member: _Member) -> None:
        try:
            self._ray.get(member.ready)
            member.ready = None
        except self._ray.exceptions.RayActorError:
            self._replace(member)

    def _replace(self, member: _Member) -> None:
        members = self._cluster._members
        if member in members:  # each of its batches tells the same
            self._ray.kill(member.actor)
            members[members.index(member)] = self._cluster._start()


def _connect(ray: Any, address: str | None) -> None:
    # Ray tells its makers of its use unless that is set.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        if address is None:
            ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
        else:
            ray.init(address, log_to_driver=False, configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError, TimeoutError) as error:
        raise ClusterError(f"The cluster cannot be reached: {error}") from None
