"""Figures of what was served, for Prometheus (`/metrics`).

Belongs here: counting, and the text. Does not: serving it. prometheus_client is not installed with
Boxer itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from typing import Any

from boxer.errors import LimitReached, ServeError
from boxer.runtime import Pool

# Upper ends of the histogram's buckets, in seconds.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Figures:
    """Counted in the event loop's thread; read in the same."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.answers: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.ways: Counter[str] = Counter()
        self.seconds = 0.0
        self.buckets = [0] * (len(BUCKETS) + 1)
        self.streams = 0
        self.living = 0
        self.asleep = 0

    def answered(self, status: int, seconds: float, way: str) -> None:
        """way: at_once, thread, living, or refused, by no machine."""
        self.answers[str(status)] += 1
        self.ways[way] += 1
        self.seconds += seconds
        self.buckets[bisect_left(BUCKETS, seconds)] += 1

    def failed(self, error: Exception) -> None:
        name = error.limit if isinstance(error, LimitReached) else type(error).__name__
        self.failures[name] += 1


def check() -> None:
    """Raises `ServeError` where prometheus_client is not installed."""
    try:
        import prometheus_client  # noqa: F401
    except ImportError:
        raise ServeError(
            "`--metrics` needs the package prometheus_client, which is not installed.",
            hint="pip install 'boxer[serve]'",
        ) from None


def text_of(figures: Figures) -> tuple[bytes, str]:
    """What Prometheus reads, and its content type."""
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
    )

    def families() -> Any:
        yield _by_status(figures.answers)
        ways = CounterMetricFamily(
            "boxer_calls", "By which way a request's machine was called.", labels=["way"]
        )
        for way, count in figures.ways.items():
            ways.add_metric([way], count)
        yield ways
        failures = CounterMetricFamily(
            "boxer_failures", "Machines that came to an error, or a limit.", labels=["reason"]
        )
        for reason, count in figures.failures.items():
            failures.add_metric([reason], count)
        yield failures
        so_far, buckets = 0, []
        for most, count in zip((*map(str, BUCKETS), "+Inf"), figures.buckets, strict=True):
            so_far += count
            buckets.append((most, so_far))
        yield HistogramMetricFamily(
            "boxer_request_seconds", "From a request's head to its answer's end.",
            buckets=buckets, sum_value=figures.seconds,
        )  # fmt: skip
        pool = figures.pool
        for name, told, value in (
            ("boxer_machines", "Machines that may run at once.", pool.size),
            ("boxer_machines_busy", "Machines that run.", pool.size - pool.free),
            ("boxer_machines_idle", "Machines that lie ready.", pool.idle),
            ("boxer_streams", "Answers that are streamed, and WebSockets.", figures.streams),
            ("boxer_machines_living", "Machines that live on between requests.", figures.living),
            ("boxer_sessions_asleep", "Sessions whose machine is on disk.", figures.asleep),
        ):
            yield GaugeMetricFamily(name, told, value=value)
        yield CounterMetricFamily(
            "boxer_machine_resets", "Machines that were put back to their image.",
            value=pool.resets,
        )  # fmt: skip
        yield CounterMetricFamily(
            "boxer_dirty_pages", "Pages that were put back.", value=pool.dirty_pages
        )

    return _exposed(families)


def _by_status(answers: Counter[str]) -> Any:
    from prometheus_client.core import CounterMetricFamily

    told = CounterMetricFamily(
        "boxer_requests", "Requests that were answered, by status.", labels=["status"]
    )
    for status, count in answers.items():
        told.add_metric([status], count)
    return told


class OwnFigures:
    """Of a server of the box's own, in the event loop's thread. machines: that requests may have at
    once; open: requests under way; links: WebSockets; streams: these, and answers that go on."""

    def __init__(self, machines: int) -> None:
        self.machines = machines
        self.answers: Counter[str] = Counter()
        self.open = self.waiting = self.links = self.streams = 0


def text_of_own(figures: OwnFigures) -> tuple[bytes, str]:
    """As `text_of`."""
    from prometheus_client.core import GaugeMetricFamily

    def families() -> Any:
        yield _by_status(figures.answers)
        for name, told, value in (
            ("boxer_machines", "Machines that requests may have at once.", figures.machines),
            ("boxer_machines_busy", "Requests under way, each on its machine.", figures.open),
            ("boxer_requests_waiting", "Requests that wait for a machine.", figures.waiting),
            ("boxer_streams", "Answers that are streamed, and WebSockets.", figures.streams),
            ("boxer_websockets", "WebSockets, each on its machine.", figures.links),
        ):
            yield GaugeMetricFamily(name, told, value=value)

    return _exposed(families)


def _exposed(families: Callable[[], Any]) -> tuple[bytes, str]:
    from prometheus_client import CollectorRegistry, exposition

    class Source:
        def collect(self) -> Any:
            return families()

    registry = CollectorRegistry()
    registry.register(Source())
    return exposition.generate_latest(registry), exposition.CONTENT_TYPE_LATEST
