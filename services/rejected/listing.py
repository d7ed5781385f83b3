"""What was rejected: what lies beside the ledger, and what lies in it and is not counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from events import EVENTS_STREAM
from services.ledger.connecting import Ledger
from services.ledger.reading import RejectedMessage, read_rejected, read_resolved
from services.system import DataDir, view_of

__all__ = ["IN_LEDGER", "Listed", "Wanted", "list_rejected"]

IN_LEDGER: Final = "(ledger)"
"""In the place of a desk: it lies in the ledger at this sequence, and the live view set it aside."""


@dataclass(frozen=True)
class Wanted:
    """What is asked for: of this desk, with this field, this rule; None: any. `resolved`: what was made good, too."""

    desk: str | None = None
    field: str | None = None
    rule: str | None = None
    resolved: bool = False

    def fits(self, message: RejectedMessage) -> bool:
        """Whether a message is of the desk, the field and the rule."""
        return (
            self.desk in (None, message.desk)
            and self.field in (None, message.field)
            and self.rule in (None, message.rule)
        )


@dataclass(frozen=True)
class Listed:
    """One that was rejected. `resolved`: it, or its correction, was accepted later."""

    message: RejectedMessage
    resolved: bool


async def list_rejected(
    ledger: Ledger, wanted: Wanted, place: DataDir | None = None, *, content: bool = False
) -> AsyncIterator[Listed]:
    """Give what is wanted, in the order kept; then, with `place`, what the live view there set aside.

    `content`: of the latter the text too, which lies elsewhere. Raises SystemUnavailable when the ledger does not
    answer.
    """
    good = await read_resolved(ledger.nc)
    async for batch in read_rejected(ledger.nc):
        for message in batch:
            if wanted.fits(message):
                resolved = bool(good) and (message.desk, message.id) in good
                if wanted.resolved or not resolved:
                    yield Listed(message, resolved)
    if place is not None:
        async for message in _set_aside(ledger, place, content):
            if wanted.fits(message):
                yield Listed(message, False)


async def _set_aside(ledger: Ledger, place: DataDir, content: bool) -> AsyncIterator[RejectedMessage]:
    """Give what lies in the ledger and is not counted, as the live view found it."""
    from projections.live.database import UNREADABLE
    from projections.live.reading import LiveReader

    try:
        reader = LiveReader(view_of(place))
    except UNREADABLE:
        return  # there is no view yet
    try:
        aside = reader.set_aside()
    finally:
        reader.close()
    for each in aside:
        raw = b""
        if content:
            raw = (await ledger.nc.jetstream().get_msg(EVENTS_STREAM, each.position)).data or b""
        yield RejectedMessage(each.position, each.recorded, IN_LEDGER, None, each.field, each.rule, raw)
