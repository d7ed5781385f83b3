"""Publishing many events: thousands in flight, each sent until the ledger has it, over restarts of its server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

from events.subjects import EVENTS_STREAM
from services.ledger.answers import LedgerRefused, refusal, stored_at
from services.ledger.asking import stream_info
from services.ledger.connecting import Ledger
from services.ledger.fast import LEAST, SINCE, publish_fast
from services.ledger.flight import Flight, Message
from services.ledger.recovering import look_up
from services.system.errors import SystemUnavailable

if TYPE_CHECKING:
    from nats.aio.msg import Msg

__all__ = ["LedgerRefused", "Publisher"]

_log = structlog.get_logger(__name__)

WINDOW = 8192
"""Messages in flight at once."""
WINDOW_BYTES = 32 * 1024 * 1024
"""Bytes in flight at once."""
_LOOK_SECONDS = 0.5
_RESEND_SECONDS = 5.0
_QUIET_SECONDS = 0.3

Item = TypeVar("Item")


class Publisher(Generic[Item]):
    """Publishes to one stream, in order, without waiting for each acknowledgement.

    Every message carries an `item` of the caller's; `taken` gives the items that the ledger has acknowledged, each
    with its sequence. After a lost connection the publisher looks in the stream which of the messages in flight it
    has, and sends the others again: nothing is lost, and only a message still on its way in the old connection could
    come twice, which by the definition of the count changes nothing.

    `patience`: seconds without any acknowledgement after which `publish` and `drain` raise; None: they wait for ever.
    Use it as an async context manager, one task at a time.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        stream: str = EVENTS_STREAM,
        window: int = WINDOW,
        patience: float | None = None,
    ) -> None:
        self._ledger = ledger
        self._stream = stream
        self._window = window
        self._patience = patience
        self._flight: Flight[Item] = Flight(0)
        self._fast = False
        self._room = asyncio.Event()
        self._problem: str | None = None
        self._progress = 0.0
        self._resent = 0.0
        self._lost = 0
        self._inbox = ""
        self._skip = 0

    async def __aenter__(self) -> Publisher[Item]:
        info = await stream_info(self._ledger.nc, self._stream)
        version = self._ledger.nc.connected_server_version
        self._fast = bool(info.config.allow_batched) and (version.major, version.minor) >= SINCE
        self._flight = Flight(info.state.last_seq)
        self._inbox = self._ledger.nc.new_inbox()
        self._skip = len(self._inbox) + 1
        self._lost = self._ledger.lost
        self._ledger.refusal = None
        self._subscription = await self._ledger.nc.subscribe(f"{self._inbox}.*", cb=self._on_answer)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        import nats.errors

        try:
            await self._subscription.unsubscribe()
        except (nats.errors.Error, OSError):
            _log.debug("the publisher's inbox could not be given up")

    @property
    def in_flight(self) -> int:
        """How many messages are sent and not acknowledged."""
        return len(self._flight)

    def taken(self) -> list[tuple[int, Item]]:
        """Return what was acknowledged since the last call: sequence and item, in no particular order.

        Where others published between the messages of `publish_all`, all of these have the sequence of the last.
        """
        taken, self._flight.taken = self._flight.taken, []
        return taken

    async def publish(self, subject: str, raw: bytes, item: Item, headers: dict[str, str] | None = None) -> None:
        """Send a message; returns as soon as there is room in flight.

        Raises LedgerRefused when the ledger refused a message, and SystemUnavailable when patience is over.
        """
        flight = self._flight
        if len(flight) >= self._window or flight.bytes >= WINDOW_BYTES:
            # Not for each single place: waking up costs more than sending.
            await self._wait(self._window // 2, WINDOW_BYTES // 2)
        if not flight:
            self._progress = self._resent = time.monotonic()
            self._lost = self._ledger.lost
        elif self._ledger.lost != self._lost:
            await self._look()
        await self._send(flight.send(Message(subject, raw, headers, item)))

    async def publish_all(self, messages: Sequence[Message[Item]]) -> None:
        """Send messages and wait until all of them are acknowledged: faster than one by one. Raises as `publish`."""
        await self.drain()
        flight = self._flight
        if self._fast and len(messages) >= LEAST and not any(message.headers for message in messages):
            last = await publish_fast(self._ledger, [(message.subject, message.raw) for message in messages])
            if last is not None:
                flight.stored_together(messages, last)
                return
            for message in messages:
                flight.send(message)
            self._progress = self._resent = time.monotonic()
            if self._ledger.nc.is_connected:
                await self._recover()
        else:
            for message in messages:
                await self.publish(message.subject, message.raw, message.item, message.headers)
        await self.drain()

    async def drain(self) -> None:
        """Wait until everything sent is acknowledged. Raises as `publish` does."""
        await self._wait(0, 0)

    async def _send(self, token: int) -> None:
        import nats.errors

        message = self._flight[token]
        try:
            await self._ledger.nc.publish(
                message.subject, message.raw, reply=f"{self._inbox}.{token}", headers=message.headers
            )
        except nats.errors.OutboundBufferLimitError:
            pass  # not connected and the buffer is full: it stays in flight and is sent again
        except nats.errors.MaxPayloadError:
            self._flight.give_up(token)
            raise LedgerRefused("a message is larger than the ledger takes") from None
        except nats.errors.ConnectionClosedError:
            raise SystemUnavailable("the connection to the ledger was closed") from None

    async def _on_answer(self, answer: Msg) -> None:
        sequence = stored_at(answer.data)
        if sequence is None:
            self._problem = refusal(answer.data) or self._problem
        elif self._flight.acknowledge(int(answer.subject[self._skip :]), sequence):
            self._progress = time.monotonic()
        self._room.set()

    async def _wait(self, most: int, most_bytes: int) -> None:
        """Wait until at most `most` messages and `most_bytes` bytes are in flight."""
        while len(self._flight) > most or self._flight.bytes > most_bytes:
            if self._problem is not None:
                raise LedgerRefused(self._problem)
            self._room.clear()
            try:
                await asyncio.wait_for(self._room.wait(), _LOOK_SECONDS)
            except TimeoutError:
                await self._look()
        if self._problem is not None:
            raise LedgerRefused(self._problem)

    async def _look(self) -> None:
        """Nothing came for a moment: see why, and send again what was lost."""
        if self._ledger.refusal is not None:
            raise LedgerRefused(f"the ledger refused: {self._ledger.refusal}")
        now = time.monotonic()
        if self._patience is not None and now - self._progress > self._patience:
            raise SystemUnavailable(f"the ledger took nothing in for {self._patience:.0f} seconds")
        if self._ledger.nc.is_closed:
            raise SystemUnavailable("the connection to the ledger was closed")
        if not self._ledger.nc.is_connected:
            return
        if self._ledger.lost != self._lost or now - max(self._progress, self._resent) > _RESEND_SECONDS:
            await self._recover()

    async def _recover(self) -> None:
        """Find in the stream what it has of the messages in flight, and send the others again."""
        lost = self._ledger.lost
        _log.info("sending again what the ledger did not acknowledge", messages=len(self._flight))
        before = -1
        while before != len(self._flight):  # the connection's own buffer may still be on its way
            before = len(self._flight)
            await asyncio.sleep(_QUIET_SECONDS)
        try:
            remaining = await look_up(self._ledger.nc, self._stream, self._flight)
        except SystemUnavailable:
            return  # not back yet
        self._lost = lost
        self._resent = time.monotonic()
        for token in remaining:
            if token in self._flight:
                await self._send(token)
