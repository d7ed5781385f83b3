from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from events import Pseudonyms, parse_instant
from services.desks.access import Access, AccessStore
from services.desks.app import make_desk
from services.desks.desk import Desk
from services.desks.pages import PageSettings, routes
from services.system import Settings
from tests.services.reminders.test_reminders import HISTORY
from tests.services.reminders.test_reminders import SOURCE as CRISIS
from tests.services.web.conftest import browser
from tests.support.systems import RunningLedger, running_ledger

__all__ = ["browser"]

NOW = parse_instant("2020-04-01T14:05:30+02:00")
CHAIN = Pseudonyms(bytes(range(32)))
SOURCE = "urn:nld:oin:00000001234567890000:systeem:meldpunt"
OTHER = "urn:nld:kvknr:12345678:systeem:elders"
BSN = "111222333"
ANOTHER_BSN = "123456782"


class Site:
    """The pages of a real desk on loopback, in a thread of their own."""

    def __init__(self, desk: Desk, app: ASGIApp) -> None:
        self.desk = desk
        self._ready = threading.Event()
        self._server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(60)

    async def _serve(self) -> None:
        serving = asyncio.create_task(self._server.serve())
        while not self._server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"
        self._ready.set()
        await serving

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive()

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=60)

    def held(self) -> list[dict[str, Any]]:
        """Give all that the desk has accepted, as it goes to the ledger."""
        facts, _ = self.desk.store.outgoing("kindinbeeld.desk:ReportAccepted", 0)
        return [json.loads(each.fact.raw) for each in facts]


MakeSite = Callable[..., Site]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[MakeSite]:
    """Give a function that serves the pages of a desk until the test ends."""
    running: list[Site] = []

    def make(name: str = "school", *, pseudonyms: Pseudonyms | None = CHAIN, access: Access | None = None) -> Site:
        desk = Desk(name, tmp_path / f"{name}.sqlite", lambda: NOW).start()
        running.append(Site(desk, Starlette(routes=routes(desk, access, PageSettings(pseudonyms, SOURCE)))))
        return running[-1]

    yield make
    for each in running:
        each.stop()
        each.desk.close()


@pytest.fixture
def keys(tmp_path: Path) -> AccessStore:
    return AccessStore(tmp_path / "access.sqlite")


def hidden(text: str) -> dict[str, str]:
    """Give the hidden fields of a page's form."""
    return dict(re.findall(r'type="hidden" name="([a-z]+)" value="([^"]*)"', text))


def send(client: httpx.Client, path: str, file: bytes | None = None, /, **fields: str) -> httpx.Response:
    """Open a form, fill it in and send it."""
    form = hidden(client.get(path).raise_for_status().text)
    files = None if file is None else {"file": ("lijst", file)}
    return client.post(path, data=form | fields, files=files)


def apart(do: Callable[[], object]) -> None:
    """Run something in a thread of its own: a browser's own event loop may be running in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(do).result()


@contextmanager
def viewing(ledger: RunningLedger) -> Iterator[subprocess.Popen[bytes]]:
    """The process of the live view, until the block ends."""
    process = subprocess.Popen([sys.executable, "-m", "services.view", str(ledger.data_dir.path)])
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(60)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    # By the machine's clock: what a desk sends is recorded by the ledger's own.
    with running_ledger(tmp_path / "system") as running:
        apart(lambda: asyncio.run(running.store(*HISTORY)))
        yield running


@pytest.fixture
def coordinator(ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The whole desk of the coordinator on that ledger."""
    monkeypatch.setenv("KINDINBEELD_DESK_SOURCE", CRISIS)
    app = make_desk("coordinator", ledger.data_dir, Settings())
    site = Site(app.desk, app)
    yield site
    site.stop()


def until(answer: Callable[[], httpx.Response], good: Callable[[httpx.Response], bool]) -> httpx.Response:
    """Ask again until the answer is good: the relay and the view take their moment."""
    deadline = time.monotonic() + 180
    while not good(found := answer()):
        assert time.monotonic() < deadline, found.text
        time.sleep(0.1)
    return found


def listed(client: httpx.Client, **asked: str) -> httpx.Response:
    """Ask for the list until the live view is there."""
    return until(lambda: client.get("/silent", params=asked), lambda answer: answer.status_code == 200)
