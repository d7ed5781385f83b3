"""The rows of the table in their order, with their names and their look."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from functools import cache

from projections.register import Municipality, municipalities
from projections.tables import UNKNOWN
from services.web.frame import Frame
from services.web.painting import Cell, paint
from services.web.query import DEFAULT_SORT, Query
from services.web.texts import Language, translator
from services.web.views import BLANK, EXPECTED, REPORTED, VALUE, Column, Grid, columns_of, rows_within
from services.web.wording import day_and_month, fold

__all__ = ["Row", "name_of", "place_href", "rows_of", "total_of"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `key` is its name folded, by which it is found and sorted; `note` says what is special about it."""

    code: str
    name: str
    key: str
    note: str
    shown: bool
    cells: tuple[Cell, ...]
    href: str
    """The page of the place."""
    public: bool
    """Whether these are public figures, of the day of the newest public table."""


@cache
def _register() -> dict[str, Municipality]:
    return {municipality.code: municipality for municipality in municipalities()}


def name_of(code: str, language: Language) -> str:
    """Give the name of a place; of a code that is not in the register, the code."""
    if code == UNKNOWN:
        return translator(language)("unknown")
    known = _register().get(code)
    return known.name if known else code


def place_href(code: str, query: Query) -> str:
    """Give the address of the page of a place, in the sector that is shown."""
    return replace(query, path=f"/gemeenten/{code}", area="", sort=DEFAULT_SORT, descending=True, search="").href()


def _hrefs(query: Query) -> Callable[[str], str]:
    """Give how `place_href` of each place is made: what is asked for is written once for all of them."""
    path, mark, asked = place_href("", query).partition("?")
    return lambda code: f"{path}{code}{mark}{asked}"


def total_of(frame: Frame, grid: Grid, query: Query, language: Language) -> tuple[Cell, ...]:
    """Paint the row of the whole country."""
    return _cells(columns_of(frame, query.sector), grid, 0, language, total=True)


def rows_of(
    frame: Frame,
    grid: Grid,
    query: Query,
    language: Language,
    within: Container[str] | None = None,
    public: Container[str] = (),
) -> list[Row]:
    """Paint the rows in the order asked for, `unknown` always first; what the search leaves out is not `shown`.

    `public`: places whose figures are public ones. `least` of the query leaves out rows with a smaller number in the
    last week, also those without one.
    """
    columns = columns_of(frame, query.sector)
    sought = fold(query.search)
    rows, href_of = {}, _hrefs(query)
    for index, code in enumerate(rows_within(frame, within), 1):
        name = name_of(code, language)
        key = fold(name)
        cells = _cells(columns, grid, index, language)
        shown = sought in key and (not query.least or int(grid[index, -1, VALUE]) >= query.least)
        note, href = _note(code, frame, language), href_of(code)
        rows[index] = Row(code, name, key, note, shown, cells, href, code in public)
    order = sorted(rows, key=lambda index: rows[index].key)
    at = _column(columns, query.sort)
    if at is None:
        order.sort(key=lambda index: rows[index].key, reverse=query.descending)
    else:
        order.sort(key=lambda index: _rank(grid, index, at), reverse=query.descending)
    order.sort(key=lambda index: rows[index].code != UNKNOWN)
    return [rows[index] for index in order]


def _cells(
    columns: tuple[Column, ...], grid: Grid, row: int, language: Language, *, total: bool = False
) -> tuple[Cell, ...]:
    return tuple(
        paint(column, numbers, language, total=total)
        for column, numbers in zip(columns, grid[row].tolist(), strict=True)
    )


def _column(columns: tuple[Column, ...], sort: str) -> int | None:
    """Find the column to sort by; None: by name. A column that is not there any more reads as the last week."""
    if sort == "name" or not columns:
        return None
    names = [column.name for column in columns]
    return names.index(sort) if sort != DEFAULT_SORT and sort in names else len(names) - 1


def _rank(grid: Grid, row: int, column: int) -> tuple[int, int]:
    """Rank a cell: not closed lowest, then no answer, then by number."""
    value = int(grid[row, column, VALUE])
    if value == BLANK:
        return 0, 0
    silent = value == 0 and grid[row, column, REPORTED] == 0 and grid[row, column, EXPECTED] > 0
    return (1, 0) if silent else (2, value)


def _note(code: str, frame: Frame, language: Language) -> str:
    if code not in frame.ended:
        return ""
    t = translator(language)
    known = _register().get(code)
    if known is None or known.valid_until is None:
        return t("not_registered") if known is None else ""
    return t("not_valid", day=f"{day_and_month(known.valid_until, language)} {known.valid_until.year}")
