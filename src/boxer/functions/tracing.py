"""Spans of OpenTelemetry around calls, where its package is installed and set up.

Belongs here: the one place that knows it. Does not: the W3C header itself, which any caller may
give (`calling`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

# What names the provider of a program that sets none up itself.
_PROVIDER = "OTEL_PYTHON_TRACER_PROVIDER"


_is_named = False


def import_provider() -> None:
    """Imports its package where the program's environment names a provider."""
    global _is_named
    _is_named = _PROVIDER in os.environ
    if _is_named:
        with suppress(ImportError):
            import opentelemetry.trace  # type: ignore[import-not-found,unused-ignore] # noqa: F401


def is_traced() -> bool:
    """Whether anybody is told of spans, or a span of somebody else's is to be handed on."""
    api: Any = sys.modules.get("opentelemetry.trace")  # whoever sets it up has imported it
    if api is None:
        return False
    if api.get_current_span() is not api.INVALID_SPAN:
        return True
    # Most programs that have imported it have set up none; to be told so takes microseconds.
    if not _is_named and getattr(api, "_TRACER_PROVIDER", api) is None:
        return False
    nobody = (api.ProxyTracerProvider, api.NoOpTracerProvider)
    return not isinstance(api.get_tracer_provider(), nobody)


def span_of(call: Any) -> AbstractContextManager[Any]:
    """A span around a call; its function is told of it as the parent."""
    return _span(call) if is_traced() else nullcontext()


@contextmanager
def _span(call: Any) -> Iterator[None]:
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import (  # type: ignore[import-not-found,unused-ignore]
        TraceContextTextMapPropagator,
    )

    propagator = TraceContextTextMapPropagator()
    parent = propagator.extract({"traceparent": call.traceparent}) if call.traceparent else None
    with trace.get_tracer("boxer").start_as_current_span(
        call.function, context=parent, kind=trace.SpanKind.CLIENT
    ) as span:
        span.set_attribute("faas.invoked_name", call.function)
        span.set_attribute("faas.invoked_provider", "boxer")
        carrier: dict[str, str] = {}
        propagator.inject(carrier)
        call.traceparent = carrier.get("traceparent", call.traceparent)
        yield
