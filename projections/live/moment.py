"""The live view as of one instant: what everything that is shown together is read from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from events import local_day, week_monday, week_of_day
from projections.fold.calendar import Closure
from projections.fold.cells import Deltas, monday_of
from projections.fold.cube import Cube, Grid, Numbers, Pairs
from projections.fold.reports import place_code
from projections.live.database import Database
from projections.live.tables import Tables, tables_of

_CHUNK: Final = 500


@dataclass(frozen=True)
class Moment:
    """One position of the view, read in one transaction, and one instant K, ``at`` (microseconds).

    Good for as long as the block of ``LiveReader.moment`` lasts. What is asked of it is arrays by [place, sector], in
    the order of ``tables``, or by place and sector as the cube numbers them.
    """

    database: Database
    position: int
    at: int
    cube: Cube
    closures: tuple[Closure, ...]
    grid: Grid
    unripe: Pairs
    """(area, number) of those who pass four weeks on the day of K, but not before K."""
    early: Deltas | None
    """What was added to the cube to leave out what happens at K or after."""
    kept: dict[tuple[str, str], Any]
    """What was worked out of this view at earlier moments, by what it is and of whom; another view begins with none."""

    @cached_property
    def tables(self) -> Tables:
        """Both tables."""
        return tables_of(self.position, self.at, self.cube.places, self.grid)

    @property
    def today(self) -> int:
        """The day of K, as an ordinal: the one that the instant just before K is on."""
        return local_day(self.at - 1)

    def open(self, week: str) -> NDArray[np.bool_]:
        """Tell for each place and sector (of the cube) whether a week's row exists."""
        if week not in self.grid.weeks:
            return np.zeros(self.grid.open.shape[:2], dtype=np.bool_)
        return self.grid.open[:, :, self.grid.weeks.index(week)]

    @property
    def running_week(self) -> str:
        """The week that K is in."""
        return week_of_day(monday_of(self.today))

    def week_number(self, week: str) -> int:
        """The number of a week in the cube."""
        return (week_monday(week) - self.cube.first_monday) // 7

    def mask(self, codes: Collection[str]) -> NDArray[np.bool_]:
        """Tell of each place whether it is one of these municipalities."""
        return np.array([place_code(place) in codes for place in self.cube.places], dtype=np.bool_)

    def sums_by_area(self, pairs: Pairs) -> Numbers:
        """Add up (area, number) by place and sector."""
        sums = np.zeros(self.grid.open.shape[:2], dtype=np.int64)
        np.add.at(sums, (self.cube.rows_of(pairs[:, 0] >> 2), pairs[:, 0] & 3), pairs[:, 1])
        return sums

    def select(self, statement: str, keys: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
        """Give the rows of a statement that ends in ``IN``, for all these keys."""
        wanted = sorted(keys)
        for begin in range(0, len(wanted), _CHUNK):
            chunk = wanted[begin : begin + _CHUNK]
            yield from self.database.execute(f"{statement} ({','.join('?' * len(chunk))})", chunk)
