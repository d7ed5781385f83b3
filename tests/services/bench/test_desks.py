"""What gives reports to a desk asks as it says: so many, when they are due, and it tells every answer."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from events import parse_event
from services.bench.desks import ensure_all
from services.bench.figures import NotMeasured
from services.bench.load import Load, Plan
from services.bench.saving import save_aggregates
from tests.support.lines import line


class Stand:
    """A server in the place of a desk, which keeps what it was given; every third answer is `status`."""

    def __init__(self, status: int) -> None:
        self.bodies: list[bytes] = []
        self.types: set[str] = set()
        self.status = status


@contextmanager
def standing(status: int = 201) -> Iterator[tuple[Stand, int]]:
    stand = Stand(status)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            stand.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            stand.types.add(self.headers["content-type"])
            batch = self.headers["content-type"].startswith("application/cloudevents-batch")
            answer = json.dumps({"accepted": len(json.loads(stand.bodies[-1]))}).encode() if batch else b"{}"
            self.send_response(200 if batch else stand.status if len(stand.bodies) % 3 == 0 else 201)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield stand, server.server_port
    finally:
        server.shutdown()
        server.server_close()


def given(plan: Plan) -> Load:
    command = [sys.executable, "-m", "services.bench.load", json.dumps(asdict(plan))]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return Load(**json.loads(done.stdout))


def test_single_reports_are_given_at_their_pace_and_every_answer_is_told() -> None:
    with standing(503) as (stand, port):
        load = given(Plan(port, 60, 4, rate=100, skip=20))
    assert load.answers == {"201": 40, "503": 20}
    assert len(load.waited) == 40
    assert min(load.waited) > 0
    assert load.seconds >= 0.59
    assert stand.types == {"application/cloudevents+json"}
    assert len({parse_event(body, live=True).id for body in stand.bodies}) == 60
    with pytest.raises(NotMeasured, match="201: 40, 503: 20"):
        ensure_all(load, "201", 60)


def test_batches_are_counted_by_what_was_accepted() -> None:
    with standing() as (stand, port):
        load = given(Plan(port, 12, 3, 10))
    assert load.answers == {"accepted": 120}
    assert {len(json.loads(body)) for body in stand.bodies} == {10}
    ensure_all(load, "accepted", 120)


def test_the_baseline_saves_every_report(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    assert save_aggregates([line(number) for number in range(25)], 10, tmp_path) > 0
    with closing(sqlite3.connect(tmp_path / "reports.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM stored_events").fetchone() == (25,)
