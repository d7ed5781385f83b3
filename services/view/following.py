"""Following the ledger without end: every message once, in order, from a place on.

A pull consumer without acknowledgements (the place is the view's own position) under requests
that are renewed before they run out. The server numbers what it delivers; a number that is not
the next one, a heartbeat that stays away or a new connection means that something may have been
missed, and the reading begins anew behind the last message that was handed on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from events import EVENTS_STREAM
from projections.live.message import Source
from services.ledger.connecting import Ledger

_log = structlog.get_logger(__name__)

_BATCH: Final = 4096
_HEARTBEAT: Final = 1.0
_EXPIRES: Final = 30.0
_NANOSECONDS: Final = 1_000_000_000
_RETRY: Final = 0.25


class Batch(NamedTuple):
    """Messages in the order of the ledger, and how many more the ledger held behind the last of them."""

    sources: list[Source]
    behind: int


class _MissedError(Exception):
    """Something may have been missed."""


class _Reading:
    """One consumer, until something may have been missed."""

    def __init__(self, ledger: Ledger, after: int) -> None:
        self._ledger, self._after = ledger, after
        self._lost = ledger.lost
        self._delivered = 0
        self._wanted = 0
        self._sources: list[Source] = []
        self._behind = 0
        self._arrived = asyncio.Event()
        self._broken = False
        self._alive = True

    async def _receive(self, msg: Msg) -> None:
        self._alive = True
        if not msg.reply.startswith("$JS.ACK."):
            status = (msg.headers or {}).get("Status", "")
            if status == "408" or (msg.headers or {}).get("Nats-Pending-Messages"):
                self._wanted = 0  # the request ran out: it is renewed below
            elif status not in ("100", ""):
                self._broken = True
            self._arrived.set()
            return
        tokens = msg.reply.split(".")
        sequence, delivered, stamp, behind = tokens[-4:] if len(tokens) == 9 else tokens[-5:-1]
        if int(delivered) != self._delivered + 1:
            self._broken = True
        elif not self._broken:
            self._delivered += 1
            self._wanted -= 1
            self._behind = int(behind)
            desk = msg.subject.split(".")[2]
            self._sources.append(Source(int(sequence), int(stamp) // 1000, desk, msg.data))
        self._arrived.set()

    async def batches(self) -> AsyncIterator[Batch]:
        nc = self._ledger.nc
        info = await nc.jetstream().add_consumer(
            EVENTS_STREAM,
            ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self._after + 1,
                ack_policy=AckPolicy.NONE,
                inactive_threshold=5 * _EXPIRES,
                mem_storage=True,
                num_replicas=1,
            ),
        )
        ask = f"$JS.API.CONSUMER.MSG.NEXT.{EVENTS_STREAM}.{info.name}"
        inbox = nc.new_inbox()
        subscription = await nc.subscribe(inbox, cb=self._receive, pending_msgs_limit=-1, pending_bytes_limit=-1)
        try:
            while True:
                if self._wanted < _BATCH // 2:
                    more = _BATCH - max(self._wanted, 0)
                    await nc.publish(ask, _request(more), reply=inbox)
                    self._wanted = max(self._wanted, 0) + more
                await self._wait()
                if self._sources:
                    sources, self._sources = self._sources, []
                    yield Batch(sources, self._behind)
                if self._broken or self._ledger.lost != self._lost:
                    raise _MissedError
        finally:
            if nc.is_connected:
                await subscription.unsubscribe()

    async def _wait(self) -> None:
        """Wait for something to arrive; a request that is alive gives a heartbeat."""
        self._alive = False
        try:
            await asyncio.wait_for(self._arrived.wait(), 3 * _HEARTBEAT)
        except TimeoutError:
            if not self._alive:
                raise _MissedError from None
        self._arrived.clear()


def _request(batch: int) -> bytes:
    asked = {
        "batch": batch,
        "expires": int(_EXPIRES * _NANOSECONDS),
        "idle_heartbeat": int(_HEARTBEAT * _NANOSECONDS),
    }
    return json.dumps(asked).encode()


async def follow(ledger: Ledger, after: int) -> AsyncIterator[Batch]:
    """Give the messages behind the sequence ``after``, as they come, without end.

    A server that restarts is waited for.
    """
    while True:
        try:
            async for batch in _Reading(ledger, after).batches():
                after = batch.sources[-1].position
                yield batch
        except (_MissedError, NatsError, TimeoutError) as why:
            _log.info("reading the ledger begins anew", after=after, why=type(why).__name__)
            await asyncio.sleep(_RETRY)
