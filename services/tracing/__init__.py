"""Traces from a report to the page, by setting: see docs/operations.md. Off, nothing of OpenTelemetry is imported.

Five spans follow one another: `desk.accept`, `relay.carry`, `ledger.publish`, `view.apply` and `page.push`. The
context travels in the header `traceparent` of the message in the ledger, never in the event itself. No span holds
anything about a person: not an id, not a pseudonym, not a figure.
"""

from services.tracing.setting import tracer_for, tracing_asked

__all__ = ["tracer_for", "tracing_asked"]
