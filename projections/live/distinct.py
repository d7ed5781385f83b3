"""Distinct households and pupils over several municipalities and sectors: what may not be added up.

A sum counts only those twice who are counted in several rows of a week. The view keeps a list of who may be: households
whose members are unreached in several areas, and pupils who are so in several, one after the other. Their rows are
worked out one by one; everyone else is in the sums once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import chain
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events import day_start, week_monday
from projections.fold import pupil
from projections.fold.calendar import closed_days
from projections.fold.cube import Numbers
from projections.live import states
from projections.live.moment import Moment
from projections.live.schema import HOUSEHOLD_APART, PUPIL_APART
from projections.tables import SECTORS

_STATES: Final = """
select state from {table} where name in (select name from apart where kind = ? and until > ?)
"""

Span = tuple[int, int, int]
"""The (area, start, end) of a segment."""


class Distinct(NamedTuple):
    """Of a group of municipalities, one week: each household, each pupil once, in a sector and in all together."""

    households: dict[str, int]
    households_together: int
    during: dict[str, int]
    during_together: int


def distinct(moment: Moment, week: str, groups: Mapping[str, Collection[str]]) -> dict[str, Distinct]:
    """Count ``households`` and ``unreached_during`` of a week over each group of municipalities (codes, `unknown` too).

    Raises ValueError for a week of which the tables have no row.
    """
    households = _Rows(moment, week, "households")
    during = _Rows(moment, week, "unreached_during")
    standing, closed = _Standing(moment, week), _Closed(moment, week)
    since = day_start(week_monday(week))
    for state in _states(moment, "household", HOUSEHOLD_APART, since):
        households.take(standing.areas(chain.from_iterable(states.members(state).values())))
    for state in _states(moment, "pupil", PUPIL_APART, since):
        segments = pupil.segments(states.history(state))
        # With no household stated, a pupil is one.
        households.take(standing.areas(segment[:3] for segment in segments if segment.household is None))
        during.take(closed.areas(segment[:3] for segment in segments))
    found: dict[str, Distinct] = {}
    for name, codes in groups.items():
        mask = moment.mask(codes)
        found[name] = Distinct(*households.over(mask), *during.over(mask))
    return found


def _states(moment: Moment, table: str, kind: int, since: int) -> Iterator[bytes]:
    """Give the states of those who may be counted in several areas after an instant."""
    for (state,) in moment.database.execute(_STATES.format(table=table), (kind, since)):
        yield state


class _Rows:
    """A measure of a week by place and sector, and who is in several of its rows."""

    def __init__(self, moment: Moment, week: str, measure: str) -> None:
        at = moment.grid.weeks.index(week)
        self._sums = moment.grid.counts[measure][:, :, at]
        self._row_of = {place: row for row, place in enumerate(moment.cube.places)}
        self._who: list[int] = []
        self._rows: list[tuple[int, int]] = []
        self._number = 0

    def take(self, areas: set[int]) -> None:
        """Take in who is counted in these areas."""
        if len(areas) > 1:
            self._number += 1
            self._rows += [(self._row_of[area >> 2], area & 3) for area in areas]
            self._who += [self._number] * len(areas)

    def over(self, places: NDArray[np.bool_]) -> tuple[dict[str, int], int]:
        """Count over some places: by sector, and together."""
        who = np.array(self._who, dtype=np.int64)
        place, sector = np.array(self._rows, dtype=np.int64).reshape(-1, 2).T
        sums = self._sums[places].sum(axis=0)
        inside = places[place]

        def twice(rows: NDArray[np.bool_]) -> int:
            return int(rows.sum()) - len(np.unique(who[rows]))

        by_sector = {
            name: int(sums[number]) - twice(inside & (sector == number)) for number, name in enumerate(SECTORS)
        }
        return by_sector, int(sums.sum()) - twice(inside)


class _Standing:
    """Who is counted just before τ, which differs from area to area where closures do."""

    def __init__(self, moment: Moment, week: str) -> None:
        last: Numbers = moment.cube.last_days(moment.week_number(week))
        ends = {day: min(day_start(day + 1), moment.at) for day in np.unique(last).tolist()}
        self._ends = {
            place << 2 | sector: ends[int(last[row, sector])]
            for row, place in enumerate(moment.cube.places)
            for sector in np.flatnonzero(moment.open(week)[row]).tolist()
        }

    def areas(self, spans: Iterator[Span]) -> set[int]:
        """Give the areas in whose row the spans count."""
        ends = self._ends
        return {area for area, start, end in spans if (tau := ends.get(area)) is not None and start < tau <= end}


class _Closed:
    """Who is counted for some time of the closed days of the week before K."""

    def __init__(self, moment: Moment, week: str) -> None:
        monday = week_monday(week)
        days = [(day_start(day), min(day_start(day + 1), moment.at)) for day in range(monday, monday + 7)]
        closed = closed_days(moment.closures, moment.cube.places, monday, 7)
        self._spans = {
            place << 2 | sector: [days[day] for day in np.flatnonzero(closed[row, sector]) if days[day][0] < moment.at]
            for row, place in enumerate(moment.cube.places)
            for sector in np.flatnonzero(moment.open(week)[row]).tolist()
        }

    def areas(self, spans: Iterator[Span]) -> set[int]:
        """Give the areas in whose row the spans count."""
        return {
            area
            for area, start, end in spans
            if any(max(start, since) < min(end, until) for since, until in self._spans.get(area, ()))
        }
