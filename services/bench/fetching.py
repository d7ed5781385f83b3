"""Baseline: the plainest way to read a ledger, nats-py's own `fetch` in a loop that does nothing but count."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Final

from events import EVENTS_STREAM
from services.bench.context import Bench, Filled
from services.bench.figures import RATE, Figure
from services.ledger import connect
from services.system import find_system

BATCH: Final = 1000
_MOST: Final = 200_000


def fetch(bench: Bench) -> Iterator[Figure]:
    """Count the events of the ledger, or the first 200,000 of them (50,000 when quick)."""
    most = 50_000 if bench.asked.quick else _MOST
    number = min(bench.filled.events, most)
    bench.say(f"fetching {number:,} events")
    seconds = asyncio.run(_count(bench.filled, number))
    note = f"nats-py {BATCH} at a time, without acknowledgements; nothing is read of a message"
    yield Figure("fetch", f"bare fetch loop, {number:,} events counted", RATE, number / seconds, note=note)


async def _count(filled: Filled, number: int) -> float:
    from nats.js.api import AckPolicy, ConsumerConfig

    async with await connect(find_system(filled.data_dir).nats, name="benchmark") as ledger:
        subscription = await ledger.nc.jetstream().pull_subscribe(
            "", stream=EVENTS_STREAM, config=ConsumerConfig(ack_policy=AckPolicy.NONE, inactive_threshold=60)
        )
        begun = time.perf_counter()
        counted = 0
        while counted < number:
            counted += len(await subscription.fetch(min(BATCH, number - counted), timeout=10))
        seconds = time.perf_counter() - begun
        await subscription.unsubscribe()
    return seconds
