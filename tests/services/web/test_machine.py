"""What the pages stand on, looked at beside: on one server, with fewer rights, and while it is away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from nats.aio.client import Client

from deploy.nats_server import NatsServer
from deploy.permissions import SERVERS
from deploy.streams import make_streams
from events import EVENTS_STREAM, REJECTED_STREAM
from services.ledger import connect
from services.system import SystemRecord
from services.web import machine
from services.web.machine import Machine


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.kill()


@asynccontextmanager
async def looking(server: NatsServer, user: str, place: Path) -> AsyncIterator[Machine]:
    """Look at a ledger with the rights of a user."""
    async with await connect(server.address, name="test") as opened:
        await make_streams(opened.nc)
    async with await connect(server.parts[user], name="test") as opened:
        clients: list[Client | None] = [opened.nc]
        looked = Machine(place, SystemRecord(server.parts[user]), lambda: clients[0])
        task = asyncio.create_task(looked.run())
        try:
            yield looked
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def until(told: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not told():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_LOOK", 0.1)


async def test_one_server_has_no_copies_and_what_is_away_is_left_out(server: NatsServer, tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.mkdir()
    async with looking(server, "page", place) as looked:
        for stream in (EVENTS_STREAM, REJECTED_STREAM):
            await until(lambda stream=stream: f'kib_ledger_bytes{{stream="{stream}"}} ' in looked.text())  # type: ignore[misc]
        await until(lambda: "kib_data_disk_free_bytes " in looked.text())
        for other in ("copy", "store", "certificate"):
            assert f"kib_ledger_{other}" not in looked.text()
        server.stop()
        place.rmdir()
        await until(lambda: looked.text() == "")
        place.mkdir()
        server.start()
        await until(lambda: "kib_ledger_bytes" in looked.text() and "kib_data_disk_bytes" in looked.text())


async def test_what_is_not_permitted_is_asked_seldom(server: NatsServer, tmp_path: Path) -> None:
    """As of a cluster whose configuration was written before: its servers log each refusal."""
    async with looking(server, "archive", tmp_path) as looked:
        await until(lambda: "kib_ledger_bytes" in looked.text())
        log = server.directory / "server.log"
        await asyncio.sleep(6)  # two answers that do not come take four seconds, every look after that a tenth of one
        refused = [line for line in log.read_text().splitlines() if "Violation" in line]
        assert {subject for line in refused for subject in (REJECTED_STREAM, SERVERS) if subject in line} == {
            REJECTED_STREAM,
            SERVERS,
        }
        assert len(refused) == 2
        assert REJECTED_STREAM not in looked.text()
