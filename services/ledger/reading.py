"""Reading the ledger from one end to the other: all of it, in order, each message once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import structlog

from events.subjects import EVENTS_STREAM, FIELD_HEADER, REJECTED_STREAM, RULE_HEADER
from services.ledger.asking import last_sequence
from services.ledger.consumer import Reader
from services.ledger.refusals import refusal_id
from services.system.errors import SystemUnavailable

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg

_log = structlog.get_logger(__name__)

__all__ = ["LINE_HEADER", "Entry", "RejectedMessage", "last_sequence", "read_ledger", "read_rejected", "read_resolved"]

Entry = tuple[int, int, str, bytes]
"""A message of the ledger: its sequence, the ledger's own time of it (microseconds), its subject, its bytes."""

_AGAIN_SECONDS = 0.25
_ATTEMPTS = 12
_REFUSED = "kib.rejected.*"
_RESOLVED = "kib.rejected.*.resolved"


LINE_HEADER = "Kib-Line"
"""Header of a line rejected by an import: its number in the file."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class RejectedMessage:
    """What was rejected, and why. `at`: when it was kept, in microseconds; `line`: of an import, its number there."""

    sequence: int
    at: int
    desk: str
    line: int | None
    field: str
    rule: str
    content: bytes

    @property
    def id(self) -> UUID:
        """The id of this refusal."""
        return refusal_id(self.field, self.rule, self.content)


def _entry(sequence: int, stamped: int, message: Msg) -> Entry:
    return sequence, stamped, message.subject, message.data


def _rejected(sequence: int, stamped: int, message: Msg) -> RejectedMessage:
    headers = message.headers or {}
    line = headers.get(LINE_HEADER, "")
    return RejectedMessage(
        sequence,
        stamped,
        message.subject.rpartition(".")[2],
        int(line) if line.isdigit() else None,
        headers.get(FIELD_HEADER, ""),
        headers.get(RULE_HEADER, ""),
        message.data,
    )


def _resolved(sequence: int, stamped: int, message: Msg) -> tuple[str, UUID] | None:
    try:
        return message.subject.split(".")[2], UUID(message.data.decode())
    except ValueError:
        return None


async def read_ledger(
    nc: Client, upto: int | None = None, start: int = 1, *, stream: str = EVENTS_STREAM
) -> AsyncIterator[list[Entry]]:
    """Give the messages with sequences from `start` to `upto`, both inclusive, in batches, in order, each once.

    Without `upto`: to the newest message at the moment of the call. Messages deleted from the ledger are passed over
    in silence. A server that restarts in the middle is waited for. Raises SystemUnavailable when the stream is absent
    or the ledger does not answer.
    """
    async for batch in _read(nc, stream, upto, start, _entry):
        yield [entry for _, entry in batch]


async def read_rejected(nc: Client, upto: int | None = None, start: int = 1) -> AsyncIterator[list[RejectedMessage]]:
    """Give what was rejected, in the order in which it was kept; otherwise as `read_ledger`."""
    async for batch in _read(nc, REJECTED_STREAM, upto, start, _rejected, _REFUSED):
        yield [message for _, message in batch]


async def read_resolved(nc: Client) -> set[tuple[str, UUID]]:
    """Give the desk and id of all refusals that were made good (`RejectedMessage.id`). Raises as `read_ledger`.

    Only the desk that refused can say so: the broker lets no other one publish on its subject.
    """
    found: set[tuple[str, UUID]] = set()
    async for batch in _read(nc, REJECTED_STREAM, None, 1, _resolved, _RESOLVED):
        found.update(each for _, each in batch if each is not None)
    return found


async def _read(
    nc: Client,
    stream: str,
    upto: int | None,
    start: int,
    make: Callable[[int, int, Msg], Item],
    subject: str | None = None,
) -> AsyncIterator[list[tuple[int, Item]]]:
    last = await last_sequence(nc, stream)
    last = last if upto is None else min(last, upto)
    position = start - 1
    failed = 0
    while position < last:
        reader = Reader(nc, stream, position + 1, make, subject=subject)
        try:
            while position < last and (batch := await reader.next()):
                position = batch[-1][0]
                failed = 0
                if position > last:
                    batch = [item for item in batch if item[0] <= last]
                if batch:
                    yield batch
        finally:
            await reader.close()
        if position >= last or reader.exhausted:
            return
        failed += 1
        if failed > _ATTEMPTS:
            raise SystemUnavailable("the ledger does not answer")
        _log.warning("reading the ledger stopped; starting again", position=position)
        await asyncio.sleep(_AGAIN_SECONDS)
