"""Bringing the importer's index up to the ledger: at its start, and over what others publish meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection
from hashlib import blake2b
from typing import TYPE_CHECKING

from events import (
    EVENTS_STREAM,
    IMPORT_DESK,
    REJECTED_STREAM,
    Rejected,
    content_digest,
    event_key,
    rejected_subject,
)
from services.ledger.asking import ask, stream_info
from services.ledger.known import KnownEvents, Place, Standing
from services.ledger.message import judge
from services.ledger.reading import Entry, read_ledger

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["catch_up", "digest", "others_between"]

_BATCH = 32_768


def digest(raw: bytes) -> bytes:
    """Return 16 bytes that stand for the bytes of a message."""
    return blake2b(raw, digest_size=16).digest()


def _add(standing: dict[bytes, Standing], entry: Entry) -> None:
    """Add a message to what stands, unless it is not a valid event or a copy recorded earlier is there."""
    _, stamped, subject, raw = entry
    try:
        event, recorded = judge(subject, stamped, raw)
    except Rejected:
        return
    key = event_key(event.source, event.id)
    earlier = standing.get(key)
    if earlier is None or recorded < earlier[0]:
        standing[key] = (recorded, content_digest(raw))


async def _place(nc: Client, known: KnownEvents, stream: str) -> tuple[Place, bool]:
    """Return from where `stream` is to be read on, and whether that is what the index says."""
    from nats.js.errors import NotFoundError

    info = await stream_info(nc, stream)
    created = "" if info.created is None else info.created.isoformat()
    # Erasing someone deletes messages: then the index, too, is made anew.
    missing = max(0, info.state.last_seq - info.state.messages)
    fresh = Place(stream, created, missing, 0, None)
    place = known.place(stream)
    if place is None:
        return fresh, True
    same = (place.created, place.missing) == (created, missing) and place.position <= info.state.last_seq
    if same and place.position and place.last is not None:
        position = place.position
        try:
            message = await ask(nc, lambda js: js.get_msg(stream, position))
        except NotFoundError:
            same = False
        else:
            same = digest(message.data or b"") == place.last
    return (place, True) if same else (fresh, False)


async def catch_up(
    nc: Client, known: KnownEvents, told: Callable[[int], None] = lambda count: None
) -> tuple[Place, Place]:
    """Read what the index does not have yet, of the events and of the rejected lines; return how far both are in.

    An index of another ledger, or of one from which messages were deleted since, is made anew. `told` is called with
    the number of messages read. Raises SystemUnavailable as `read_ledger` does.
    """
    places = [await _place(nc, known, stream) for stream in (EVENTS_STREAM, REJECTED_STREAM)]
    if not all(same for _, same in places):
        known.forget()
        places = [await _place(nc, known, stream) for stream in (EVENTS_STREAM, REJECTED_STREAM)]
    (events, _), (rejected, _) = places

    standing: dict[bytes, Standing] = {}
    async for batch in read_ledger(nc, start=events.position + 1):
        for entry in batch:
            _add(standing, entry)
        told(len(batch))
        events = _moved(events, batch[-1])
        if len(standing) >= _BATCH:
            known.write(events, standing.items())
            standing.clear()
    known.write(events, standing.items())

    lines: set[bytes] = set()
    subject = rejected_subject(IMPORT_DESK)
    async for batch in read_ledger(nc, start=rejected.position + 1, stream=REJECTED_STREAM):
        lines.update(digest(raw) for _, _, of, raw in batch if of == subject)
        rejected = _moved(rejected, batch[-1])
        if len(lines) >= _BATCH:
            known.write(rejected, rejected=lines)
            lines.clear()
    known.write(rejected, rejected=lines)
    return events, rejected


def _moved(place: Place, entry: Entry) -> Place:
    return Place(place.stream, place.created, place.missing, entry[0], digest(entry[3]))


async def others_between(nc: Client, after: int, upto: int, ours: Collection[int]) -> dict[bytes, Standing]:
    """Return what others published with sequences over `after` up to `upto`; `ours` are the importer's own."""
    standing: dict[bytes, Standing] = {}
    async for batch in read_ledger(nc, upto, after + 1):
        for entry in batch:
            if entry[0] not in ours:
                _add(standing, entry)
    return standing
