"""The rows of a table as columns: where a table comes from, and its rows of nothing but zeros.

Rows stand in the order of the definition: by municipality, sector and week, by code point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from projections.tables import COUNT_MEASURES, KEY, MEASURES
from services.web.api.calendar import Calendar
from services.web.source import TablesLike

__all__ = ["Rows", "rows_of", "rows_of_columns", "with_zeros", "without_zeros"]

Texts = NDArray[np.str_]
Numbers = NDArray[np.int64]

_TEXT: Final = np.str_


@dataclass(frozen=True)
class Rows:
    """The rows of "counts" or "coverage": the three columns of the key, and [row, measure]."""

    municipality: Texts
    sector: Texts
    week: Texts
    numbers: Numbers

    def __len__(self) -> int:
        return len(self.week)

    def chosen(self, which: NDArray[Any]) -> Rows:
        """Give some of the rows: by a mask, or by their places."""
        return Rows(self.municipality[which], self.sector[which], self.week[which], self.numbers[which])

    def beside(self, other: Rows) -> Rows:
        """Give these rows and then the other ones."""
        return Rows(
            np.concatenate([self.municipality, other.municipality]),
            np.concatenate([self.sector, other.sector]),
            np.concatenate([self.week, other.week]),
            np.concatenate([self.numbers, other.numbers]),
        )

    def order(self) -> NDArray[np.intp]:
        """Give the places of the rows in their order."""
        return np.lexsort((self.week, self.sector, self.municipality))


def rows_of(tables: TablesLike, table: str) -> Rows:
    """Give the rows of a table of the live view: counts with a measure that is not zero, coverage with a school."""
    measures = _measures(tables, table)
    exists = np.any([measure != 0 for measure in measures], axis=0) if table == "counts" else measures[0] != 0
    exists &= tables.open
    place, sector, week = np.nonzero(exists)
    return Rows(
        _texts(tables.places)[place],
        _texts(tables.sectors)[sector],
        _texts(tables.weeks)[week],
        np.stack([measure[place, sector, week] for measure in measures], axis=1),
    )


def rows_of_columns(table: str, columns: Mapping[str, Sequence[Any]]) -> Rows:
    """Give the rows of a table that was replayed: each of its columns by name."""
    municipality, sector, week = (_texts(columns[name]) for name in KEY)
    numbers = [np.array(columns[name], dtype=np.int64) for name in MEASURES[table]]
    return Rows(municipality, sector, week, np.stack(numbers, axis=1))


def with_zeros(rows: Rows, calendar: Calendar) -> Rows:
    """Add to the counts the rows of zeros: of each municipality whose code is valid on a closed day of the week."""
    lacking = calendar.valid.copy()
    found = [
        _places(calendar.places, rows.municipality),
        _places(calendar.sectors, rows.sector),
        _places(calendar.weeks, rows.week),
    ]
    known = np.logical_and.reduce([at >= 0 for at in found])
    lacking[tuple(at[known] for at in found)] = False
    place, sector, week = np.nonzero(lacking)
    zeros = Rows(
        _texts(calendar.places)[place],
        _texts(calendar.sectors)[sector],
        _texts(calendar.weeks)[week],
        np.zeros((len(place), len(COUNT_MEASURES)), dtype=np.int64),
    )
    every = rows.beside(zeros)
    return every.chosen(every.order())


def without_zeros(rows: Rows) -> Rows:
    """Leave out the rows of nothing but zeros."""
    return rows.chosen((rows.numbers != 0).any(axis=1))


def _measures(tables: TablesLike, table: str) -> list[Numbers]:
    held = tables.counts if table == "counts" else tables.coverage
    return [held[name] for name in MEASURES[table]]


def _texts(values: Sequence[str]) -> Texts:
    return np.array(values, dtype=_TEXT)


def _places(values: Sequence[str], column: Texts) -> NDArray[np.intp]:
    """Give where each value of a column stands among the names, -1 where it does not."""
    names = _texts(values)
    if not len(names):
        return np.full(len(column), -1, dtype=np.intp)
    order = np.argsort(names)
    at = order[np.searchsorted(names, column, sorter=order).clip(max=len(names) - 1)]
    return np.where(names[at] == column, at, -1)
