"""Desks as processes that a test may kill, those who give them reports, and what must hold afterwards."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from events import content_digest, desk_and_kind, parse_event
from tests.support.reports import lost, visited
from tests.support.systems import RunningLedger
from tests.support.whole import fetch

THEN = (datetime.now(UTC) - timedelta(days=10)).isoformat(timespec="seconds")


class DeskProcess:
    """A desk's process on a port that stays, as `up` runs it; a test may kill it and start it again."""

    def __init__(self, name: str, data_dir: Path, settings: Mapping[str, str]) -> None:
        self.name, self.data_dir = name, data_dir
        self.environment = os.environ | settings
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        number = self.listening.fileno()
        command = [sys.executable, "-m", "services.desks", self.name, str(self.data_dir), str(number)]
        with (self.data_dir.parent / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(command, pass_fds=[number], stderr=log, env=self.environment)

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait() == -signal.SIGKILL

    def stop(self) -> None:
        self.listening.close()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(60) in (0, -signal.SIGTERM)

    def give(self, raws: list[bytes], patience: float = 5) -> list[dict[str, Any]] | None:
        """Give a batch; None when there was no answer, or none that says what became of it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience)
        try:
            body = b"[" + b",".join(raws) + b"]"
            connection.request("POST", "/v1/events", body, {"content-type": "application/cloudevents-batch+json"})
            answer = connection.getresponse()
            said = json.loads(answer.read())
            return list(said["answers"]) if "answers" in said else None
        except (OSError, http.client.HTTPException, ValueError):
            return None
        finally:
            connection.close()


@dataclass
class Sender:
    """Gives its reports in batches, each batch until it is answered, everything `times` times over."""

    desk: DeskProcess
    batches: list[list[bytes]]
    times: int = 1
    accepted: dict[tuple[str, str], bytes] = field(default_factory=dict)
    fates: set[str] = field(default_factory=set)

    def run(self) -> None:
        for batch in self.batches:
            for _ in range(self.times):
                deadline = time.monotonic() + 120
                while (answers := self.desk.give(batch)) is None:
                    assert time.monotonic() < deadline, "the desk does not come back"
                    time.sleep(0.02)
                for raw, answer in zip(batch, answers, strict=True):
                    self.fates.add(answer["fate"])
                    if answer["fate"] in ("accepted", "known"):
                        event = parse_event(raw)
                        self.accepted[event.source, event.id] = raw
            time.sleep(0.01)


@contextmanager
def desks(ledger: RunningLedger, *names: str, settings: Mapping[str, str] | None = None) -> Iterator[list[DeskProcess]]:
    """Run these desks on the ledger's data directory, with these settings (environment variables)."""
    running = [DeskProcess(name, ledger.data_dir.path, settings or {}) for name in names]
    try:
        for desk in running:
            desk.start()
        yield running
    finally:
        for desk in running:
            desk.stop()


def load(desk: str, number: int) -> list[list[bytes]]:
    """Batches of reports to a desk: pupils lost and found, visits that met them, and some that break a rule."""
    batches = []
    for begin in range(number):
        batch = []
        for each in range(begin * 10, begin * 10 + 10):
            pupil = f"pupil-{each % 500:06d}"
            made = {
                "school": lost(each, pupil=pupil, occurredAt=THEN),
                "leerplicht": lost(each, pupil=pupil, occurredAt=THEN, school="07AB01"),
                "wij": visited(f"visit-{each}", pupil=pupil, occurredAt=THEN),
            }[desk]
            batch.append(made)
        if begin % 10 == 0:
            batch.append(b'{"specversion":"1.0"}')
        batches.append(batch)
    return batches


def assert_all_there_once(entries: list[tuple[int, int, str, bytes]], senders: list[Sender]) -> None:
    """The ledger holds what was accepted, each once, with the content that was accepted, and its restorations."""
    held = [parse_event(raw) for _, _, subject, raw in entries if desk_and_kind(subject)[0] != "coordinator"]
    keys = [(event.source, event.id) for event in held]
    assert len(set(keys)) == len(keys), "something lies in the ledger twice"
    contents = {(e.source, e.id): content_digest(raw) for *_, raw in entries for e in [parse_event(raw)]}
    accepted = {key: raw for sender in senders for key, raw in sender.accepted.items()}
    for key, raw in accepted.items():
        assert contents.get(key) == content_digest(raw), "something accepted is not in the ledger"
    implied = len([raw for raw in accepted.values() if b'"outcome":"contact"' in raw])
    assert len(keys) == len(accepted) + implied


def level(desk: DeskProcess) -> bool:
    with contextlib.suppress(OSError):
        health = fetch(f"{desk.url}health")
        return bool(health["ledger"]["reached"]) and health["backlog"] == 0
    return False


def post(desk: DeskProcess, raw: bytes) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=60)
    try:
        connection.request("POST", "/v1/events", raw, {"content-type": "application/cloudevents+json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def fetch_ready(desk: DeskProcess) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=60)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    finally:
        connection.close()
