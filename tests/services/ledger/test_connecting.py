"""Connecting: clear words at once for a command, patience for what runs long, a refusal that is not swallowed."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from deploy.nats_address import NatsAddress
from deploy.nats_config import read_port_left
from deploy.nats_server import find_binary
from services.ledger import LedgerRefused, Publisher, connect
from services.ledger.broker import make_broker
from services.system import SystemUnavailable
from tests.support.systems import RunningLedger


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - the client tells no one
        await asyncio.sleep(0.01)


async def test_a_wrong_password_is_one_clear_line(ledger: RunningLedger) -> None:
    address = ledger.server.address
    with pytest.raises(SystemUnavailable, match="the user or the password is not accepted"):
        await connect(NatsAddress(address.url, address.user, "wrong"))


async def test_what_runs_long_waits_for_the_ledger(ledger: RunningLedger) -> None:
    address = ledger.server.address
    ledger.server.kill()
    waiting = asyncio.create_task(connect(address, patient=True))
    await asyncio.sleep(0.6)
    assert not waiting.done()
    ledger.server.start()
    async with await asyncio.wait_for(waiting, 60) as connected:
        assert connected.nc.is_connected


async def test_a_connection_comes_back_by_itself(ledger: RunningLedger) -> None:
    async with ledger.connected() as connected:
        for lost in (1, 2):
            ledger.server.kill()
            ledger.server.start()
            async with asyncio.timeout(60):
                await until(lambda: connected.lost >= lost and connected.nc.is_connected)  # noqa: B023 - at once
            await connected.nc.flush()


async def test_closing_while_the_server_is_away_ends(ledger: RunningLedger) -> None:
    connected = await connect(ledger.server.address)
    await connected.nc.publish("kib.events.import.contact-lost", b"{}")
    ledger.server.kill()
    async with asyncio.timeout(60):
        await until(lambda: not connected.nc.is_connected)
        await connected.nc.publish("kib.events.import.contact-lost", b"{}")
        await connected.close()
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.wait(others, timeout=0.1)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[NatsAddress]:
    """A server whose user may do everything but publish contact-restored."""
    permissions = {"publish": {"allow": [">"], "deny": ["kib.events.*.contact-restored"]}, "subscribe": ">"}
    config = {
        "listen": "127.0.0.1:-1",
        "ports_file_dir": str(tmp_path),
        "jetstream": {"store_dir": str(tmp_path / "store")},
        "authorization": {"users": [{"user": "desk", "password": "word", "permissions": permissions}]},
    }
    (tmp_path / "nats.conf").write_text(json.dumps(config))
    command = [str(find_binary()), "--config", str(tmp_path / "nats.conf")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        while (port := read_port_left(tmp_path, server.pid)) is None:
            assert server.poll() is None
        yield NatsAddress(f"nats://127.0.0.1:{port}", "desk", "word")
        server.kill()


async def test_what_is_not_permitted_is_said_and_not_a_timeout(guarded: NatsAddress) -> None:
    from deploy.streams import make_streams

    async with await connect(guarded) as connected:
        await make_streams(connected.nc)
        async with Publisher[int](connected) as publisher, asyncio.timeout(60):
            await publisher.publish("kib.events.school.contact-lost", b"{}", 1)
            await publisher.drain()
            await publisher.publish("kib.events.school.contact-restored", b"{}", 2)
            with pytest.raises(LedgerRefused, match=r"(?i)permissions violation for publish to .*contact-restored"):
                await publisher.drain()
        assert connected.refusal is not None


def test_a_broker_stops_in_order_while_the_server_is_away(ledger: RunningLedger) -> None:
    """With bytes left to send, on the loop of the ASGI server: it says RuntimeError where asyncio says nothing."""

    async def stopped() -> None:
        broker = make_broker(ledger.server.address, "test")
        await broker.start()
        client = broker.client
        assert client is not None
        ledger.server.kill()
        async with asyncio.timeout(60):
            await until(lambda: client.is_reconnecting)
            await client.publish("kib.events.import.contact-lost", b"{}")
            await broker.stop()
        assert client.is_closed

    uvloop.run(stopped())
