"""When schools are closed: announcements in, the days of C(m, s) out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events import ClosureAnnounced
from projections.fold.reports import place_number, sector_number
from projections.tables import SECTORS

NEVER: Final = 1 << 40
"""The last day of a closure whose end is not known yet, as an ordinal beyond every calendar."""


class Announcement(NamedTuple):
    """One announcement of a closure; ``recorded`` in microseconds, days as proleptic ordinals, both inclusive."""

    recorded: int
    source: str
    id: str
    retracted: bool
    sectors: tuple[str, ...]
    first: int
    last: int | None
    municipalities: tuple[str, ...] | None
    regime: str | None


@dataclass(frozen=True, slots=True)
class Closure:
    """A closure as its standing announcement defines it; times are recorded times in microseconds."""

    name: str
    sectors: tuple[str, ...]
    starts: date
    until: date | None
    municipalities: tuple[str, ...] | None
    regime: str | None
    announced_at: int
    """When the standing announcement was recorded."""
    announced: tuple[int, ...]
    """When each announcement was recorded that was not withdrawn, ascending; the last is the standing one's."""


def announcement_of(data: ClosureAnnounced, recorded: int, source: str, id: str) -> Announcement:
    """Give what the fold keeps of an announcement."""
    last = None if data.until is None else data.until.toordinal()
    places = None if data.municipalities is None else tuple(data.municipalities)
    return Announcement(
        recorded, source, id, False, tuple(data.sectors), data.starts.toordinal(), last, places, data.regime
    )


def standing(name: str, announcements: Iterable[Announcement]) -> Closure | None:
    """Give the closure as the last recorded announcement of it stands, whole (ties: highest source, id)."""
    known = [a for a in announcements if not a.retracted]
    if not known:
        return None
    a = max(known, key=lambda announcement: announcement[:3])
    until = None if a.last is None else date.fromordinal(a.last)
    announced = tuple(sorted({announcement.recorded for announcement in known}))
    return Closure(name, a.sectors, date.fromordinal(a.first), until, a.municipalities, a.regime, a.recorded, announced)


def last_day(closure: Closure) -> int:
    """The last day of a closure as an ordinal; ``NEVER`` when it is not known yet."""
    return NEVER if closure.until is None else closure.until.toordinal()


def closed_days(closures: Iterable[Closure], places: Sequence[int], first_day: int, days: int) -> NDArray[np.bool_]:
    """Give [place, sector, day]: whether the day, counted from ``first_day``, lies in C(m, s)."""
    closed = np.zeros((len(places), len(SECTORS), days), dtype=np.bool_)
    row = {place: index for index, place in enumerate(places)}
    for closure in closures:
        since = max(0, closure.starts.toordinal() - first_day)
        until = min(days, last_day(closure) + 1 - first_day)
        if since >= until:
            continue
        if closure.municipalities is None:
            rows = list(row.values())
        else:
            numbers = (place_number(code) for code in closure.municipalities)
            rows = sorted({row[number] for number in numbers if number in row})
        for sector in {sector_number(name) for name in closure.sectors}:
            closed[rows, sector, since:until] = True
    return closed
