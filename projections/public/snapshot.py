"""The public table of one day: the number of pupils not reached by municipality, sector and week, small ones hidden.

It holds nothing else about pupils, and nothing that was not shown: a small number is gone before this is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from projections.public.ranges import SMALLEST_SHOWN, Range
from projections.register.areas import COUNTRY, province_of, region_of

__all__ = ["ALL_SECTORS", "Row", "Snapshot", "hidden"]

ALL_SECTORS: Final = "all"
"""In the place of a sector: all of them together."""

Numbers = NDArray[np.int32]


def hidden(numbers: NDArray[np.int64]) -> Numbers:
    """Give what may be known of exact numbers: the least that each may be. 1 to 4 become 1, all others stay."""
    return np.where((numbers > 0) & (numbers < SMALLEST_SHOWN), 1, numbers).astype(np.int32)


class Row(NamedTuple):
    """A number of an area (a municipality, `unknown`, `VR01`, `PV20`, `NL`), a sector or all, and a week."""

    area: str
    sector: str
    week: str
    unreached: Range
    schools_expected: int
    schools_reported: int


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Arrays are [place, sector, week] and 0 where no row exists.

    `as_of` is when it was made, in microseconds, to the minute; `day` that day in Amsterdam. Which rows exist follows
    from the calendar of closures and the register of municipalities alone, never from what was counted.
    """

    day: date
    as_of: int
    places: tuple[str, ...]
    """Municipalities in the order of their codes, and `unknown`."""
    sectors: tuple[str, ...]
    weeks: tuple[str, ...]
    exists: NDArray[np.bool_]
    low: Numbers
    """The least that each number may be; 1 says `<5`."""
    expected: Numbers
    reported: Numbers

    @cached_property
    def high(self) -> Numbers:
        """The most that each number may be."""
        return np.where(self.low == 1, SMALLEST_SHOWN - 1, self.low).astype(np.int32)

    def cell(self, place: str, sector: str, week: str) -> Range | None:
        """Give what the public knows of one cell; None where no such row exists."""
        try:
            at = self.places.index(place), self.sectors.index(sector), self.weeks.index(week)
        except ValueError:
            return None
        return Range(int(self.low[at]), int(self.high[at])) if self.exists[at] else None

    def total(self, places: Sequence[str], sectors: Sequence[str], week: str) -> Range | None:
        """Add the cells of a week that exist; None where none does. Of the sum no more is known than of its cells."""
        if week not in self.weeks:
            return None
        weeks = np.array(self.weeks) == week
        chosen = np.ix_(np.isin(self.places, places), np.isin(self.sectors, sectors), weeks)
        if not self.exists[chosen].any():
            return None
        return Range(int(self.low[chosen].sum()), int(self.high[chosen].sum()))

    def rows(self) -> Iterator[Row]:
        """Give every cell, in the order of municipality, sector and week."""
        yield from self._rows(
            self.places, self.sectors, (self.exists, self.low, self.high, self.expected, self.reported)
        )

    def area_rows(self) -> Iterator[Row]:
        """Give the sums: the country, provinces and safety regions by sector, and all sectors together of every area.

        The country holds the pupils whose residence is unknown too.
        """
        arrays = (self.exists, self.low, self.high, self.expected, self.reported)
        codes, into = _areas(self.places)
        summed = [_added(array, into, len(codes)) for array in arrays]
        yield from self._rows(codes, self.sectors, summed)
        yield from self._rows(codes, (ALL_SECTORS,), [_all_sectors(array) for array in summed])
        yield from self._rows(self.places, (ALL_SECTORS,), [_all_sectors(array) for array in arrays])

    def _rows(
        self, areas: Sequence[str], sectors: Sequence[str], arrays: Sequence[NDArray[np.generic]]
    ) -> Iterator[Row]:
        exists = arrays[0]
        columns = [array[exists.astype(bool)].tolist() for array in arrays[1:]]
        for (a, s, w), low, high, expected, reported in zip(np.argwhere(exists).tolist(), *columns, strict=True):
            yield Row(areas[a], sectors[s], self.weeks[w], Range(low, high), expected, reported)


def _areas(places: Sequence[str]) -> tuple[tuple[str, ...], list[tuple[int, int]]]:
    """Give the areas above municipalities, and which place lies in which of them."""
    lies = [(COUNTRY.code, *(area.code for area in (province_of(gm), region_of(gm)) if area)) for gm in places]
    codes = tuple(sorted({code for of in lies for code in of}))
    return codes, [(row, codes.index(code)) for row, of in enumerate(lies) for code in of]


def _added(array: NDArray[np.generic], into: Sequence[tuple[int, int]], number: int) -> NDArray[np.generic]:
    summed = np.zeros((number, *array.shape[1:]), dtype=array.dtype)
    rows, areas = np.array(into, dtype=np.intp).reshape(-1, 2).T
    np.add.at(summed, areas, array[rows])
    return summed


def _all_sectors(array: NDArray[np.generic]) -> NDArray[np.generic]:
    return np.add.reduce(array, axis=1, keepdims=True, dtype=array.dtype)
