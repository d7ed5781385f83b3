"""The numbers of the page: for each view one dense array, made from the tables.

A view is an array [row, column, 4] of value, schools that answered, schools expected and, where the number is not known
exactly, the most that it may be. Row 0 is the whole country,
the others are `Frame.rows`. Columns are the `Column`s of the view, the weeks last.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from services.web.frame import ALL, Frame
from services.web.sight import everything_exact, exact_at, most_of
from services.web.source import TablesLike

__all__ = ["BLANK", "TOTAL", "Column", "Grid", "columns_of", "grid_of", "rows_within"]

BLANK: Final = -(2**62)
"""In the place of a value: there is none here (no closure, no previous week, no valid sum)."""

TOTAL: Final = "total"
"""The code of row 0, the whole country."""

VALUE, REPORTED, EXPECTED, MOST = range(4)
"""The least that a number may be, schools that answered, schools expected, and the most that the number may be."""

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


def rows_within(frame: Frame, within: Container[str] | None) -> tuple[str, ...]:
    """Give the rows of the frame that lie in an area; all of them when `within` is None."""
    return frame.rows if within is None else tuple(code for code in frame.rows if code in within)


def grid_of(tables: TablesLike, frame: Frame, key: str, within: Container[str] | None = None) -> Grid:
    """Work out the numbers of a view, of the whole country or of the places `within` an area.

    The change compares the last week with the one before, over the places and sectors closed in both. Totals are sums
    over every place; households have none, as those of two places may be the same.
    """
    columns = columns_of(frame, key)
    weeks = [tables.weeks.index(week) for week in frame.weeks[key]]
    places = {place: index for index, place in enumerate(tables.places)}
    rows = rows_within(frame, within)
    chosen = np.array([places[code] for code in rows], dtype=np.intp)
    summed_over = (
        slice(None)
        if within is None
        else np.array([at for code, at in places.items() if code in within], dtype=np.intp)
    )
    sectors = slice(None) if key == ALL else slice((at := tables.sectors.index(key)), at + 1)

    def cut(measure: NDArray[np.int64]) -> NDArray[np.int64]:
        return measure[:, sectors, :][:, :, weeks]

    closed = tables.open[:, sectors, :][:, :, weeks]
    unreached = cut(tables.counts["unreached"])
    grid = np.zeros((1 + len(rows), len(columns), 4), dtype=np.int64)
    if not weeks:
        grid[:, :, [VALUE, MOST]] = BLANK
        return grid

    def put(column: slice, part: int, values: NDArray[np.int64], where: NDArray[np.bool_] | None = None) -> None:
        """Fill one part of columns from values by place and sector, and its total; BLANK where `where` never holds."""
        total = values[summed_over].sum(axis=(0, 1), keepdims=True)[0]
        summed = np.vstack((total, values.sum(axis=1)[chosen]))
        if where is not None:
            any_of_them = np.any(where[summed_over], axis=(0, 1), keepdims=True)[0]
            held = np.vstack((any_of_them, np.any(where, axis=1)[chosen]))
            summed = np.where(held, summed, BLANK)
        grid[:, column, part] = summed

    span = slice(len(columns) - len(weeks), None)
    put(span, VALUE, unreached, closed)
    put(span, MOST, cut(most_of(tables)), closed)
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
    more = slice(0, len(columns) - len(weeks))
    grid[:, more, MOST] = grid[:, more, VALUE]
    if not everything_exact(tables):
        # What is told about the last week is not public: not of others, and not of a sum with others in it.
        hidden = np.flatnonzero(np.append(not everything_exact(tables, summed_over), ~exact_at(tables, chosen)))
        grid[hidden, more, VALUE] = grid[hidden, more, MOST] = BLANK
    return grid
