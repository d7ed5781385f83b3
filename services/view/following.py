"""Following the ledger without end: every message once, in order, from a place on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from events import EVENTS_STREAM
from projections.live.message import Source
from services.ledger.connecting import Ledger
from services.ledger.consumer import Reader

if TYPE_CHECKING:
    from nats.aio.msg import Msg

_log = structlog.get_logger(__name__)

_RETRY: Final = 0.25


class Batch(NamedTuple):
    """Messages in the order of the ledger, and how many more the ledger held behind the last of them."""

    sources: list[Source]
    behind: int


def _source(sequence: int, stamped: int, message: Msg) -> Source:
    return Source(sequence, stamped, message.subject.split(".")[2], message.data)


async def follow(
    ledger: Ledger, after: int, subjects: Sequence[str] = (), *, together: int = 1
) -> AsyncIterator[Batch]:
    """Give the messages behind the sequence ``after``, as they come, without end.

    ``subjects``: only those of these. ``together``: so many at once, while the ledger holds more.

    The place is the caller's own: nothing is acknowledged. Where something may have been missed (a server that
    restarts, a number left out), the reading begins anew behind the last message that was handed on.
    """
    while True:
        reader = Reader(
            ledger.nc, EVENTS_STREAM, after + 1, _source, endless=True, subjects=subjects, together=together
        )
        try:
            while arrived := await reader.next():
                after = arrived[-1][0]
                yield Batch([source for _, source in arrived], reader.behind)
        finally:
            await reader.close()
        _log.info("reading the ledger begins anew", after=after)
        await asyncio.sleep(_RETRY)
