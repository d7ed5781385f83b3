"""Traces from a report to the page, at a real receiver of OTLP over HTTP; and nothing of them when nobody asks."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from services.system import DataDir, Settings, WrongUsage, find_system
from services.tracing import tracer_for, tracing_asked
from tests.support.reports import lost
from tests.support.whole import until, whole

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CHAIN = ("desk.accept", "relay.carry", "ledger.publish", "view.apply", "page.push")
PUPIL = "pupil-that-nobody-may-see"


class Receiver:
    """Receives spans as the documentation of OTLP says: protobuf, by POST to /v1/traces."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []
        self.raw = b""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *arguments: Any) -> None:
                pass

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                good = self.path == "/v1/traces" and self.headers["Content-Type"] == "application/x-protobuf"
                if good:
                    receiver.take(body)
                self.send_response(200 if good else 400)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def take(self, body: bytes) -> None:
        self.raw += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            attributes = {each.key: each.value.string_value for each in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(attributes["service.name"], span) for span in scope.spans]

    def of(self, trace: str) -> dict[str, tuple[str, Span]]:
        """The spans of one trace by their names."""
        return {span.name: (part, span) for part, span in list(self.spans) if span.trace_id.hex() == trace}


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()


def test_a_report_is_followed_to_the_page(tmp_path: Path) -> None:
    then = (datetime.now(UTC) - timedelta(days=3)).isoformat(timespec="seconds")
    with receiving() as receiver:
        settings = {"KINDINBEELD_OTLP_ENDPOINT": receiver.url, "OTEL_BSP_SCHEDULE_DELAY": "200"}
        with whole(tmp_path / "system", "up", "--port", "0", settings=settings) as system:
            page = system.ready()
            desk = find_system(DataDir(system.data_dir)).desks["school"]
            answer = httpx.post(
                f"{desk}v1/events",
                content=lost(1, pupil=PUPIL, occurredAt=then),
                headers={
                    "Content-Type": "application/cloudevents+json",
                    "traceparent": f"00-{TRACE}-{PARENT}-01",
                },
                timeout=60,
            )
            assert answer.status_code < 300, answer.text
            until(lambda: set(receiver.of(TRACE)) == set(CHAIN))
            assert httpx.get(f"{page}health", timeout=60).json()["viewPosition"] == 1
            # One that names no trace begins its own.
            httpx.post(
                f"{desk}v1/events",
                content=lost(2, occurredAt=then),
                headers={"Content-Type": "application/cloudevents+json"},
                timeout=60,
            )
            until(lambda: len({span.trace_id for _, span in receiver.spans if span.name == "page.push"}) == 2)
        found = receiver.of(TRACE)
        before = bytes.fromhex(PARENT)
        for name in CHAIN:
            _, span = found[name]
            assert span.parent_span_id == before, name
            assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano, name
            before = span.span_id
        parts = [found[name][0] for name in CHAIN]
        assert parts == [
            f"kindinbeeld-{part}" for part in ("desk-school", "desk-school", "desk-school", "view", "page")
        ]
        for secret in (PUPIL, "lost-1", "06KR00", "GM0014"):
            assert secret.encode() not in receiver.raw, secret


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
