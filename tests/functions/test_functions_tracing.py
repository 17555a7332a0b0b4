"""Spans of OpenTelemetry around calls; skipped where its SDK is not installed."""

from __future__ import annotations

import pytest

import boxer
from tests.functions.conftest import Built

trace = pytest.importorskip("opentelemetry.sdk.trace")


def test_a_call_is_a_span_that_its_function_is_told_of(built: Built) -> None:
    from opentelemetry import trace as api  # type: ignore[import-not-found,unused-ignore]
    from opentelemetry.sdk.trace.export import (  # type: ignore[import-not-found,unused-ignore]
        SimpleSpanProcessor,
    )
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # type: ignore[import-not-found,unused-ignore]
        InMemorySpanExporter,
    )

    exporter = InMemorySpanExporter()
    provider = trace.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    api.set_tracer_provider(provider)
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with boxer.function(built("told"), size=1) as told:
        reply = told.call({}, traceparent=parent).value
    (span,) = exporter.get_finished_spans()
    assert span.attributes["faas.invoked_provider"] == "boxer"
    assert format(span.context.trace_id, "032x") == parent.split("-")[1]
    assert reply["traceparent"].split("-")[1:3] == [
        parent.split("-")[1], format(span.context.span_id, "016x")
    ]  # fmt: skip
