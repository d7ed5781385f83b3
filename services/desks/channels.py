"""What of a desk's log goes where: reports to the ledger; what was refused, or made good since, beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from events import (
    EVENTS_STREAM,
    FIELD_HEADER,
    REJECTED_STREAM,
    RULE_HEADER,
    event_subject,
    part_of_raw,
    rejected_subject,
    resolved_subject,
)
from services.desks.sending import Parcel
from services.desks.store import ACCEPTED, REFUSED, RESOLVED, Outgoing

__all__ = ["Channel", "channels_of"]


@dataclass
class Channel:
    """One kind of facts on their way to one stream: the reports, what was refused, or which of that was made good."""

    topic: str
    stream: str
    subjects: str
    make: Callable[[Outgoing], Parcel]
    wake: asyncio.Event


def channels_of(desk: str, parted: Callable[[], bool]) -> list[Channel]:
    """Give the channels of a desk: the reports, what was refused, what of that was made good.

    `parted` tells whether several workers keep the live view: then a report's subject names its part.
    """

    def event(out: Outgoing) -> Parcel:
        part = part_of_raw(out.fact.raw) if parted() else None
        return Parcel(out.position, event_subject(desk, out.fact.kind, part), out.fact.raw, {})

    def refusal(out: Outgoing) -> Parcel:
        headers = {FIELD_HEADER: out.fact.field, RULE_HEADER: out.fact.rule}
        return Parcel(out.position, rejected_subject(desk), out.fact.raw, headers)

    def resolution(out: Outgoing) -> Parcel:
        return Parcel(out.position, resolved_subject(desk), str(out.id).encode(), {})

    return [
        Channel(ACCEPTED, EVENTS_STREAM, f"kib.events.{desk}.>", event, asyncio.Event()),
        Channel(REFUSED, REJECTED_STREAM, rejected_subject(desk), refusal, asyncio.Event()),
        Channel(RESOLVED, REJECTED_STREAM, resolved_subject(desk), resolution, asyncio.Event()),
    ]
