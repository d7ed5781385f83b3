"""The numbers of the page: for each view one dense array, made from the tables.

A view is an array [row, column, 3] of value, schools that answered and schools expected. Row 0 is the whole country,
the others are `Frame.rows`. Columns are the `Column`s of the view, the weeks last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.web.frame import ALL, Frame
from services.web.source import TablesLike

__all__ = ["BLANK", "TOTAL", "Column", "Grid", "columns_of", "grid_of"]

BLANK: Final = -(2**62)
"""In the place of a value: there is none here (no closure, no previous week, no valid sum)."""

TOTAL: Final = "total"
"""The code of row 0, the whole country."""

VALUE, REPORTED, EXPECTED = range(3)

Grid = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of numbers: a week, or what is told about the last week."""

    name: str
    """The ISO week, or `change`, `over`, `households`: also how a link asks to sort by it."""
    kind: Literal["week", "change", "number"]


def columns_of(frame: Frame, key: str) -> tuple[Column, ...]:
    """List the columns of a view. Households are told by sector only: a sum over sectors would not be valid."""
    households = () if key == ALL else (Column("households", "number"),)
    weeks = (Column(week, "week") for week in frame.weeks[key])
    return (Column("change", "change"), Column("over", "number"), *households, *weeks)


def grid_of(tables: TablesLike, frame: Frame, key: str) -> Grid:
    """Work out the numbers of a view.

    The change compares the last week with the one before, over the places and sectors closed in both. Totals are sums
    over every place; households have none, as those of two places may be the same.
    """
    columns = columns_of(frame, key)
    weeks = [tables.weeks.index(week) for week in frame.weeks[key]]
    places = {place: index for index, place in enumerate(tables.places)}
    chosen = np.array([places[code] for code in frame.rows], dtype=np.intp)
    sectors = slice(None) if key == ALL else slice((at := tables.sectors.index(key)), at + 1)

    def cut(measure: NDArray[np.int64]) -> NDArray[np.int64]:
        return measure[:, sectors, :][:, :, weeks]

    closed = tables.open[:, sectors, :][:, :, weeks]
    unreached = cut(tables.counts["unreached"])
    grid = np.zeros((1 + len(frame.rows), len(columns), 3), dtype=np.int64)
    if not weeks:
        grid[:, :, VALUE] = BLANK
        return grid

    def put(column: slice, part: int, values: NDArray[np.int64], where: NDArray[np.bool_] | None = None) -> None:
        """Fill one part of columns from values by place and sector, and its total; BLANK where `where` never holds."""
        summed = np.vstack((values.sum(axis=(0, 1), keepdims=True)[0], values.sum(axis=1)[chosen]))
        if where is not None:
            held = np.vstack((np.any(where, axis=(0, 1), keepdims=True)[0], np.any(where, axis=1)[chosen]))
            summed = np.where(held, summed, BLANK)
        grid[:, column, part] = summed

    span = slice(len(columns) - len(weeks), None)
    put(span, VALUE, unreached, closed)
    put(span, REPORTED, cut(tables.coverage["schools_reported"]))
    put(span, EXPECTED, cut(tables.coverage["schools_expected"]))
    last, before = slice(-1, None), slice(-2, -1)
    if len(weeks) > 1:
        both = closed[:, :, last] & closed[:, :, before]
        put(slice(0, 1), VALUE, (unreached[:, :, last] - unreached[:, :, before]) * both, both)
    else:
        grid[:, 0, VALUE] = BLANK
    put(slice(1, 2), VALUE, cut(tables.counts["unreached_over_4_weeks"])[:, :, last], closed[:, :, last])
    if key != ALL:
        put(slice(2, 3), VALUE, cut(tables.counts["households"])[:, :, last], closed[:, :, last])
        grid[0, 2, VALUE] = BLANK
    return grid
