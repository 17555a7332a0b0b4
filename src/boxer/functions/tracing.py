"""Spans of OpenTelemetry around calls, where its package is installed and set up.

Belongs here: the one place that knows it. Does not: the W3C header itself, which any caller may
give (`calling`).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any


@functools.cache
def _tracer() -> Any:
    try:
        from opentelemetry import trace  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    return trace.get_tracer("boxer")


def span_of(call: Any) -> AbstractContextManager[Any]:
    """A span around a call; its function is told of it as the parent."""
    return nullcontext() if _tracer() is None else _span(call)


@contextmanager
def _span(call: Any) -> Iterator[None]:
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import (  # type: ignore[import-not-found,unused-ignore]
        TraceContextTextMapPropagator,
    )

    propagator = TraceContextTextMapPropagator()
    parent = propagator.extract({"traceparent": call.traceparent}) if call.traceparent else None
    with _tracer().start_as_current_span(
        call.function, context=parent, kind=trace.SpanKind.CLIENT
    ) as span:
        span.set_attribute("faas.invoked_name", call.function)
        span.set_attribute("faas.invoked_provider", "boxer")
        carrier: dict[str, str] = {}
        propagator.inject(carrier)
        call.traceparent = carrier.get("traceparent", call.traceparent)
        yield
