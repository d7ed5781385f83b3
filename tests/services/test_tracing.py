"""Traces are asked for by settings; nobody who does not ask pays for them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from services.system import Settings, WrongUsage
from services.tracing import tracer_for, tracing_asked


def test_nothing_of_it_is_imported_when_nobody_asks() -> None:
    code = (
        "import sys, services.desks.app, services.view.app, services.web.__main__, services.tracing;"
        "print(json.dumps([name for name in sys.modules if name.startswith('opentelemetry')]))"
    )
    done = subprocess.run([sys.executable, "-c", f"import json; {code}"], capture_output=True, text=True, check=True)
    # FastStream looks whether it is there, and no further.
    assert set(json.loads(done.stdout)) <= {"opentelemetry", "opentelemetry.semconv"}
    assert tracer_for("view", Settings()) is None


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"}, False),
    ],
)
def test_the_standard_settings_do_too(environment: dict[str, str], asked: bool) -> None:
    assert tracing_asked(Settings(), environment) is asked
    assert tracing_asked(Settings(otlp_endpoint="http://127.0.0.1:4318"), {})


def test_a_collector_is_reached_safely() -> None:
    with pytest.raises(WrongUsage, match="KINDINBEELD_OTLP_ENDPOINT: must be an address that begins with https"):
        Settings.from_environment({"KINDINBEELD_OTLP_ENDPOINT": "http://collector.example:4318"})
