"""All that a report tells, worked out of an archive, without a language."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from events import day_start, local_day, week_monday
from projections.archive import Archive
from projections.fold.calendar import Closure
from projections.fold.cells import monday_of
from projections.nowcast.triangle import Triangle, triangles
from projections.public.taking import calendar_of, snapshot_of
from projections.register import codes_between
from projections.register.areas import AreaKind, area_of
from projections.tables import UNKNOWN
from services.report.cutting import cut, whole
from services.report.sources import checksum
from services.web.charts.chart import Chart
from services.web.charts.figures import charts_of_area
from services.web.frame import KEYS, Frame
from services.web.sight import most_of, public_tables
from services.web.source import TablesLike
from services.web.topics import Current

__all__ = ["Asked", "Facts", "NothingClosed", "Place", "facts_of"]

AFTER = 4
"""Weeks after the end of a week up to which it is told what was known then."""


class NothingClosed(Exception):  # noqa: N818 - no error: the text says what is missing
    """There is nothing to report: no school was closed."""


@dataclass(frozen=True)
class Asked:
    """What is reported: a period of days, both inclusive, an area with its municipalities (None: all), the view."""

    first: date
    last: date
    area: str
    members: frozenset[str] | None
    public: bool


@dataclass(frozen=True)
class Place:
    """A municipality in the last week: least and most not reached, the schools that answered, and those expected."""

    code: str
    low: int
    high: int
    reported: int
    expected: int


@dataclass(frozen=True)
class Facts:
    """What a report tells. Of the public view there are no `sums`, no `settling` and no number of `events`."""

    asked: Asked
    as_of: int
    """K, in microseconds; of the public view the beginning of its day."""
    weeks: tuple[str, ...]
    """The weeks of the period in which schools of the area were closed."""
    charts: dict[str, Chart]
    """`week` and `coverage`."""
    sums: dict[str, tuple[int, ...]]
    """Measures that may be added up, by week."""
    places: tuple[Place, ...]
    closures: tuple[Closure, ...]
    settling: Triangle | None
    events: int
    checksum: str


ADDED = ("newly_lost", "restored", "moved_in", "moved_out", "unreached_over_4_weeks")


def facts_of(archive: Archive, asked: Asked, as_of: int | None) -> Facts:
    """Work out a report as of K; without one, as all that the archive knows. Raises NothingClosed."""
    k = as_of if as_of is not None else (archive.last_recorded or 0) + 1
    k = day_start(local_day(k)) if asked.public else k
    tables = _seen(archive, asked, k)
    first, last = monday_of(asked.first.toordinal()), monday_of(asked.last.toordinal())
    part = None if tables is None else cut(tables, asked.members, first, last)
    if part is None:
        raise NothingClosed("no school of the area was closed in this period, as far as was known")
    closures = tuple(each for each in archive.closures(k) if _meets(each, asked))
    frame = Frame((), dict.fromkeys(KEYS, part.weeks), frozenset(), frozenset(), (), (), ())
    charts = charts_of_area(Current(part, frame, closures), asked.area if asked.members else "", asked.members)
    weeks = tuple(week for at, week in enumerate(part.weeks) if part.open[:, :, at].any())
    kept = [part.weeks.index(week) for week in weeks]
    events, digest = (0, "") if asked.public else checksum(archive, k)
    return Facts(
        asked,
        k,
        weeks,
        charts,
        {} if asked.public else {of: tuple(part.counts[of].sum(axis=(0, 1))[kept].tolist()) for of in ADDED},
        tuple(_places(part, asked)),
        closures,
        None if asked.public else _settling(archive, asked, k, weeks),
        events,
        digest or _checksum(part),
    )


def _seen(archive: Archive, asked: Asked, k: int) -> TablesLike | None:
    """Give both tables, exactly or as everyone may see them; None where no school was ever closed."""
    tables = whole(archive, k)
    if not asked.public or tables is None:
        return tables
    calendar = calendar_of(archive.closures(k), local_day(k))
    snapshot = None if calendar is None else snapshot_of(tables, calendar)
    return None if snapshot is None else public_tables(tables, snapshot)


def _meets(closure: Closure, asked: Asked) -> bool:
    where = closure.municipalities
    there = where is None or asked.members is None or not asked.members.isdisjoint(where)
    return there and closure.starts <= asked.last and (closure.until is None or closure.until >= asked.first)


def _places(part: TablesLike, asked: Asked) -> list[Place]:
    """List the municipalities of the area in the last week: those that are valid then, and those with a number."""
    area = area_of(asked.area)
    if area is not None and area.kind is AreaKind.MUNICIPALITY:
        return []
    at = max(at for at in range(len(part.weeks)) if part.open[:, :, at].any())
    monday = week_monday(part.weeks[at])
    valid = {UNKNOWN, *codes_between(monday, monday + 6)}

    def summed(numbers: NDArray[np.int64]) -> list[int]:
        found: list[int] = numbers[:, :, at].sum(axis=1).tolist()
        return found

    numbers = (part.counts["unreached"], most_of(part), *(part.coverage[f"schools_{of}"] for of in _ANSWERS))
    closed: list[bool] = np.any(part.open[:, :, at], axis=1).tolist()
    rows = zip(part.places, closed, *map(summed, numbers), strict=True)
    return [Place(code, *told) for code, here, *told in rows if here and (code in valid or told[1])]


_ANSWERS = ("reported", "expected")


def _settling(archive: Archive, asked: Asked, k: int, weeks: Sequence[str]) -> Triangle:
    [reported] = triangles(archive, [asked.members], k, AFTER)
    told = reported.unreached
    chosen = [at for at, week in enumerate(told.weeks) if week in set(weeks)]
    return Triangle(tuple(told.weeks[at] for at in chosen), told.known[chosen])


def _checksum(part: TablesLike) -> str:
    """Give a checksum of what is public of the area, for nothing else may be told: a line of CSV for each cell."""
    digest = hashlib.sha256()
    for p, s, w in np.argwhere(part.open).tolist():
        cell = (part.counts["unreached"], most_of(part), *(part.coverage[f"schools_{of}"] for of in _ANSWERS))
        numbers = ",".join(str(int(of[p, s, w])) for of in cell)
        digest.update(f"{part.places[p]},{part.sectors[s]},{part.weeks[w]},{numbers}\n".encode())
    return digest.hexdigest()
