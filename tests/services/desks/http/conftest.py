"""A real desk on SQLite behind a real server, in a thread of its own, with keys or without."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from events import to_micros
from services.desks.access import Access, AccessStore
from services.desks.desk import Desk
from services.desks.http import Limits, routes, server_config
from services.desks.store import environment_of
from tests.support.lines import BEGIN, SOURCE, event

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
OTHER_SOURCE = "urn:nld:kvknr:12345678:systeem:andere/school"
NOW = to_micros(BEGIN) + 24 * 3600 * 1_000_000


def report(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A report without a recorded time, as a school's system gives it."""
    return event(number, recorded=None, **changes)


@dataclass
class Served:
    """A desk at an address. `keys`: the store of its keys, None where none is asked for."""

    desk: Desk
    url: str
    port: int
    keys: AccessStore | None
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, key: str | None = None) -> httpx.Client:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self.clients.append(httpx.Client(base_url=self.url, timeout=60, headers=headers))
        return self.clients[-1]

    def key(self, *sources: str, desk: str | None = None, coordinator: bool = False) -> str:
        assert self.keys is not None
        return self.keys.create(desk or self.desk.name, sources, coordinator=coordinator, now=NOW)[1]

    def connection(self) -> socket.socket:
        """A bare connection, for what a client library would not send."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Give a function that serves a desk until the test ends."""
    with serving(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def anyone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Give a client of a desk that all tests of a module share: for what leaves nothing behind."""
    with serving(tmp_path_factory.mktemp("desk")) as start:
        yield start().client()


@contextmanager
def serving(tmp_path: Path) -> Iterator[Serve]:
    """Give a function that serves a desk until the end."""
    ends: list[Callable[[], None]] = []

    def start(
        name: str = "school", *, keys: bool = False, limits: Limits | None = None, on_disk: bool = True, **settings: Any
    ) -> Served:
        store = AccessStore(tmp_path / "desks" / "access.sqlite") if keys else None
        access = Access(store.path, always=True) if store is not None else None
        path = tmp_path / f"{name}-{len(ends)}.sqlite"
        where = environment_of(path if on_disk else f"file:{path.name}-{tmp_path.name}?mode=memory&cache=shared")
        where["SQLITE_LOCK_TIMEOUT"] = "1"
        desk = Desk(name, where, lambda: NOW).start()
        app = Starlette(routes=[*routes(desk, access, limits)])
        server = uvicorn.Server(server_config(app, limits, **settings))
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        port = int(listening.getsockname()[1])
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
        served = Served(desk, f"http://127.0.0.1:{port}", port, store)

        def end() -> None:
            for client in served.clients:
                client.close()
            server.should_exit = True
            thread.join(60)
            assert not thread.is_alive()
            desk.close()
            if access is not None:
                access.close()

        ends.append(end)
        listening.listen(1024)
        thread.start()
        return served

    try:
        yield start
    finally:
        for end in ends:
            end()


def send(client: httpx.Client, given: Any, content_type: str = STRUCTURED, **headers: str) -> httpx.Response:
    """Report an event (or bytes, or a batch) with a media type."""
    body = given if isinstance(given, bytes) else json.dumps(given).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/v1/events", content=body, headers={"Content-Type": content_type, **named})


__all__ = ["BATCHED", "NOW", "OTHER_SOURCE", "SOURCE", "STRUCTURED", "Serve", "Served", "report", "send"]
