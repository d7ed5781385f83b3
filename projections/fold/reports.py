"""What the fold keeps of a pupil's event: one flat tuple, sorted into the pupil's history.

A history is the list of a pupil's reports in the order of COUNTS (docs/count.md):
(occurredAt, lost before restored, source, id). Retracted reports stay in it, marked, so
that a retraction can arrive before or after its target and can lose to a better copy.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final, NamedTuple

from events import (
    ContactLost,
    ContactRestored,
    DeviceLent,
    DoorVisit,
    ResidenceEstablished,
    to_micros,
)
from projections.tables import DEVICES, OUTCOMES, SECTORS, UNKNOWN

LOST: Final = 0
RESTORED: Final = 1
RESIDENCE: Final = 2
DEVICE: Final = 3
VISIT: Final = 4

NO_PLACE: Final = -1
UNKNOWN_PLACE: Final = 10_000
"""The place number of residence ``unknown``; the others are the digits of the CBS code."""


class Report(NamedTuple):
    """One report about one pupil; ``occurred`` in microseconds, the rest as small numbers."""

    occurred: int
    order: int
    source: str
    id: str
    sector: int
    place: int
    household: str | None
    detail: int
    retracted: bool


History = list[Report]


def place_number(code: str | None) -> int:
    """``GM0014`` is 14; no statement is ``NO_PLACE``."""
    return NO_PLACE if code is None else int(code[2:])


def place_code(number: int) -> str:
    """The municipality of a place number: ``GM0014``, or ``unknown``."""
    return UNKNOWN if number == UNKNOWN_PLACE else f"GM{number:04}"


def place_of(code: str) -> int:
    """Undo ``place_code``."""
    return UNKNOWN_PLACE if code == UNKNOWN else place_number(code)


_SECTOR = {name: number for number, name in enumerate(SECTORS)}
_DEVICE = {name: number for number, name in enumerate(DEVICES)}
_OUTCOME = {name: number for number, name in enumerate(OUTCOMES)}


def sector_number(name: str) -> int:
    """The number of a sector in the order of ``SECTORS``."""
    return _SECTOR[name]


PupilData = ContactLost | ContactRestored | ResidenceEstablished | DeviceLent | DoorVisit


def report_of(data: PupilData, source: str, id: str) -> Report:
    """Give what the fold keeps of an event about a pupil."""
    occurred = to_micros(data.occurred_at)
    match data:
        case ContactLost():
            sector, place = _SECTOR[data.sector], place_number(data.municipality)
            return Report(occurred, LOST, source, id, sector, place, data.household, 0, False)
        case ContactRestored():
            return Report(occurred, RESTORED, source, id, 0, NO_PLACE, None, 0, False)
        case ResidenceEstablished():
            return Report(occurred, RESIDENCE, source, id, 0, place_number(data.municipality), None, 0, False)
        case DeviceLent():
            return Report(
                occurred, DEVICE, source, id, _SECTOR[data.sector], NO_PLACE, None, _DEVICE[data.device], False
            )
        case DoorVisit():
            detail = _OUTCOME[data.outcome]
            return Report(occurred, VISIT, source, id, _SECTOR[data.sector], NO_PLACE, None, detail, False)


def lives_in(report: Report) -> int | None:
    """Give the place that a report may make its pupil's: the one it states, or unknown for a loss that states none."""
    if report.place != NO_PLACE:
        return report.place
    return UNKNOWN_PLACE if report.order == LOST else None


def names_first(report: Report, history: History) -> int | None:
    """Give the place that a report may make its pupil's, where none in the history does so; else None."""
    place = report.place
    if place == NO_PLACE:
        if report.order != LOST or any(other.place == NO_PLACE and other.order == LOST for other in history):
            return None
        return UNKNOWN_PLACE
    for other in history:
        if other.place == place:
            return None
    return place


def known_before(history: History, instant: int) -> History:
    """Give what tells at ``instant`` what was true until then: reports that happened before it.

    The first statement of a residence tells also about the time before it (COUNTS), so it stays.
    """
    before = history[: bisect_left(history, instant, key=lambda report: report.occurred)]
    if any(_states(report) for report in before):
        return before
    later = [report for report in history[len(before) :] if _states(report)]
    if not later:
        return before
    first = min(later, key=lambda report: (report.occurred, report.source, report.id))
    return [*before, first._replace(order=RESIDENCE)]


def _states(report: Report) -> bool:
    return report.place != NO_PLACE and not report.retracted
