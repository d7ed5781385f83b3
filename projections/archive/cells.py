"""Cells that the reports of an archive add up to: arrays over the weeks in which any school was ever closed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Final

import numpy as np

from events import day_start, local_day
from projections.fold.calendar import Closure, last_day
from projections.fold.cells import monday_of
from projections.fold.cube import Cube, Grid, Numbers, Pairs
from projections.fold.reports import UNKNOWN_PLACE, place_number
from projections.live.tables import Tables, tables_of
from projections.register import codes_between

__all__ = ["Cells", "windows"]

_MOST_WEEKS: Final = 104
"""Weeks of one cube at most: a closure with a mistyped year fills no memory."""

Window = tuple[int, int]
"""The first Monday, and the number of weeks."""


def windows(closures: Iterable[Closure], until: int) -> list[Window]:
    """Give the weeks that any of the closures meets, up to that of the day ``until``, in runs without a gap."""
    spans = sorted(
        (monday_of(each.starts.toordinal()), monday_of(min(last_day(each), until)))
        for each in closures
        if each.starts.toordinal() <= min(until, last_day(each))
    )
    runs: list[list[int]] = []
    for first, last in spans:
        if runs and first <= runs[-1][1] + 7:
            runs[-1][1] = max(runs[-1][1], last)
        else:
            runs.append([first, last])
    found = []
    for first, last in runs:
        weeks = (last - first) // 7 + 1
        found += [(first + 7 * begin, min(_MOST_WEEKS, weeks - begin)) for begin in range(0, weeks, _MOST_WEEKS)]
    return found


class Cells:
    """What pupils contribute, added up; several threads may add (``projections.fold.many.Into``)."""

    def __init__(self, frames: Sequence[Window], places: Iterable[int]) -> None:
        """Begin with nothing; ``places`` are all that reports name."""
        codes = codes_between(frames[0][0], frames[-1][0] + 7 * frames[-1][1]) if frames else ()
        self.places = sorted({place_number(code) for code in codes} | set(places) | {UNKNOWN_PLACE})
        self._cubes = [Cube(self.places, first, weeks) for first, weeks in frames]
        self._lock = Lock()
        self._ripe: list[tuple[Numbers, Numbers, int]] = []

    def flow(self, keys: Numbers, each: int = 1) -> None:
        """Add to what happens on days."""
        with self._lock:
            for cube in self._cubes:
                cube.count_flow(keys, each)

    def during(self, keys: Numbers, each: int = 1) -> None:
        """Add to the pupils unreached during weeks."""
        with self._lock:
            for cube in self._cubes:
                cube.count_during(keys, each)

    def over_4_weeks(self, ripe: Numbers, area: Numbers, each: int = 1) -> None:
        """Take in from when on pupils are unreached for four weeks."""
        with self._lock:
            self._ripe.append((ripe, area, each))

    def tables(self, position: int, at: int, closures: tuple[Closure, ...]) -> list[Tables]:
        """Give the counts as of K = ``at``, of each run of weeks; nothing that happened later is in the cells."""
        unripe = self._unripe(at)
        grids: list[Grid] = [cube.grid(at, closures, unripe) for cube in self._cubes]
        return [tables_of(position, at, self.places, grid) for grid in grids]

    def _unripe(self, at: int) -> Pairs:
        """Give (area, number) of those who pass four weeks on the day of K, but not before K.

        Each K is at or after the one before: who has passed four weeks by then needs no more looking at.
        """
        tonight = day_start(local_day(at - 1) + 1)
        coming = [(ripe >= at, ripe, area, each) for ripe, area, each in self._ripe]
        self._ripe = [(ripe[later], area[later], each) for later, ripe, area, each in coming]
        found = [(area[ripe < tonight], each) for ripe, area, each in self._ripe]
        pairs = [np.stack([area, np.full(len(area), each)], axis=1) for area, each in found]
        return np.concatenate([np.zeros((0, 2), dtype=np.int64), *pairs])
