"""Publishing many: all of it arrives, once, also when the server is killed in the middle."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable

import pytest

from events import EVENTS_STREAM
from services.ledger import LedgerRefused, Publisher
from services.ledger.flight import Message
from services.system import SystemUnavailable
from tests.support.lines import line
from tests.support.systems import RunningLedger

SUBJECT = "kib.events.school.contact-lost"


async def test_items_come_back_with_their_sequences(ledger: RunningLedger) -> None:
    async with ledger.connected() as connected, Publisher[int](connected, window=64) as publisher:
        for number in range(1000):
            await publisher.publish(SUBJECT, b"%d" % number, number)
            assert publisher.in_flight <= 64
        await publisher.drain()
        taken = dict(publisher.taken())
        assert publisher.taken() == []
    assert {sequence: int(raw) for sequence, _, _, raw in await ledger.stored()} == taken
    assert len(taken) == 1000


@pytest.mark.parametrize("seed", range(3))
async def test_a_server_killed_in_the_middle_loses_nothing(ledger: RunningLedger, seed: int) -> None:
    moments = random.Random(seed)
    sent = [b"%d" % (number % 9_000) for number in range(10_000)]  # some messages are alike, and are kept apart
    done = asyncio.Event()

    async def trouble() -> None:
        for _ in range(2):
            await asyncio.sleep(moments.uniform(0.01, 0.15))
            ledger.server.kill()
            await asyncio.sleep(moments.uniform(0, 0.1))
            await asyncio.to_thread(ledger.server.start)
        done.set()

    async with ledger.connected() as connected, Publisher[int](connected) as publisher:
        troubling = asyncio.create_task(trouble())
        for number, raw in enumerate(sent):
            await publisher.publish(SUBJECT, raw, number)
            if number % 50 == 0:
                await asyncio.sleep(0.001)
        await troubling
        await publisher.drain()
        taken = publisher.taken()
    stored = await ledger.stored()
    assert sorted(raw for _, _, _, raw in stored) == sorted(sent)
    assert sorted(item for _, item in taken) == list(range(10_000))
    at = {sequence: raw for sequence, _, _, raw in stored}
    assert all(at[sequence] == sent[item] for sequence, item in taken)


def many(numbers: Iterable[int]) -> list[Message[int]]:
    return [Message(SUBJECT, b"%d" % number, None, number) for number in numbers]


@pytest.mark.parametrize("batched", [True, False])
async def test_many_at_once(ledger: RunningLedger, batched: bool) -> None:
    async with ledger.connected() as connected:
        if not batched:  # a ledger of an organisation with an older server, or made without
            js = connected.nc.jetstream()
            await js.update_stream((await js.stream_info(EVENTS_STREAM)).config.evolve(allow_batched=None))
        async with Publisher[int](connected) as publisher:
            for first in range(0, 30_000, 10_000):
                await publisher.publish_all(many(range(first, first + 10_000)))
            await publisher.publish_all(many([30_000]))
            await publisher.publish_all([])
            taken = publisher.taken()
    stored = await ledger.stored()
    assert [int(raw) for _, _, _, raw in stored] == list(range(30_001))
    assert sorted(taken) == [(number + 1, number) for number in range(30_001)]


async def test_many_at_once_between_those_of_others(ledger: RunningLedger) -> None:
    async with ledger.connected() as connected, Publisher[int](connected) as publisher:
        await ledger.store(line(1))
        await publisher.publish_all(many(range(1000)))
        taken = publisher.taken()
    assert {sequence for sequence, _ in taken} == {1001}
    assert [item for _, item in taken] == list(range(1000))


@pytest.mark.parametrize("seed", range(3))
async def test_many_at_once_with_the_server_killed_in_the_middle(ledger: RunningLedger, seed: int) -> None:
    moments = random.Random(seed)
    counts = [20_000, 50, 20_000]

    async def trouble() -> None:
        for _ in range(2):
            await asyncio.sleep(moments.uniform(0.01, 0.1))
            ledger.server.kill()
            await asyncio.sleep(moments.uniform(0, 0.1))
            await asyncio.to_thread(ledger.server.start)

    async with ledger.connected() as connected, Publisher[int](connected) as publisher:
        troubling = asyncio.create_task(trouble())
        for count in counts:
            await publisher.publish_all(many(range(count)))
        await troubling
        taken = publisher.taken()
    expected = sorted(b"%d" % number for count in counts for number in range(count))
    assert sorted(raw for _, _, _, raw in await ledger.stored()) == expected
    assert sorted(b"%d" % item for _, item in taken) == expected


async def test_headers_are_stored(ledger: RunningLedger) -> None:
    async with ledger.connected() as connected, Publisher[None](connected) as publisher:
        await publisher.publish(SUBJECT, b"{}", None, {"Kib-Field": "line"})
        await publisher.drain()
        message = await connected.nc.jetstream().get_msg(EVENTS_STREAM, 1)
    assert message.headers == {"Kib-Field": "line"}


async def test_what_the_ledger_refuses_is_said(ledger: RunningLedger) -> None:
    async with ledger.connected() as connected:
        js = connected.nc.jetstream()
        config = (await js.stream_info(EVENTS_STREAM)).config
        await js.update_stream(config.evolve(max_msgs=1))
        async with Publisher[int](connected) as publisher:
            for number in range(2):
                await publisher.publish(SUBJECT, b"{}", number)
            with pytest.raises(LedgerRefused, match="the ledger refused an event: maximum messages exceeded"):
                await publisher.drain()
        async with Publisher[int](connected) as publisher:
            with pytest.raises(LedgerRefused, match="the ledger refused an event: maximum messages exceeded"):
                await publisher.publish_all(many(range(1000)))


async def test_a_message_too_large_is_said(ledger: RunningLedger) -> None:
    async with ledger.connected() as connected, Publisher[int](connected) as publisher:
        with pytest.raises(LedgerRefused, match="larger than the ledger takes"):
            await publisher.publish(SUBJECT, b"x" * (8 * 1024 * 1024 + 1), 0)
        await publisher.drain()


async def test_patience_ends(ledger: RunningLedger) -> None:
    async with ledger.connected() as connected, Publisher[int](connected, patience=0.5) as publisher:
        ledger.server.kill()
        await publisher.publish(SUBJECT, b"{}", 0)
        with pytest.raises(SystemUnavailable, match=r"took nothing in for [01] seconds"):
            await publisher.drain()
