"""A ledger message as the view takes it in: checked, and down to what the fold keeps of it.

Made where messages are read, so that reading and checking can run beside the fold in a process
of their own (``projections.live.wire`` carries the outcome over).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from events import (
    IMPORT_DESK,
    ClosureAnnounced,
    Event,
    Rejected,
    ReminderSent,
    ReportRetracted,
    SchoolRegistered,
    WeekReported,
    content_digest,
    ensure_recordable,
    event_key,
    parse_event,
    to_micros,
)
from projections.fold.calendar import Announcement, announcement_of
from projections.fold.reports import Report, report_of
from projections.fold.school import Statement, statement_of

PUPIL, SCHOOL, CLOSURE, RETRACTION, NOTHING = range(5)
"""Whom an event is about; ``NOTHING``: it decides nothing in the tables."""


class Taken(NamedTuple):
    """A valid event at its place in the ledger.

    ``recorded`` in microseconds; ``owner`` is the pupil, school or closure it is about, or the key
    (hexadecimal) of the event that it retracts.
    """

    position: int
    recorded: int
    kind: int
    owner: str
    key: bytes
    content: bytes
    report: Report | None = None
    statement: Statement | None = None
    announcement: Announcement | None = None


class Malformed(NamedTuple):
    """A message that breaks a rule at its place in the ledger; ``recorded`` in microseconds."""

    position: int
    recorded: int
    field: str
    rule: str


Message = Taken | Malformed


class Source(NamedTuple):
    """A message as the ledger gives it; ``stamped`` is the ledger's own time of it, in microseconds."""

    position: int
    stamped: int
    desk: str
    raw: bytes


class Sources:
    """Many messages as the ledger gives them, column by column: what stands in a `Source` of each."""

    __slots__ = ("desks", "positions", "raws", "stamps")

    def __init__(self, sources: Iterable[Source] = ()) -> None:
        """Begin with some; more are appended to every column."""
        self.positions: list[int] = []
        self.stamps: list[int] = []
        self.desks: list[str] = []
        self.raws: list[bytes] = []
        if columns := list(zip(*sources, strict=True)):
            self.positions, self.stamps, self.desks, self.raws = map(list, columns)

    def __len__(self) -> int:
        return len(self.raws)

    def __getitem__(self, at: int) -> Source:
        return Source(self.positions[at], self.stamps[at], self.desks[at], self.raws[at])


def take(source: Source) -> Message:
    """Check one message.

    Only an import carries its own recorded time (EVENTS: a live event loses it).
    """
    position, recorded, desk, raw = source
    try:
        event = parse_event(raw, live=desk != IMPORT_DESK)
        if desk == IMPORT_DESK and event.recordedtime is not None:
            recorded = to_micros(event.recordedtime)
        else:
            ensure_recordable(event, recorded)
        return _reduce(position, recorded, event, content_digest(raw))
    except Rejected as why:
        return Malformed(position, source.stamped, why.field, why.rule)


def _reduce(position: int, recorded: int, event: Event, content: bytes) -> Taken:
    source, id, data = event.source, event.id, event.data
    key: Final = event_key(source, id)
    match data:
        case WeekReported() | SchoolRegistered():
            owner = f"{data.school}|{data.sector}"
            statement = statement_of(data, recorded, source, id)
            return Taken(position, recorded, SCHOOL, owner, key, content, statement=statement)
        case ClosureAnnounced():
            announcement = announcement_of(data, recorded, source, id)
            return Taken(position, recorded, CLOSURE, data.closure, key, content, announcement=announcement)
        case ReportRetracted():
            target = event_key(data.retracts.source, data.retracts.id)
            return Taken(position, recorded, RETRACTION, target.hex(), key, content)
        case ReminderSent():
            return Taken(position, recorded, NOTHING, "", key, content)
        case _:
            return Taken(position, recorded, PUPIL, data.pupil, key, content, report_of(data, source, id))
