"""The table to take along: what the page of municipality by week shows, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from events import local_day
from events.times import format_instant
from projections.public import Range
from services.web.board import Board
from services.web.frame import Frame
from services.web.pages.answering import board_of
from services.web.query import Query, read_query
from services.web.rows import rows_of
from services.web.texts import Language, language_of
from services.web.topics import TableTopic
from services.web.views import BLANK, EXPECTED, MOST, REPORTED, VALUE, Column, columns_of, rows_within

__all__ = ["PATH", "Asked", "asked_table", "take_table"]

PATH: Final = "/gemeenten.csv"
_OF_A_WEEK: Final = ("", " schools_reported", " schools_expected")


class Asked(NamedTuple):
    """The table that somebody takes along; `as_of` in microseconds."""

    board: Board
    frame: Frame
    query: Query
    language: Language
    as_of: int

    def attachment(self, ending: str) -> str:
        """Name the file that it is kept as: by its sector and day."""
        day = date.fromordinal(local_day(self.as_of)).isoformat()
        return f'attachment; filename="kind-in-beeld-{self.query.sector}-{day}.{ending}"'


def asked_table(request: Request) -> Asked | Response:
    """Give the table that `/gemeenten` shows for the same query; an answer of its own before there is any."""
    board = board_of(request)
    board.refresh()
    if board.frame is None or board.current is None:
        return PlainTextResponse("The count is being read.\n", 503, {"Retry-After": "2"})
    query = read_query(request.query_params, "/gemeenten")
    language = language_of(request.query_params, request.cookies.get("lang"))
    return Asked(board, board.frame, query, language, board.current.tables.as_of)


async def take_table(request: Request) -> Response:
    """Answer `/gemeenten.csv`: the rows that `/gemeenten` shows for the same query, in the same order.

    Numbers are as this viewer may see them: digits where they are exact, else `<5` or a range `8-11`. Nothing stands
    where there is no number: no closure there in that week, or not public.
    """
    asked = asked_table(request)
    if isinstance(asked, Response):
        return asked
    headers = {
        "Content-Disposition": asked.attachment("csv"),
        "Cache-Control": "no-store",
        "Kib-As-Of": format_instant(asked.as_of),
    }
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(_lines(asked))
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8; header=present", headers=headers)


def _lines(asked: Asked) -> Iterator[Sequence[str]]:
    board, frame, query, language, _ = asked
    topic = board.topic(query.table)
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
