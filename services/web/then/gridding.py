"""The cells of then and now by municipality and week, of those that somebody may see exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projections.tables import UNKNOWN
from services.web.then.replays import NUMBERS, Compared

__all__ = ["Grid", "grid_of"]


@dataclass(frozen=True)
class Grid:
    """As known `then` and `now` (microseconds)."""

    then: int
    now: int
    places: tuple[str, ...]
    """The codes of the municipalities in which anything is known, in order; residence unknown is the last."""
    weeks: tuple[str, ...]
    numbers: NDArray[np.int64]
    """By place, by week, in the order of `NUMBERS`."""


def grid_of(found: Compared, codes: frozenset[str] | None, sector: str | None) -> Grid:
    """Add up over sectors (or of one). `codes`: of these municipalities only; None: of all, and residence unknown."""
    mask = np.ones(len(found.week), dtype=np.bool_)
    if codes is not None:
        mask &= np.isin(found.municipality, sorted(codes))
    if sector is not None:
        mask &= found.sector == sector
    places, row = np.unique(found.municipality[mask], return_inverse=True)
    weeks, column = np.unique(found.week[mask], return_inverse=True)
    numbers = np.zeros((len(places), len(weeks), len(NUMBERS)), dtype=np.int64)
    np.add.at(numbers, (row, column), found.numbers[mask])
    names: list[str] = places.tolist()
    order = sorted(range(len(names)), key=lambda at: (names[at] == UNKNOWN, names[at]))
    return Grid(found.then, found.now, tuple(names[at] for at in order), tuple(weeks.tolist()), numbers[order])
