"""The reporting triangle: the number of each week as it was known at its end, one week later, and so on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events import day_start, local_day, week_monday, week_of_day
from projections.archive.asof import Archive
from projections.fold.cells import monday_of
from projections.live.tables import Tables

__all__ = ["UNKNOWN_YET", "Reported", "Triangle", "moments", "triangles"]

UNKNOWN_YET: Final = -1
"""Stands where a number was not known by then: the time had not come, or schools were not known to be closed."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Triangle:
    """Of one area and measure: rows are weeks in order, columns 0, 1, 2, … weeks after the week's end."""

    weeks: tuple[str, ...]
    known: Numbers
    """The number, or ``UNKNOWN_YET``."""

    def known_at(self, week: str) -> Triangle:
        """Give what of it was known at the end of a week."""
        last = week_monday(week)
        ages = np.array([(last - week_monday(each)) // 7 for each in self.weeks if each <= week], dtype=np.int64)
        later = np.arange(self.known.shape[1])[None, :] > ages[:, None]
        known = np.where(later, UNKNOWN_YET, self.known[: len(ages)])
        told = np.flatnonzero(np.any(known != UNKNOWN_YET, axis=1))
        return Triangle(tuple(self.weeks[row] for row in told), known[told])


class Reported(NamedTuple):
    """What was reported of one area: who is unreached, and the changes of each week that make it so."""

    unreached: Triangle
    newly_lost: Triangle
    restored: Triangle

    def known_at(self, week: str) -> Reported:
        """Give what of it was known at the end of a week."""
        return Reported(*(each.known_at(week) for each in self))


def moments(archive: Archive, as_of: int) -> dict[int, str]:
    """Give the end of every week up to K from the first closed one on (microseconds), with the week that ends."""
    firsts = [monday_of(closure.starts.toordinal()) for closure in archive.announced.ever]
    found = {}
    for monday in range(min(firsts, default=local_day(as_of)), local_day(as_of) + 1, 7):
        if (end := day_start(monday + 7)) <= as_of:
            found[end] = week_of_day(monday)
    return found


def triangles(
    archive: Archive, areas: Sequence[Collection[str] | None], as_of: int, after: int, sector: str | None = None
) -> list[Reported]:
    """Give what was reported of each area, the codes of its municipalities (None: the country, with residence unknown).

    As known at K = ``as_of``, up to ``after`` weeks after the end of a week. With a ``sector``, of that one only.
    """
    ends = moments(archive, as_of)
    number = {week: at for at, week in enumerate(ends.values())}
    cells: list[list[dict[tuple[str, int], int]]] = [[{} for _ in Reported._fields] for _ in areas]
    for now, (_, counts) in enumerate(archive.many(list(ends))):
        for tables in counts:
            chosen = [_mask(tables, area) for area in areas]
            sectors = np.array([sector in (None, name) for name in tables.sectors], dtype=np.bool_)
            for index, week in enumerate(tables.weeks):
                age = now - number[week]
                if not 0 <= age <= after:
                    continue
                is_open = np.asarray(tables.open[:, sectors, index].any(axis=1))
                numbers = [tables.counts[name][:, sectors, index].sum(axis=1) for name in Reported._fields]
                for into, mask in zip(cells, chosen, strict=True):
                    if is_open[mask].any():
                        for each, column in zip(into, numbers, strict=True):
                            each[week, age] = int(column[mask].sum())
    return [Reported(*(_triangle(each, after) for each in of)) for of in cells]


def _mask(tables: Tables, area: Collection[str] | None) -> NDArray[np.bool_]:
    if area is None:
        return np.ones(len(tables.places), dtype=np.bool_)
    return np.array([place in area for place in tables.places], dtype=np.bool_)


def _triangle(cells: dict[tuple[str, int], int], after: int) -> Triangle:
    weeks = tuple(sorted({week for week, _ in cells}))
    known = np.full((len(weeks), after + 1), UNKNOWN_YET, dtype=np.int64)
    row = {week: number for number, week in enumerate(weeks)}
    for (week, age), number in cells.items():
        known[row[week], age] = number
    return Triangle(weeks, known)
