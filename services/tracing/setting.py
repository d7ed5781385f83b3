"""Whether traces are asked for, and the tracer of a part of the system."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from services.system.errors import WrongUsage
from services.system.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

__all__ = ["tracer_for", "tracing_asked"]

_STANDARD: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def tracing_asked(settings: Settings, environment: Mapping[str, str] | None = None) -> bool:
    """Whether somebody collects traces: by our setting or by the standard ones of OpenTelemetry."""
    environment = os.environ if environment is None else environment
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    return settings.otlp_endpoint is not None or any(environment.get(name) for name in _STANDARD)


def tracer_for(part: str, settings: Settings) -> Tracer | None:
    """Give the tracer of a part (`desk-school`, `view`, `page`), None when nobody asked for traces.

    Raises WrongUsage when they are asked for and OpenTelemetry is not installed.
    """
    if not tracing_asked(settings):
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise WrongUsage(
            "traces are asked for, but OpenTelemetry is not installed: install the extra `traces`"
        ) from None
    endpoint = settings.otlp_endpoint
    exporter = OTLPSpanExporter(endpoint and endpoint.rstrip("/") + "/v1/traces")
    resource = Resource.create({"service.name": f"kindinbeeld-{part}", "service.namespace": "kindinbeeld"})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider.get_tracer("kindinbeeld")
