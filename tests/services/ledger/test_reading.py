"""Reading the ledger: all of it, in order, each message once, whatever was deleted or restarted."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise

import pytest

from deploy.streams import make_streams
from events import EVENTS_STREAM
from services.ledger import Publisher, connect, read_ledger
from services.ledger.asking import next_sequence
from services.system import SystemUnavailable
from tests.support.systems import RunningLedger

SUBJECT = "kib.events.school.contact-lost"


async def fill(running: RunningLedger, count: int) -> None:
    async with running.connected() as ledger, Publisher[int](ledger) as publisher:
        for number in range(count):
            await publisher.publish(SUBJECT, b"%d" % number, number)
        await publisher.drain()


async def test_gives_every_message_in_order_once(ledger: RunningLedger) -> None:
    await fill(ledger, 20_000)
    entries = await ledger.stored()
    assert [entry[0] for entry in entries] == list(range(1, 20_001))
    assert [int(entry[3]) for entry in entries] == list(range(20_000))
    assert {entry[2] for entry in entries} == {SUBJECT}
    assert all(before[1] <= after[1] for before, after in pairwise(entries))


async def test_an_empty_ledger_gives_nothing(ledger: RunningLedger) -> None:
    assert await ledger.stored() == []


async def test_time_is_the_streams_own_in_microseconds(ledger: RunningLedger) -> None:
    before = ledger.clock.now()
    await fill(ledger, 1)
    [(_, stamped, _, _)] = await ledger.stored()
    assert before - 1000 <= stamped <= ledger.clock.now() + 1000


async def test_stops_where_it_is_told(ledger: RunningLedger) -> None:
    await fill(ledger, 100)
    async with ledger.connected() as connected:
        got = [entry[0] async for batch in read_ledger(connected.nc, 60, 11) for entry in batch]
        assert got == list(range(11, 61))
        assert [batch async for batch in read_ledger(connected.nc, start=101)] == []


async def test_stops_at_the_last_sequence_when_it_began(ledger: RunningLedger) -> None:
    await fill(ledger, 50)
    got: list[int] = []
    async with ledger.connected() as connected:
        async for batch in read_ledger(connected.nc):
            if not got:
                await fill(ledger, 10)
            got += [entry[0] for entry in batch]
    assert got == list(range(1, 51))


async def test_tells_which_message_is_the_next_on_some_subjects(ledger: RunningLedger) -> None:
    parts = [f"kib.events.import.pupil.{part}" for part in (0, 1, 1, 2, 0)]
    async with ledger.connected() as connected, Publisher[int](connected) as publisher:
        for number, subject in enumerate(parts):
            await publisher.publish(subject, b"{}", number)
        await publisher.drain()
        for subjects, start, expected in [
            (["kib.events.*.*.1"], 1, 2),
            (["kib.events.*.*.1"], 3, 3),
            (["kib.events.*.*.1"], 4, None),
            (["kib.events.*.*.1", "kib.events.*.*.0"], 4, 5),
            (["kib.events.*", "kib.events.*.*"], 1, None),
            (["kib.events.>"], 6, None),
            ([], 1, None),
        ]:
            assert await next_sequence(connected.nc, start, subjects) == expected


@pytest.mark.parametrize("deleted", [[1], [5, 6], [10], [1, 10], list(range(1, 11)), list(range(4, 11))])
async def test_deleted_messages_are_passed_over(ledger: RunningLedger, deleted: list[int]) -> None:
    await fill(ledger, 10)
    async with ledger.connected() as connected:
        for sequence in deleted:
            await connected.nc.jetstream().delete_msg(EVENTS_STREAM, sequence)
        async with asyncio.timeout(60):
            got = [entry[0] async for batch in read_ledger(connected.nc) for entry in batch]
    assert got == [sequence for sequence in range(1, 11) if sequence not in deleted]


async def test_a_server_killed_in_the_middle_is_waited_for(ledger: RunningLedger) -> None:
    await fill(ledger, 30_000)
    got: list[int] = []
    async with ledger.connected() as connected:
        async for batch in read_ledger(connected.nc):
            if not got:
                ledger.server.kill()
                ledger.server.start()
            got += [entry[0] for entry in batch]
    assert got == list(range(1, 30_001))


async def test_no_stream_is_one_clear_line(ledger: RunningLedger) -> None:
    async with ledger.connected() as connected:
        await connected.nc.jetstream().delete_stream(EVENTS_STREAM)
        with pytest.raises(SystemUnavailable, match="no stream KIB_EVENTS"):
            await anext(read_ledger(connected.nc))
        assert await make_streams(connected.nc) == (EVENTS_STREAM,)
        assert await make_streams(connected.nc) == ()


async def test_no_server_is_one_clear_line(ledger: RunningLedger) -> None:
    address = ledger.server.address
    ledger.server.kill()
    with pytest.raises(SystemUnavailable, match=r"cannot be reached: nothing answers there") as raised:
        await connect(address)
    assert raised.value.exit_status == 3
    assert address.password
    assert address.password not in json.dumps([str(raised.value), repr(address)])
