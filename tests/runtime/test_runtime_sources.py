from __future__ import annotations

import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxer.runtime.abi import Errno
from boxer.runtime.polling import poll
from boxer.runtime.sources import FixedClock, FixedEntropy, HostClock
from boxer.runtime.stdio import Budget, BytesSource, CapturedSink
from boxer.runtime.watch import LimitHit, Watch


@given(sizes=st.lists(st.integers(0, 200), max_size=20))
def test_fixed_bytes_do_not_depend_on_the_sizes_asked_for(sizes: list[int]) -> None:
    source, whole = FixedEntropy(), FixedEntropy()
    assert b"".join(source(size) for size in sizes) == whole(sum(sizes))


def test_fixed_bytes_are_those_of_splitmix64() -> None:
    words = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]  # of its authors' program, seeded with 0
    assert FixedEntropy()(16) == b"".join(word.to_bytes(8, "little") for word in words)


def test_fixed_clock_moves_by_looking_and_by_sleeping() -> None:
    clock = FixedClock(5)
    first = clock.realtime()
    assert first // 1_000_000_000 == 5
    assert clock.realtime() > first
    assert clock.skip(1_000_000_000)
    assert clock.monotonic() > 1_000_000_000


def test_host_clock_really_waits() -> None:
    assert not HostClock().skip(1)
    assert abs(HostClock().realtime() - time.time_ns()) < 10**10


def subscription(kind: int, number: int = 0, timeout: int = 0, flags: int = 0) -> bytes:
    if kind == 0:
        return struct.pack("<QBxxxxxxxIxxxxQQHxxxxxx", 7, 0, 1, timeout, 0, flags)
    return struct.pack("<QBxxxxxxxI28x", 7, kind, number)


def events(raw: bytes) -> list[tuple[int, int, int]]:
    streams = (BytesSource(b""), CapturedSink(Budget(None)), CapturedSink(Budget(None)))
    data = poll(raw, FixedClock(0), Watch(5), streams)
    return [struct.unpack_from("<QHB", data, at) for at in range(0, len(data), 32)]


def test_bytes_are_always_ready() -> None:
    raw = subscription(1, 0) + subscription(2, 1) + subscription(0, timeout=10**12)
    assert events(raw) == [(7, 0, 1), (7, 0, 2)]


@pytest.mark.parametrize(("kind", "number"), [(1, 1), (2, 0), (1, 3), (9, 0)])
def test_what_is_not_there_is_ebadf(kind: int, number: int) -> None:
    assert events(subscription(kind, number)) == [(7, Errno.BADF, kind)]


def test_earliest_timer_is_first() -> None:
    raw = subscription(0, timeout=2000) + subscription(0, timeout=1000)
    assert len(events(raw)) == 1


def test_timer_of_the_past_is_over_at_once() -> None:
    assert events(subscription(0, timeout=0, flags=1)) == [(7, 0, 0)]


def test_budget_gives_what_is_left_and_then_ends_the_run() -> None:
    budget = Budget(5)
    assert budget.allowed(3) == 3
    assert budget.spend(3) == 3
    assert budget.allowed(3) == 2
    assert budget.spend(2) == 2
    assert budget.allowed(0) == 0
    with pytest.raises(LimitHit):
        budget.allowed(1)


def test_watch_ends_when_time_is_over() -> None:
    watch = Watch(0.0)
    with pytest.raises(LimitHit, match="time"):
        watch.check()
    Watch().check()


def test_pause_never_goes_beyond_the_end() -> None:
    assert Watch(0.05).pause(10) <= 0.05
    assert Watch().pause(0.01) == 0.01
