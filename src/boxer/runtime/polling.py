"""Waiting: poll_oneoff of WASI preview 1, over the three standard streams and the clock.

Belongs here: what is ready, and when. Does not: guest memory (`preview1` reads and writes it).

Invariants
1. Nobody waits longer than a slice without a look at the run's watch: a time limit and Ctrl-C end
   every wait.
2. A fixed clock never makes a build wait: time is moved instead.
"""

from __future__ import annotations

import select
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from boxer.runtime.abi import ABSOLUTE_TIME, SUBSCRIPTION_SIZE, ClockId, Errno, Eventtype
from boxer.runtime.sources import SECOND, Clock, HostClock
from boxer.runtime.stdio import Sink, Source
from boxer.runtime.watch import Watch

HOST = HostClock()
Streams = tuple[Source, Sink, Sink]


class SignalArrived(Exception):  # noqa: N818 - ends a wait, is no failure
    """The program has signals to look at."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """descriptor: the host's, None = always ready. timeout: nanoseconds from now, None = not a
    clock. error: what is wrong with it from the start."""

    userdata: int
    kind: int
    descriptor: int | None = None
    timeout: int | None = None
    error: Errno = Errno.SUCCESS

    @property
    def ready(self) -> bool:
        if self.timeout is not None:
            return self.timeout <= 0
        return self.descriptor is None

    def event(self) -> bytes:
        return struct.pack("<QHBxxxxxQHxxxxxx", self.userdata, self.error, self.kind, 1, 0)


def poll(raw: bytes, clock: Clock, watch: Watch, streams: Streams) -> bytes:
    """The events of an array of subscriptions; waits for the first. Raises as `Watch.check`."""
    entries = [raw[at : at + SUBSCRIPTION_SIZE] for at in range(0, len(raw), SUBSCRIPTION_SIZE)]
    asked = [_subscription(entry, clock, streams) for entry in entries]
    return b"".join(entry.event() for entry in _happened(asked, clock, watch))


def wait_for_input(watch: Watch, source: Source) -> None:
    """Returns once a read of the source does not block."""
    if source.descriptor is not None:
        _wait([Subscription(0, Eventtype.FD_READ, source.descriptor)], None, watch)


def wait_for_output(watch: Watch, sink: Sink) -> None:
    """Returns once a write of a few bytes to the sink does not block, unless others write, too."""
    if sink.descriptor is not None:
        _wait([Subscription(0, Eventtype.FD_WRITE, sink.descriptor)], None, watch)


def _subscription(entry: bytes, clock: Clock, streams: Streams) -> Subscription:
    userdata, kind = struct.unpack_from("<QB", entry)
    if kind != Eventtype.CLOCK:
        number = int.from_bytes(entry[16:20], "little")
        readable = kind == Eventtype.FD_READ
        if kind > max(Eventtype) or number > 2 or readable != (number == 0):
            return Subscription(userdata, kind, error=Errno.BADF)
        return Subscription(userdata, kind, streams[number].descriptor)
    identifier, timeout, _, flags = struct.unpack_from("<IxxxxQQH", entry, 16)
    if flags & ABSOLUTE_TIME:
        realtime = identifier == ClockId.REALTIME
        timeout -= clock.realtime() if realtime else clock.monotonic()
    return Subscription(userdata, kind, timeout=max(0, timeout))


def _happened(asked: Sequence[Subscription], clock: Clock, watch: Watch) -> list[Subscription]:
    if any(entry.ready for entry in asked):
        # What is ready already keeps nobody from being looked at.
        woken = _wait(asked, 0, watch)
        return [entry for entry in asked if entry.ready or entry.descriptor in woken]
    timeouts = [entry.timeout for entry in asked if entry.timeout is not None]
    first = min(timeouts, default=None)
    moved = first is not None and clock.skip(first)
    woken = frozenset[int]() if moved else _wait(asked, first, watch)
    if woken:
        return [entry for entry in asked if entry.descriptor in woken]
    return [entry for entry in asked if entry.timeout == first]


def _wait(asked: Iterable[Subscription], timeout: int | None, watch: Watch) -> frozenset[int]:
    """The host's descriptors that became ready; none where the time ran out. Raises
    `SignalArrived`."""
    poller = select.poll()
    for entry in asked:
        if entry.descriptor is not None:
            reads = entry.kind == Eventtype.FD_READ
            poller.register(entry.descriptor, select.POLLIN if reads else select.POLLOUT)
    end = None if timeout is None else HOST.monotonic() + timeout
    while True:
        rest = None if end is None else (end - HOST.monotonic()) / SECOND
        pause = watch.pause(rest)
        with watch.blocking():
            ready = poller.poll(pause * 1000)
        if ready or (end is not None and HOST.monotonic() >= end):
            return frozenset(descriptor for descriptor, _ in ready)
        if watch.arrived():
            raise SignalArrived
