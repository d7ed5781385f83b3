"""How the figures of past weeks of a municipality changed as late reports came in: `unreached` as it was known when.

The view keeps each pupil's reports, and of each event and each retraction when it was recorded. What was known at an
earlier K is what was recorded by then; so this gives what the columnar replay gives for that K.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from events import day_start, event_key, local_day, week_of_day
from projections.fold import pupil
from projections.fold.calendar import NEVER, Announcement, Closure, closed_days
from projections.fold.cells import monday_of
from projections.fold.cube import Numbers
from projections.fold.reports import History, Report, place_number
from projections.live import residents
from projections.live.knowledge import Times, announcements, known_times, standing_at
from projections.live.moment import Moment
from projections.live.tables import SORTED_SECTORS, by_sector_name
from projections.tables import SECTORS, UNKNOWN

FOLLOWED: Final = 26
"""For how many weeks after the last closed week its figures are followed one by one; what is known now comes after."""
_MOST_WEEKS: Final = 520

_HISTORY: Final = msgspec.msgpack.Decoder(list[Report])
_PUPILS: Final = "select state from pupil where name in"


class Known(NamedTuple):
    """A figure as it was known at K = ``at`` (microseconds); None where there was, by what was known, no such row."""

    at: int
    weeks_after: int | None
    """Whole weeks after the end of the week that it is about; None: at the moment of asking."""
    unreached: int | None


@dataclass(frozen=True)
class Settling:
    """``unreached`` of the weeks of one municipality that are over, as known at the end of each week since, and now."""

    municipality: str
    sectors: tuple[str, ...]
    weeks: tuple[str, ...]
    """Those in which, by what was known at some of the moments, the schools of some sector were closed."""
    moments: tuple[int, ...]
    """Each K, in microseconds, ascending; the last is that of the view."""
    exists: NDArray[np.bool_]
    """[sector, week, moment]: whether the week was over and a row existed, as known then."""
    unreached: Numbers
    """[sector, week, moment]: 0 where there was no row."""
    ends: tuple[int, ...]
    """When each week ends, in microseconds."""

    def of(self, week: str, sector: str | None = None) -> list[Known]:
        """Give the figures of a week as they became known: at its end, after 1, 2, 3 weeks and so on, and now.

        Of one sector, or of all together. Raises ValueError for a week that is none of ``weeks``.
        """
        at = self.weeks.index(week)
        sectors = list(range(len(self.sectors))) if sector is None else [self.sectors.index(sector)]
        exists: NDArray[np.bool_] = np.logical_or.reduce(self.exists[sectors, at], axis=0)
        sums = self.unreached[sectors, at].sum(axis=0)
        found: list[Known] = []
        first = bisect_left(self.moments, self.ends[at])
        for number, moment in enumerate(self.moments[first:], first):
            after = None if number == len(self.moments) - 1 else number - first
            found.append(Known(moment, after, int(sums[number]) if exists[number] else None))
        return found


class _Rows(NamedTuple):
    """Segments spent living in the municipality, and at which moments, from one up to another, they were known."""

    sector: Numbers
    start: Numbers
    end: Numbers
    known: Numbers
    until: Numbers


def settling(moment: Moment, municipality: str) -> Settling:
    """Follow the figures of a municipality (`GM0014`, or `unknown`)."""
    place = 10_000 if municipality == UNKNOWN else place_number(municipality)
    announced = announcements(moment)
    mondays, moments = _weeks(announced.values(), moment.at)
    ends = np.array([day_start(monday + 7) for monday in mondays], dtype=np.int64)
    rows = _rows(moment, place, moments)
    shape = (len(SECTORS), len(mondays), len(moments))
    exists, unreached = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.int64)
    times = known_times(moment, (entry for entries in announced.values() for entry in entries))
    taus: dict[tuple[Closure, ...], tuple[NDArray[np.bool_], Numbers]] = {}
    for number, at in enumerate(moments):
        closures = tuple(standing_at(announced, times, at))
        if closures not in taus:
            taus[closures] = _taus(closures, place, mondays)
        there, tau = taus[closures]
        exists[:, :, number] = there & (ends <= at)
        unreached[:, :, number] = np.where(exists[:, :, number], _count(rows, number, tau), 0)
    some = np.flatnonzero(exists.any(axis=(0, 2)))
    in_order = [by_sector_name(numbers[None])[0][:, some] for numbers in (exists, unreached)]
    return Settling(
        municipality,
        SORTED_SECTORS,
        tuple(week_of_day(mondays[week]) for week in some),
        moments,
        in_order[0],
        in_order[1],
        tuple(int(ends[week]) for week in some),
    )


# The calendar, as it was known when


def _weeks(announced: Iterable[Sequence[Announcement]], at: int) -> tuple[list[int], tuple[int, ...]]:
    """Give the Mondays of the weeks that are over and may ever have been closed, and the moments at which to look."""
    entries = [entry for of in announced for entry in of]
    today = local_day(at)
    last = min(max((NEVER if e.last is None else e.last for e in entries), default=today), today - 7)
    first = max(min((e.first for e in entries), default=today), last - 7 * _MOST_WEEKS)
    mondays = list(range(monday_of(first), monday_of(last) + 1, 7))
    mondays = [monday for monday in mondays if day_start(monday + 7) <= at]
    if not mondays:
        return [], (at,)
    looks = (day_start(monday) for monday in range(mondays[0] + 7, mondays[-1] + 7 * (FOLLOWED + 1) + 1, 7))
    return mondays, (*(look for look in looks if look < at), at)


def _taus(closures: Sequence[Closure], place: int, mondays: list[int]) -> tuple[NDArray[np.bool_], Numbers]:
    """Give by sector and week whether it meets C(m, s), and τ, of weeks that are over."""
    if not mondays:
        nothing = np.zeros((len(SECTORS), 0), dtype=np.int64)
        return nothing.astype(np.bool_), nothing
    days = mondays[-1] + 7 - mondays[0]
    closed = closed_days(closures, [place], mondays[0], days)[0].reshape(len(SECTORS), len(mondays), 7)
    last = 7 - np.argmax(closed[:, :, ::-1], axis=2)
    starts = np.array([[day_start(monday + day) for day in range(8)] for monday in mondays], dtype=np.int64)
    return np.logical_or.reduce(closed, axis=2), starts[np.arange(len(mondays)), last]


# The pupils, as they were known when


def _rows(moment: Moment, place: int, moments: Sequence[int]) -> _Rows:
    names = residents.of(moment.database, place)
    histories = [_HISTORY.decode(state) for (state,) in moment.select(_PUPILS, names)]
    times = known_times(moment, (report for history in histories for report in history))
    found = [row for history in histories for row in _segments(history, times, place, moments)]
    return _Rows(*np.array(found, dtype=np.int64).reshape(-1, len(_Rows._fields)).T)


def _segments(
    history: History, times: Times, place: int, moments: Sequence[int]
) -> Iterator[tuple[int, int, int, int, int]]:
    """Give a pupil's segments in the place for each version of the history that was known at some of the moments."""
    spans: list[tuple[int, int, Report]] = []
    for report in history:
        recorded, withdrawn = times[event_key(report.source, report.id)]
        since, until = bisect_left(moments, recorded), bisect_left(moments, withdrawn)
        if since < until:
            spans.append((since, until, report._replace(retracted=False) if report.retracted else report))
    changes = sorted({at for since, until, _ in spans for at in (since, until)})
    for since, until in itertools.pairwise(changes):
        version = [report for known, gone, report in spans if known <= since < gone]
        for segment in pupil.segments(version):
            if segment.area >> 2 == place:
                yield segment.area & 3, segment.start, segment.end, since, until


def _count(rows: _Rows, number: int, tau: Numbers) -> Numbers:
    """Count who was unreached just before each τ (by sector and week), as known at a moment: start < τ <= end."""
    known = (rows.known <= number) & (number < rows.until)
    counts = np.zeros_like(tau)
    for sector in range(len(tau)):
        of = known & (rows.sector == sector)
        starts, ends = np.sort(rows.start[of]), np.sort(rows.end[of])
        counts[sector] = np.searchsorted(starts, tau[sector]) - np.searchsorted(ends, tau[sector])
    return counts
