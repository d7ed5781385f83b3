"""Which weeks are over, when to look back at them, and which of them were closed by what was known then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events import day_start, local_day
from projections.fold.calendar import NEVER, Announcement, Closure, closed_days
from projections.fold.cells import monday_of
from projections.fold.cube import Numbers
from projections.live.knowledge import announcements, known_times, standing_at
from projections.live.moment import Moment
from projections.tables import SECTORS

__all__ = ["FOLLOWED", "PastWeeks", "Rows", "past_weeks"]

FOLLOWED: Final = 26
"""For how many weeks after the last closed week its figures are followed one by one; what is known now comes after."""
_MOST_WEEKS: Final = 520


class Rows(NamedTuple):
    """By [sector, week]: which rows the closures make, by what was known for some time."""

    there: NDArray[np.bool_]
    """Whether the week meets C(m, s)."""
    tau: Numbers
    """τ of weeks that are over, in microseconds; ascending from week to week, also where there is no row."""


class PastWeeks(NamedTuple):
    """The weeks that are over, and the moments at which to look back."""

    mondays: tuple[int, ...]
    """Ordinals, one after the other."""
    looks: tuple[int, ...]
    """The Mondays with which weeks begin at whose beginning to look, before the moment of asking."""
    known: tuple[Rows, ...]
    """What was known at each of those; one object where it was the same."""
    now: Rows

    @property
    def moments(self) -> tuple[int, ...]:
        """Each K that is past, in microseconds."""
        return tuple(day_start(monday) for monday in self.looks)

    @property
    def ends(self) -> Numbers:
        """When each week ends, in microseconds."""
        return np.array([day_start(monday + 7) for monday in self.mondays], dtype=np.int64)


def past_weeks(moment: Moment, place: int) -> PastWeeks:
    """Give the weeks of a place that are over and may ever have been closed."""
    announced = announcements(moment)
    entries = [entry for of in announced.values() for entry in of]
    mondays = _mondays(entries, moment.at)
    looks = range(mondays[0] + 7, mondays[-1] + 7 * (FOLLOWED + 1) + 1, 7) if mondays else range(0)
    past = tuple(monday for monday in looks if day_start(monday) < moment.at)
    times = known_times(moment, entries)
    rows: dict[tuple[Closure, ...], Rows] = {}
    known: list[Rows] = []
    for at in (*map(day_start, past), moment.at):
        closures = tuple(standing_at(announced, times, at))
        if closures not in rows:
            rows[closures] = _rows(closures, place, mondays)
        known.append(rows[closures])
    return PastWeeks(mondays, past, tuple(known[:-1]), known[-1])


def _mondays(entries: Iterable[Announcement], at: int) -> tuple[int, ...]:
    today = local_day(at)
    last = min(max((NEVER if entry.last is None else entry.last for entry in entries), default=today), today - 7)
    first = max(min((entry.first for entry in entries), default=today), last - 7 * _MOST_WEEKS)
    mondays = range(monday_of(first), monday_of(last) + 1, 7)
    return tuple(monday for monday in mondays if day_start(monday + 7) <= at)


def _rows(closures: Sequence[Closure], place: int, mondays: Sequence[int]) -> Rows:
    if not mondays:
        nothing = np.zeros((len(SECTORS), 0), dtype=np.int64)
        return Rows(nothing.astype(np.bool_), nothing)
    days = mondays[-1] + 7 - mondays[0]
    closed = closed_days(closures, [place], mondays[0], days)[0].reshape(len(SECTORS), len(mondays), 7)
    last = 7 - np.argmax(closed[:, :, ::-1], axis=2)
    starts = np.array([[day_start(monday + day) for day in range(8)] for monday in mondays], dtype=np.int64)
    return Rows(np.logical_or.reduce(closed, axis=2), starts[np.arange(len(mondays)), last])
