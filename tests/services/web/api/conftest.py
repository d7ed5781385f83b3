"""The interface of any source on a loopback port, asked by HTTP, as whoever the test says."""

from __future__ import annotations

import asyncio
import csv
import io
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from events.times import day_start
from projections.live.reading import LiveReader
from projections.public import PublicStore, Snapshot
from projections.public.snapshot import hidden
from projections.tables import MEASURES
from services.audits import AuditLog
from services.web.access import Role, Viewer
from services.web.api import Replays
from services.web.api.answering import camel
from services.web.app import create_app
from services.web.details.beside import DetailsBeside
from services.web.source import Lag
from tests.services.web.fake import FakeSource
from tests.services.web.living import LivingSource

NATIONAL = Viewer(Role.NATIONAL, codes=None)
PUBLIC = Viewer(Role.PUBLIC)


def coordinator(code: str) -> Viewer:
    return Viewer(Role.MUNICIPALITY, code, codes=frozenset((code,)))


def published(path: Path, numbers: Mapping[tuple[str, str, str], int], day: date = date(2020, 4, 20)) -> PublicStore:
    """Give the public tables, the one of `day` with these numbers; of each cell 9 schools expected and 5 answered."""
    places, sectors, weeks = (tuple(sorted({key[axis] for key in numbers})) for axis in range(3))
    exact = np.zeros((len(places), len(sectors), len(weeks)), dtype=np.int64)
    exists = exact.astype(np.bool_)
    for (place, sector, week), number in numbers.items():
        at = places.index(place), sectors.index(sector), weeks.index(week)
        exact[at], exists[at] = number, True
    nine, five = (np.where(exists, schools, 0).astype(np.int32) for schools in (9, 5))
    as_of = day_start(day.toordinal())
    store = PublicStore(path)
    assert store.publish(Snapshot(day, as_of, places, sectors, weeks, exists, hidden(exact), nine, five))
    return store


class AsViewer:
    """Lets whoever the test says look: `viewer`, as the sign-in would have found it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.viewer = app, NATIONAL

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["viewer"] = self.viewer
        await self.app(scope, receive, send)


class Api:
    """The pages' server in a thread of its own, and a client of it."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.client = httpx.Client(base_url=self.url, timeout=60)
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._started.wait(60)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.app = self._make()
        self.door = AsViewer(self.app)
        port = int(self.url.rpartition(":")[2])
        self._server = uvicorn.Server(uvicorn.Config(self.door, port=port, log_config=None))
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        self._started.set()
        await serving

    def stop(self) -> None:
        self.client.close()

        def end() -> None:
            self.app.state.boards.close()
            self._server.should_exit = True

        self._loop.call_soon_threadsafe(end)
        self._thread.join(60)
        assert not self._thread.is_alive()

    def get(self, path: str, viewer: Viewer = NATIONAL, **asked: Any) -> httpx.Response:
        self.door.viewer = viewer
        headers = asked.pop("headers", None)
        return self.client.get(f"/v1/{path}", params=asked, headers=headers)

    def items(self, path: str, viewer: Viewer = NATIONAL, **asked: Any) -> list[dict[str, Any]]:
        """All items, page by page."""
        found: list[dict[str, Any]] = []
        answer = self.get(path, viewer, **asked)
        while True:
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            following = answer.json()["links"].get("next")
            if following is None:
                assert len(found) == answer.json()["total"]
                return found
            answer = self.client.get(following)

    def table(self, table: str, **asked: Any) -> str:
        """A whole table in the form in which the command prints it."""
        names = ["municipality", "sector", "week", *MEASURES[table]]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(names)
        for item in self.items(table, pageSize=5000, **asked):
            writer.writerow([item[camel(name)] for name in names])
        return text.getvalue()


ServeApi = Callable[..., Api]


def serving() -> Iterator[ServeApi]:
    running: list[Api] = []

    def serve(
        source: FakeSource | LivingSource | LiveReader,
        clock: Callable[[], int],
        *,
        public: PublicStore | None = None,
        replays: Replays | None = None,
        audits: AuditLog | None = None,
        details: Path | None = None,
    ) -> Api:
        def make() -> Any:
            lag = lambda: Lag(source.position)  # noqa: E731
            changed = asyncio.Event()
            beside = None if details is None else DetailsBeside(details, clock, changed.set)
            more: dict[str, Any] = {"public": public, "replays": replays, "audits": audits, "details": beside}
            return create_app(source, clock, lag, False, changed, **more)

        running.append(Api(make))
        return running[-1]

    yield serve
    for each in running:
        each.stop()


@pytest.fixture
def serve_api() -> Iterator[ServeApi]:
    """Give a function that serves a source until the test ends."""
    yield from serving()
