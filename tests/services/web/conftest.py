from __future__ import annotations

import asyncio
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, expect, sync_playwright
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from projections.public import PublicStore
from services.audits import AuditLog
from services.web.access import Viewer
from services.web.access.entrance import Entrance
from services.web.app import create_app
from services.web.details.beside import DetailsBeside
from services.web.open_data import create_routes

REREAD = 0.03
"""Seconds after which a page that is asked for reads the tables again."""


class Served:
    """The page of a source on a loopback port, in a thread of its own; it can stop and start again at the same port."""

    def __init__(
        self,
        source: Any,
        *,
        simulated: bool = False,
        viewer: Viewer | None = None,
        public: PublicStore | None = None,
        access: Entrance | None = None,
        details: Path | None = None,
        archive: Path | None = None,
        audits: AuditLog | None = None,
    ) -> None:
        """`source` is a `FakeSource` or a `LivingSource`; `details`, the database that the details are read from.

        `archive`: where one of the same events may lie.
        """
        self.details, self.archive = details, archive
        self.source, self.simulated, self.viewer, self.public = source, simulated, viewer, public
        self.access, self.audits = access, audits
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)), daemon=True)
        self._thread.start()
        assert started.wait(60)

    async def _serve(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        source = self.source
        source.changed = asyncio.Event()
        self.app: Starlette = create_app(
            source,
            source.clock,
            source.lag,
            self.simulated,
            source.changed,
            public=self.public,
            access=self.access,
            details=None
            if self.details is None
            else DetailsBeside(self.details, source.clock, source.changed.set, self.archive),
            audits=self.audits,
            open_data=() if self.public is None else create_routes(self.public),
        )

        async def seen(scope: Scope, receive: Receive, send: Send) -> None:
            if self.viewer is not None:
                scope["viewer"] = self.viewer
            await self.app(scope, receive, send)

        config = uvicorn.Config(seen, port=self.port, log_config=None, timeout_graceful_shutdown=5)
        self._server = uvicorn.Server(config)
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        started.set()
        await serving

    def change(self, what: Callable[[Any], object]) -> None:
        """Change the source as the view would, and say so."""

        async def do() -> None:
            what(self.source)
            self.source.changed.set()

        asyncio.run_coroutine_threadsafe(do(), self._loop).result(60)
        time.sleep(REREAD)

    def client(self) -> httpx.Client:
        """Give a client of this server, with cookies of its own."""
        return httpx.Client(base_url=self.url, timeout=60)

    def stop(self) -> None:
        if self._thread is None:
            return

        def end() -> None:
            self.app.state.boards.close()
            self._server.should_exit = True

        self._loop.call_soon_threadsafe(end)
        self._thread.join(60)
        assert not self._thread.is_alive()
        self._thread = None


Serve = Callable[..., Served]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Give a function that serves a source until the test ends."""
    running: list[Served] = []

    def start(source: Any, **options: Any) -> Served:
        served = Served(source, **options)
        served.start()
        running.append(served)
        return served

    yield start
    for served in running:
        served.stop()


def chromium() -> str | None:
    """The one without a desktop around it first: it takes a third less of the processors."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser")
    return os.environ.get("KINDINBEELD_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


# Of a module, not of the session: while playwright's loop runs in this thread, no asynchronous test can.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give headless Chromium; skipped where there is none, unless it is required."""
    path = chromium()
    if path is None:
        reason = (
            "no Chromium here: install Debian's chromium-headless-shell, or set KINDINBEELD_CHROMIUM to the path of one"
        )
        if os.environ.get("CI") or os.environ.get("KINDINBEELD_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=60_000)  # a busy machine is slow, and that is no failure
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()
