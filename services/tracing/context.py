"""Contexts in and out of the headers of messages and requests, as W3C Trace Context writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import Span, get_current_span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

__all__ = ["HEADER", "context_in", "header_of"]

HEADER: Final = "traceparent"

_PROPAGATOR: Final = TraceContextTextMapPropagator()


def header_of(span: Span) -> dict[str, str]:
    """Give the header that hands a span's context on; none for a span that is not sampled."""
    carrier: dict[str, str] = {}
    if span.get_span_context().trace_flags.sampled:
        _PROPAGATOR.inject(carrier, set_span_in_context(span))
    return {HEADER: carrier[HEADER]} if HEADER in carrier else {}


def context_in(headers: Mapping[str, str] | None) -> Context | None:
    """Give the context that headers carry, None when they carry none that can be read."""
    if not headers or HEADER not in headers:
        return None
    found = _PROPAGATOR.extract({HEADER: headers[HEADER]})
    return found if get_current_span(found).get_span_context().is_valid else None
