"""After trouble: which of the messages in flight a stream has."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from services.ledger.flight import Flight
from services.ledger.reading import read_ledger

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["look_up"]

Item = TypeVar("Item")


async def look_up(nc: Client, stream: str, flight: Flight[Item]) -> list[int]:
    """Acknowledge the messages in flight that the stream has; return the tokens of the others.

    Raises SystemUnavailable when the stream cannot be read.
    """
    contents = flight.contents()
    stored: list[tuple[int, str, bytes]] = []
    upto = 0
    async for batch in read_ledger(nc, start=flight.floor + 1, stream=stream):
        stored += [(sequence, subject, raw) for sequence, _, subject, raw in batch if (subject, raw) in contents]
        upto = batch[-1][0]
    return flight.settle(stored, upto)
