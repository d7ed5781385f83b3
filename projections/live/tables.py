"""Both tables of the definition as of one instant, as a reader of the live view gives them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from projections.fold.cube import Grid
from projections.fold.reports import place_code
from projections.tables import SECTORS

SORTED_SECTORS: Final = tuple(sorted(SECTORS))
_SECTOR_ORDER: Final = [SECTORS.index(name) for name in SORTED_SECTORS]

_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True)
class Tables:
    """Both tables as of one instant; arrays are [place, sector, week] and 0 where the row does not exist."""

    position: int
    as_of: int
    places: tuple[str, ...]
    sectors: tuple[str, ...]
    weeks: tuple[str, ...]
    open: NDArray[np.bool_]
    counts: dict[str, NDArray[np.int64]]
    coverage: dict[str, NDArray[np.int64]]
    register: dict[str, NDArray[np.int64]]
    """The registered pupils (``REGISTER_MEASURES``): beside the tables of the definition, and in no replay."""

    def rows(self, table: str) -> Iterator[tuple[str | int, ...]]:
        """Give the rows of "counts" or "coverage" in the order of the definition.

        Of the counts those with a measure that is not zero, of the coverage those where a school is expected.
        """
        measures = list((self.counts if table == "counts" else self.coverage).values())
        exists = np.any([m != 0 for m in measures], axis=0) if table == "counts" else measures[0] != 0
        for p, s, w in np.argwhere(exists & self.open):
            yield self.places[p], self.sectors[s], self.weeks[w], *(int(m[p, s, w]) for m in measures)


def by_sector_name(numbers: NDArray[_Number]) -> NDArray[_Number]:
    """Put arrays by [place, sector], as the cube numbers sectors, in the order of the tables."""
    ordered: NDArray[_Number] = numbers[:, _SECTOR_ORDER]
    ordered.flags.writeable = False  # they may be given to several who ask
    return ordered


def tables_of(position: int, at: int, places: Sequence[int], grid: Grid) -> Tables:
    """Name the rows, with sectors in the order of their names."""
    return Tables(
        position,
        at,
        tuple(place_code(place) for place in places),
        SORTED_SECTORS,
        grid.weeks,
        by_sector_name(grid.open),
        {name: by_sector_name(numbers) for name, numbers in grid.counts.items()},
        {name: by_sector_name(numbers) for name, numbers in grid.coverage.items()},
        {name: by_sector_name(numbers) for name, numbers in grid.register.items()},
    )
