"""The page of municipality by week: the heat map, which is a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup
from starlette.requests import Request

from events import local_day
from services.web import wording
from services.web.board import Board
from services.web.environment import render
from services.web.frame import KEYS, Frame
from services.web.painting import Cell, legend
from services.web.query import DEFAULT_SORT, Query
from services.web.rendering import common
from services.web.rows import Row, rows_of, total_of
from services.web.sight import everything_exact, exact_at
from services.web.texts import Language, Translate, translator
from services.web.topics import TableTopic
from services.web.views import columns_of
from services.web.within import choices, name_of_area

__all__ = ["Header", "draw_table", "headers_of"]


class Header(NamedTuple):
    """The head of a column: its name in links, its title and the small print under it."""

    sort: str
    title: str
    hint: str


def draw_table(request: Request, board: Board, frame: Frame, query: Query, language: Language) -> str | None:
    """Draw `/gemeenten`."""
    t, topic = translator(language), board.topic(query.table)
    assert isinstance(topic, TableTopic)  # noqa: S101 - made so by its name
    assert topic.grid is not None  # noqa: S101 - a topic that the board gives has been brought up to date
    shown, public = bool(frame.weeks[query.sector]), _public(board)
    rows = rows_of(frame, topic.grid, query, language, topic.within, public) if shown else []
    return render(
        "table_page.html",
        common(board, query, language, topic=query.table),
        keys=KEYS,
        area_choices=choices(local_day(board.current.tables.as_of), language) if board.current else [],
        area_name=name_of_area(query.area, language),
        columns=headers_of(frame, query.sector, language) if rows else [],
        rows=rows,
        total=total_of(frame, topic.grid, query, language) if rows else (),
        found=_found(rows, t, language),
        legend=legend(language),
        running=query.sector in frame.on,
        others_hidden=any(topic.within is None or code in topic.within for code in public),
        sorted=_sorter(frame, query),
        cells=_cells,
    )


def _public(board: Board) -> frozenset[str]:
    """Give the places whose figures are not exact for who looks."""
    tables = board.current.tables if board.current is not None else None
    if tables is None or everything_exact(tables):
        return frozenset()
    exact = exact_at(tables, np.arange(len(tables.places)))
    return frozenset(code for code, own in zip(tables.places, exact.tolist(), strict=True) if not own)


def _cells(cells: Iterable[Cell]) -> Markup:
    """Write the cells of a row, by hand: there are thousands. They hold digits and our own classes, no one's text."""
    return Markup(  # noqa: S704
        "".join(
            f'<td role="cell" class="{css}">{text}<small>{coverage}</small></td>'
            if coverage
            else f'<td role="cell" class="{css}">{text}</td>'
            for text, css, coverage in cells
        )
    )


def headers_of(frame: Frame, key: str, language: Language) -> list[Header]:
    """Give the heads of the columns of a view."""
    t = translator(language)
    headers = []
    columns = columns_of(frame, key)
    for column in columns:
        if column.kind != "week":
            headers.append(Header(column.name, t(column.name), t(f"{column.name}_hint")))
            continue
        title = f"W{wording.week_number(column.name)}"
        hint = wording.first_day(column.name, language)
        if column is columns[-1]:
            title, hint = t("now" if key in frame.on else "last"), f"{title}, {hint}"
        headers.append(Header(DEFAULT_SORT if column is columns[-1] else column.name, title, hint))
    return headers


def _sorter(frame: Frame, query: Query) -> Any:
    weeks = frame.weeks[query.sector]
    known = {"name", DEFAULT_SORT, *(column.name for column in columns_of(frame, query.sector))}
    by = query.sort if query.sort in known and query.sort not in weeks[-1:] else DEFAULT_SORT

    def sorted_attribute(name: str) -> Markup:
        order = "descending" if query.descending else "ascending"
        return Markup(' aria-sort="{}"').format(order) if name == by else Markup()

    return sorted_attribute


def _found(rows: list[Row], t: Translate, language: Language) -> str:
    """Say how many municipalities are shown; residence unknown is none."""
    places = [row for row in rows if row.code.startswith("GM")]
    shown = sum(row.shown for row in places)
    if rows and not any(row.shown for row in rows):
        return t("nothing_found")
    return t("shown", n=wording.number(shown, language), m=wording.number(len(places), language))
