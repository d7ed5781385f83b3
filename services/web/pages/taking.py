"""The table to take along: what the page of municipality by week shows, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from events import local_day
from events.times import format_instant
from projections.public import Range
from services.web.board import Board
from services.web.frame import Frame
from services.web.pages.answering import board_of
from services.web.query import Query, language_of, read_query
from services.web.rows import rows_of
from services.web.texts import Language
from services.web.topics import TableTopic
from services.web.views import BLANK, EXPECTED, MOST, REPORTED, VALUE, Column, columns_of, rows_within

__all__ = ["PATH", "take_table"]

PATH: Final = "/gemeenten.csv"
_OF_A_WEEK: Final = ("", " schools_reported", " schools_expected")


async def take_table(request: Request) -> Response:
    """Answer `/gemeenten.csv`: the rows that `/gemeenten` shows for the same query, in the same order.

    Numbers are as this viewer may see them: digits where they are exact, else `<5` or a range `8-11`. Nothing stands
    where there is no number: no closure there in that week, or not public.
    """
    board = board_of(request)
    board.refresh()
    if board.frame is None or board.current is None:
        return PlainTextResponse("The count is being read.\n", 503, {"Retry-After": "2"})
    query = read_query(request.query_params, "/gemeenten")
    language = language_of(request.query_params, request.cookies.get("lang"))
    as_of = board.current.tables.as_of
    day = date.fromordinal(local_day(as_of)).isoformat()
    headers = {
        "Content-Disposition": f'attachment; filename="kind-in-beeld-{query.sector}-{day}.csv"',
        "Cache-Control": "no-store",
        "Kib-As-Of": format_instant(as_of),
    }
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(_lines(board, board.frame, query, language))
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8; header=present", headers=headers)


def _lines(board: Board, frame: Frame, query: Query, language: Language) -> Iterator[Sequence[str]]:
    topic = board.topic(f"table:{query.sector}" + (f":{query.area}" if query.area else ""))
    columns = columns_of(frame, query.sector)
    yield ["code", "name", *(name for column in columns for name in _names(column))]
    if not frame.weeks[query.sector] or not isinstance(topic, TableTopic) or topic.grid is None:
        return
    place = {code: index for index, code in enumerate(rows_within(frame, topic.within), 1)}
    for row in rows_of(frame, topic.grid, query, language, topic.within):
        if row.shown:
            numbers = topic.grid[place[row.code]].tolist()
            told = (_told(column, each) for column, each in zip(columns, numbers, strict=True))
            yield [row.code, row.name, *(text for texts in told for text in texts)]


def _names(column: Column) -> Iterable[str]:
    if column.kind != "week":
        return ("unreached_over_4_weeks" if column.name == "over" else column.name,)
    return (column.name + part for part in _OF_A_WEEK)


def _told(column: Column, numbers: Sequence[int]) -> Iterable[str]:
    texts = (str(Range(numbers[VALUE], numbers[MOST])), str(numbers[REPORTED]), str(numbers[EXPECTED]))
    if numbers[VALUE] == BLANK:
        texts = ("", "", "")
    return texts if column.kind == "week" else texts[:1]
