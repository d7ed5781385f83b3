"""Closures as annotations, against a stand-in that keeps to Grafana's documented HTTP API for annotations."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.grafana import ClosureNote, GrafanaRefusedError, annotate

TOKEN = "glsa_token"
FIRST = ClosureNote("eerste sluiting", 1_584_313_200_000, 1_588_111_200_000, "po")
SECOND = ClosureNote("tweede sluiting", 1_608_073_200_000, None, "po, vo")


class StandIn:
    """Keeps annotations; refuses what the documentation does not allow."""

    def __init__(self) -> None:
        self.annotations: dict[int, dict[str, Any]] = {}
        self.writes = 0
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *arguments: Any) -> None:
                pass

            def answer(self, status: int, body: Any) -> None:
                raw = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def handle_any(self) -> None:
                if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    return self.answer(401, {"message": "Invalid API key"})
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                status, answer = stand_in.do(self.command, urlsplit(self.path), body)
                return self.answer(status, answer)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - names of http.server

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def do(self, method: str, url: Any, body: Any) -> tuple[int, Any]:
        if method == "GET" and url.path == "/api/annotations":
            asked = parse_qs(url.query)
            found = [a for a in self.annotations.values() if set(asked.get("tags", [])) <= set(a["tags"])]
            return 200, found[: int(asked.get("limit", ["100"])[0])]
        self.writes += 1
        if method == "POST" and url.path == "/api/annotations":
            if not body.get("text") or not isinstance(body.get("time"), int):
                return 400, {"message": "text and time are required"}
            number = len(self.annotations) + 1
            self.annotations[number] = self.kept(number, body)
            return 200, {"message": "Annotation added", "id": number}
        number = int(url.path.removeprefix("/api/annotations/"))
        if number not in self.annotations:
            return 404, {"message": "Could not find annotation to update"}
        if method == "PUT":
            self.annotations[number] = self.kept(number, body)
            return 200, {"message": "Annotation updated"}
        del self.annotations[number]
        return 200, {"message": "Annotation deleted"}

    @staticmethod
    def kept(number: int, body: dict[str, Any]) -> dict[str, Any]:
        return {"id": number, "time": body["time"], "timeEnd": body["timeEnd"], "text": body["text"]} | {
            "tags": body["tags"]
        }


@pytest.fixture
def grafana() -> Iterator[StandIn]:
    stand_in = StandIn()
    yield stand_in
    stand_in.server.shutdown()
    stand_in.server.server_close()


def test_twice_in_a_row_changes_nothing(grafana: StandIn) -> None:
    written = annotate(grafana.url, TOKEN, [FIRST, SECOND])
    assert written.added == ["eerste sluiting", "tweede sluiting"]
    writes = grafana.writes
    again = annotate(grafana.url, TOKEN, [FIRST, SECOND])
    assert again.unchanged == ["eerste sluiting", "tweede sluiting"]
    assert grafana.writes == writes


def test_an_extension_updates_and_a_withdrawn_closure_goes(grafana: StandIn) -> None:
    annotate(grafana.url, TOKEN, [FIRST, SECOND])
    longer = ClosureNote(FIRST.name, FIRST.since, 1_589_148_000_000, FIRST.text)
    written = annotate(grafana.url, TOKEN, [longer])
    assert (written.updated, written.removed) == ([FIRST.name], [SECOND.name])
    assert [a["timeEnd"] for a in grafana.annotations.values()] == [longer.until]


def test_only_our_own_are_touched(grafana: StandIn) -> None:
    theirs = {"id": 900, "time": 1, "timeEnd": 1, "text": "theirs", "tags": ["closure"]}
    grafana.annotations[900] = theirs
    annotate(grafana.url, TOKEN, [FIRST])
    annotate(grafana.url, TOKEN, [])
    assert list(grafana.annotations.values()) == [theirs]


def test_a_dry_run_writes_nothing(grafana: StandIn) -> None:
    assert annotate(grafana.url, TOKEN, [FIRST], dry_run=True).added == [FIRST.name]
    assert grafana.writes == 0


def test_a_wrong_token_and_a_grafana_that_is_away(grafana: StandIn) -> None:
    with pytest.raises(GrafanaRefusedError, match="status 401"):
        annotate(grafana.url, "wrong", [FIRST])
    grafana.server.shutdown()
    grafana.server.server_close()
    with pytest.raises(GrafanaRefusedError, match="cannot be reached"):
        annotate(grafana.url, TOKEN, [FIRST])
