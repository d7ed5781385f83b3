"""The cells as dense arrays, and the tables that they give at one instant.

The calendar and the clock are applied here, at reading: a new week, a closure announced,
extended or cut short, a pupil who passes four weeks change the table without any event of a
pupil, and without a timer that could be missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events import local_day, week_of_day
from projections.fold import cells
from projections.fold.calendar import Closure, closed_days
from projections.fold.cells import COVERAGE_COLUMNS, FLOW_COLUMNS, HOUSEHOLDS, OVER_4_WEEKS
from projections.tables import COUNT_MEASURES, COVERAGE_MEASURES, REGISTER_MEASURES, SECTORS

Numbers = NDArray[np.int64]
Pairs = NDArray[np.int64]
"""Rows of (key, number)."""

_FLOW_MEASURES = {
    "newly_lost": cells.NEWLY_LOST,
    "restored": cells.RESTORED,
    "moved_in": cells.MOVED_IN,
    "moved_out": cells.MOVED_OUT,
} | dict(zip(COUNT_MEASURES[-7:], range(cells.DEVICE, FLOW_COLUMNS), strict=True))

_REGISTER: Final = dict(zip(REGISTER_MEASURES, (cells.STATING, cells.PUPILS), strict=True))

_STATES: Final[dict[str, tuple[list[int], list[int]]]] = {
    "unreached": ([cells.NEWLY_LOST, cells.MOVED_IN], [cells.RESTORED, cells.MOVED_OUT]),
    "households": ([HOUSEHOLDS], []),
    "unreached_over_4_weeks": ([OVER_4_WEEKS], []),
}
"""Of what holds at an instant: the columns of what begins it and of what ends it."""

# TOUCHES[mask, days]: whether a pupil unreached on the days of ``mask`` was so on one of ``days``.
_SETS = np.arange(128)
_TOUCHES = (_SETS[:, None] & _SETS[None, :]) != 0


@dataclass(frozen=True)
class Grid:
    """Arrays [place, sector, week], and which rows exist: where C(m, s) meets the week before K."""

    weeks: tuple[str, ...]
    open: NDArray[np.bool_]
    counts: dict[str, Numbers]
    coverage: dict[str, Numbers]
    register: dict[str, Numbers]


class _Days(NamedTuple):
    """What the calendar and the day of K say, by place, sector and week."""

    closures: tuple[Closure, ...]
    today: int
    closed: NDArray[np.bool_]
    """By day of the week too: whether the day is closed and not later than K."""
    open: NDArray[np.bool_]
    """Whether a row exists: some day of the week is."""
    last: Numbers
    """The day of τ, by its place in the running totals (0 is "before")."""


class Cube:
    """Cells of ``places`` over ``weeks`` whole weeks from ``first_monday``; what lies before is kept as one day."""

    def __init__(self, places: Sequence[int], first_monday: int, weeks: int) -> None:
        """Begin empty."""
        self.places = tuple(places)
        self.first_monday, self.weeks = first_monday, weeks
        self._row = np.full(1 << 14, -1, dtype=np.int64)
        self._row[list(places)] = np.arange(len(places))
        shape = (len(places), len(SECTORS))
        self._flow = np.zeros((*shape, 1 + 7 * weeks, FLOW_COLUMNS), dtype=np.int32)
        self._during = np.zeros((*shape, 1 + weeks, 128), dtype=np.int32)
        self._coverage = np.zeros((*shape, 1 + weeks, COVERAGE_COLUMNS), dtype=np.int64)
        # What was summed by week, on which days, and which places have changed since.
        self._by_week = np.zeros((*shape, weeks, FLOW_COLUMNS), dtype=np.int64)
        self._during_week = np.zeros((*shape, weeks), dtype=np.int64)
        self._states = {name: np.zeros((*shape, weeks), dtype=np.int64) for name in _STATES}
        # Everything that began, less what ended, before each week.
        self._before = {name: np.zeros((*shape, weeks + 1), dtype=np.int64) for name in _STATES}
        self._days: _Days | None = None
        # And of which anything was ever counted: of the others every sum is zero, whatever the calendar says.
        self._changed, self._touched = np.zeros((2, len(places)), dtype=np.bool_)

    def knows(self, places: NDArray[np.int64]) -> bool:
        """Tell whether the cube has rows for all these places."""
        return bool(np.all(self._row[places] >= 0))

    def add_flow(self, pairs: Pairs) -> None:
        """Add to what happens on days; days beyond the cube are left out, they are not asked for yet."""
        self.count_flow(pairs[:, 0], pairs[:, 1])

    def count_flow(self, keys: Numbers, each: Numbers | int) -> None:
        """Add to what happens on days: for every key its own number, or the same for all; a key may come twice."""
        place, sector, day, column = _unpack(keys, cells.FLOW_BITS)
        self._count(self._flow, place, sector, np.maximum(day - self.first_monday + 1, 0), column, each)

    def add_during(self, pairs: Pairs) -> None:
        """Add to the pupils unreached during weeks."""
        self.count_during(pairs[:, 0], pairs[:, 1])

    def count_during(self, keys: Numbers, each: Numbers | int) -> None:
        """Add to the pupils unreached during weeks, as ``count_flow`` does."""
        place, sector, monday, mask = _unpack(keys, cells.MASK_BITS)
        self._count(self._during, place, sector, np.maximum((monday - self.first_monday) // 7 + 1, 0), mask, each)

    def _count(
        self,
        to: NDArray[np.int32],
        place: Numbers,
        sector: Numbers,
        index: Numbers,
        column: Numbers,
        each: Numbers | int,
    ) -> None:
        _, sectors, steps, columns = to.shape
        fit = index < steps
        if not fit.all():
            place, sector, index, column = place[fit], sector[fit], index[fit], column[fit]
            each = each if isinstance(each, int) else each[fit]
        row = self._row[place]
        self._changed[row] = self._touched[row] = True
        # In one dimension and of one type, numpy adds several times as quickly.
        at = ((row * sectors + sector) * steps + index) * columns + column
        np.add.at(to.reshape(-1), at, np.asarray(each, dtype=np.int32))

    def add_coverage(self, pairs: Pairs) -> None:
        """Add to the schools expected and heard in weeks, and to their pupils."""
        place, sector, monday, column = _unpack(pairs[:, 0], cells.COVERAGE_BITS)
        index = np.maximum((monday - self.first_monday) // 7 + 1, 0)
        fit = index < self._coverage.shape[2]
        np.add.at(self._coverage, (self._row[place[fit]], sector[fit], index[fit], column[fit]), pairs[fit, 1])

    def grid(self, at: int, closures: tuple[Closure, ...], unripe: Pairs) -> Grid:
        """Give the tables as of K = ``at`` (microseconds).

        ``unripe`` are (area, number) of those who pass four weeks on the day of K, but not before K.
        Every event in the cells has happened before K.
        """
        days = self._days_of(closures, local_day(at - 1))
        self._sum_weeks(days)
        counts: dict[str, Numbers] = {name: self._by_week[..., column] for name, column in _FLOW_MEASURES.items()}
        counts |= self._states | {"unreached_during": self._during_week}
        counts["unreached_over_4_weeks"] = self._ripe(days, unripe)
        coverage = self._coverage[:, :, 1:].copy()
        lasting = [cells.EXPECTED, *_REGISTER.values()]
        coverage[..., lasting] = self._coverage[..., lasting].cumsum(axis=2)[:, :, 1:]
        some = np.flatnonzero(days.open.sum(axis=(0, 1)))
        keep = days.open[:, :, some]
        return Grid(
            tuple(week_of_day(self.first_monday + 7 * int(week)) for week in some),
            keep,
            {name: np.where(keep, counts[name][:, :, some], 0) for name in COUNT_MEASURES},
            {name: np.where(keep, coverage[:, :, some, i], 0) for i, name in enumerate(COVERAGE_MEASURES)},
            {name: np.where(keep, coverage[:, :, some, i], 0) for name, i in _REGISTER.items()},
        )

    def rows_of(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of places that the cube knows."""
        rows: Numbers = self._row[places]
        return rows

    def held(self, name: str, days: Numbers) -> Numbers:
        """Give what held at the end of a day for each place and sector, whether it is closed or not; after ``grid``.

        ``name`` is that of a measure that holds at an instant; ``days`` are ordinals by place and sector, those beyond
        the cube read as its last.
        """
        index = np.clip(days - self.first_monday + 1, 0, 7 * self.weeks)
        week, days_into = index // 7, index % 7
        place, sector = np.indices(index.shape)
        sums: Numbers = self._before[name][place, sector, week]
        begun, ended = _STATES[name]
        for day in range(1, int(days_into.max(initial=0)) + 1):
            at = np.minimum(7 * week + day, 7 * self.weeks)
            flow = self._flow[place, sector, at]
            change = flow[..., begun].sum(axis=2, dtype=np.int64) - flow[..., ended].sum(axis=2, dtype=np.int64)
            sums = sums + np.where(day <= days_into, change, 0)
        return sums

    def last_days(self, week: int) -> Numbers:
        """Give the day at whose end τ lies, unless K comes first, by place and sector, where a row exists: an ordinal.

        ``week`` counts from the first one of the cube; after ``grid``.
        """
        assert self._days is not None  # noqa: S101 - grid was asked for
        last: Numbers = self._days.last[:, :, week]
        return last + (self.first_monday - 1)

    def _days_of(self, closures: tuple[Closure, ...], today: int) -> _Days:
        """Apply the calendar as of a day; when it is another than the last time, all is to be summed again."""
        known = self._days
        if known is not None and (known.closures, known.today) == (closures, today):
            return known
        calendar = closed_days(closures, self.places, self.first_monday, 7 * self.weeks)
        calendar = calendar.reshape(len(self.places), len(SECTORS), self.weeks, 7)
        days = np.arange(self.first_monday, self.first_monday + 7 * self.weeks).reshape(self.weeks, 7)
        closed = calendar & (days <= today)
        # The last closed day of the week, also one that is still to come, or the day of K if that is earlier.
        last = 7 * np.arange(self.weeks) + 7 - np.argmax(calendar[..., ::-1], axis=3)
        last = np.minimum(last, max(0, today - self.first_monday + 1))
        self._days = _Days(closures, today, closed, np.logical_or.reduce(closed, axis=3), last)
        self._changed[:] = True
        return self._days

    def _sum_weeks(self, days: _Days) -> None:
        """Sum by week for the places that changed: what happened on closed days, and what holds just before τ."""
        rows = np.flatnonzero(self._changed & self._touched)
        self._changed[:] = False
        if not len(rows):
            return
        closed, last = days.closed[rows], days.last[rows]
        flow, during = self._flow[rows], self._during[rows]
        by_day = flow[:, :, 1:].reshape(*closed.shape, FLOW_COLUMNS)
        self._by_week[rows] = np.einsum("pswdc,pswd->pswc", by_day, closed)
        # Of those unreached on some days of the week: the pupils whose days meet the closed ones.
        touching = _TOUCHES[(closed << np.arange(7)).sum(axis=3)]
        whole = during[..., cells.WHOLE_WEEKS].cumsum(axis=2)[:, :, 1:]
        some_days = np.einsum("pswm,pswm->psw", during[:, :, 1:], touching)
        self._during_week[rows] = some_days + np.where(days.open[rows], whole, 0)
        # Everything that began, less what ended, up to the last closed day.
        for name, (begun, ended) in _STATES.items():
            change = sum(flow[..., column] for column in begun) - sum(flow[..., column] for column in ended)
            total = np.cumsum(change, axis=2, dtype=np.int64)
            self._states[name][rows] = np.take_along_axis(total, last, axis=2)
            self._before[name][rows] = total[:, :, ::7]

    def _ripe(self, days: _Days, unripe: Pairs) -> Numbers:
        """Leave out who passes four weeks on the day of K, but not before K."""
        over = self._states["unreached_over_4_weeks"]
        index = days.today - self.first_monday
        if not len(unripe) or not 0 <= index < 7 * self.weeks:
            return over
        over = over.copy()
        place, sector = self._row[unripe[:, 0] >> 2], unripe[:, 0] & 3
        running = days.last[place, sector, index // 7] == index + 1
        np.subtract.at(over, (place[running], sector[running], index // 7), unripe[running, 1])
        return over


def _unpack(keys: Numbers, bits: int) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Undo the packing of a cell's key: place, sector, day, column."""
    day = (keys >> bits) & ((1 << cells.DAY_BITS) - 1)
    area = keys >> (bits + cells.DAY_BITS)
    return area >> 2, area & 3, day, keys & ((1 << bits) - 1)
