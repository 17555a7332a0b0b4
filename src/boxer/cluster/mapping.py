"""Calls in batches over workers that may be lost: what is sent when, and what comes back.

Belongs here: order, window, retries, progress. Does not: how workers are reached (`onray`,
`ondask`), which are a `Crew` here.

Invariants
1. Each input has one result: a batch that was lost with its worker is made again as a whole, and of
   each batch one outcome is taken. A call may be made more than once, a result never given twice.
2. Inputs are read as they are sent: no more than `window` batches are under way or wait for their
   turn, however many there are and however slowly results are taken.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from boxer.cluster.working import Call, Outcome
from boxer.errors import CallDataError, ClusterError
from boxer.schemas import InvalidError, plain

BATCH = 1000
_NOTHING: dict[str, Any] = {}  # one for all: it is sent once a batch


class WorkerLostError(Exception):
    """A batch did not come back, and its worker will not."""


class Crew(Protocol):
    """Workers. room: how many batches can be sent now. capacity: how many could be at most, with
    all workers there."""

    def room(self) -> int: ...
    def capacity(self) -> int: ...
    def send(self, calls: Sequence[Call]) -> Hashable: ...
    def wait(self) -> Iterable[Hashable]:
        """Those of what was sent that came back or were lost; none: something else has changed."""

    def outcome(self, ticket: Hashable) -> Outcome:
        """Raises `WorkerLostError`."""

    def drop(self, tickets: Iterable[Hashable]) -> None:
        """Nobody waits for these any more."""


@dataclass(frozen=True, slots=True)
class Progress:
    """done, failed: calls. total: None: not known before the end. lost: batches that were made
    again since their worker was lost."""

    done: int
    failed: int
    total: int | None
    lost: int


@dataclass(slots=True)
class Plan:
    """batch: calls that are sent as one. ordered: results in their inputs' order. retries: how
    often a batch is made again. raises: the first failure ends all; else it is given as a result.
    tell: of progress, after each batch."""

    batch: int
    total: int | None = None
    ordered: bool = True
    retries: int = 3
    raises: bool = True
    tell: Callable[[Progress], None] = lambda progress: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Of `map`.

    named: each input is a dict of arguments by name. batch: calls that are sent at once, by default
    1,000, or fewer where that leaves workers without any. ordered: False: results in the order in
    which they come. retries: how often a batch is made again whose worker was lost.
    return_exceptions: what a call raises is given in its place, and does not end the others.
    progress: is told after each batch. options: of `boxer.function`, without those of one machine:
    limits, env, validate, network, host.
    """

    named: bool = False
    batch: int | None = None
    ordered: bool = True
    retries: int = 3
    return_exceptions: bool = False
    progress: Callable[[Progress], None] | None = None
    options: Mapping[str, Any] | None = None

    def plan(self, inputs: Sequence[Iterable[Any]], places: int) -> Plan:
        """places: batches that can be under way. Raises `ClusterError`."""
        total = _length(inputs)
        batch = self.batch
        if batch is None:  # so that each place gets some
            batch = BATCH if total is None else max(1, min(BATCH, -(-total // places)))
        if batch < 1:
            raise ClusterError(f"A batch has at least one call, not `{batch}`.")
        tell = self.progress or (lambda progress: None)
        return Plan(batch, total, self.ordered, self.retries, not self.return_exceptions, tell)


def _length(inputs: Sequence[Iterable[Any]]) -> int | None:
    try:
        return min(len(one) for one in inputs)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


@dataclass(slots=True)
class _Batch:
    number: int
    calls: Sequence[Call]
    lost: int = 0


@dataclass(slots=True)
class _Run:
    crew: Crew
    plan: Plan
    new: Iterator[_Batch]
    again: deque[_Batch] = field(default_factory=deque)
    sent: dict[Hashable, _Batch] = field(default_factory=dict)
    waiting: dict[int, Outcome] = field(default_factory=dict)
    ended: bool = False
    next: int = 0
    done: int = 0
    failed: int = 0
    lost: int = 0

    def send(self) -> None:
        """As much as there is room for. Twice what is under way may wait for its turn."""
        while self.crew.room() > 0:
            if self.again:
                batch = self.again.popleft()
            elif self.ended or len(self.sent) + len(self.waiting) >= 3 * self.crew.capacity():
                return
            else:
                following = next(self.new, None)
                if following is None:
                    self.ended = True
                    return
                batch = following
            self.sent[self.crew.send(batch.calls)] = batch

    def receive(self) -> Iterator[Outcome]:
        for ticket in self.crew.wait():
            batch = self.sent.pop(ticket)
            try:
                outcome = self.crew.outcome(ticket)
            except WorkerLostError as error:
                self._lost(batch, error)
                continue
            self.done += len(batch.calls)
            self.failed += len(outcome[1])
            self.plan.tell(Progress(self.done, self.failed, self.plan.total, self.lost))
            if not self.plan.ordered:
                yield outcome
                continue
            self.waiting[batch.number] = outcome
            while self.next in self.waiting:
                yield self.waiting.pop(self.next)
                self.next += 1

    def _lost(self, batch: _Batch, error: WorkerLostError) -> None:
        batch.lost += 1
        self.lost += 1
        if batch.lost > self.plan.retries:
            first = batch.number * self.plan.batch
            raise ClusterError(
                f"A batch was lost {batch.lost} times with its worker: {error}. It is the inputs"
                f" {first} to {first + len(batch.calls) - 1}.",
                hint="Is there memory enough for a worker? Or give smaller batches, more retries.",
            )
        self.again.append(batch)


def results(crew: Crew, calls: Iterable[Call], plan: Plan) -> Iterator[Any]:
    """Raises what the first call that failed raised, if `plan.raises`; `ClusterError` for a batch
    that was lost too often."""
    run = _Run(crew, plan, _batches(calls, plan.batch))
    try:
        run.send()
        while run.sent or run.again or not run.ended:
            for values, failures in run.receive():
                run.send()  # before whoever takes the results takes their time
                for place, value in enumerate(values):
                    if place not in failures:
                        yield value
                    elif plan.raises:
                        raise failures[place]
                    else:
                        yield failures[place]
            run.send()
    finally:
        crew.drop(run.sent)


def _batches(calls: Iterable[Call], size: int) -> Iterator[_Batch]:
    source = iter(calls)
    for number in itertools.count():
        batch = list(itertools.islice(source, size))
        if not batch:
            return
        yield _Batch(number, batch)


def calls_of(inputs: Sequence[Iterable[Any]], named: bool) -> Iterator[Call]:
    """What `map` is given, as calls: plain data, so that no machine needs its classes. Raises
    `ClusterError`, and while it is read `CallDataError`."""
    if not named:
        if len(inputs) == 1:
            return (((_data(one),), _NOTHING) for one in inputs[0])
        return ((tuple(_data(args)), _NOTHING) for args in zip(*inputs, strict=False))
    if len(inputs) != 1:
        raise ClusterError("Arguments by name are one iterable of dicts.")
    return (((), _data(dict(given))) for given in inputs[0])


def _data(value: Any) -> Any:
    try:
        return plain(value)
    except (InvalidError, RecursionError) as error:
        raise CallDataError(
            f"An input is not plain data: {error}.",
            hint="Pass JSON's types, bytes, dates, dataclasses, models, lists and dicts of them.",
        ) from None
