"""The table to take along: what the page of municipality by week shows, as a picture."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.web import wording
from services.web.charts.pictures import FORMATS, Form, Heat, HeatCell, HeatRow
from services.web.charts.themes import ThemeName, theme_of
from services.web.pages.charts import answer_picture
from services.web.pages.table import headers_of
from services.web.pages.taking import Asked, asked_table
from services.web.painting import Cell, legend
from services.web.query import Query
from services.web.rows import rows_of, total_of
from services.web.sight import everything_exact
from services.web.texts import Language, Translate, translator
from services.web.topics import TableTopic
from services.web.within import name_of_area

__all__ = ["MOST_ROWS", "picture_routes"]

MOST_ROWS: Final = 50
"""The most places in one picture: more could not be read on one page."""


def picture_routes() -> list[Route]:
    """Make the routes of the table as a picture."""
    return [Route(f"/gemeenten.{form}", _endpoint(form)) for form in FORMATS]


def _endpoint(form: Form) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        """Answer with the rows that `/gemeenten` shows for the same query, in the same order, as far as they fit."""
        asked = asked_table(request)
        if isinstance(asked, Response):
            return asked
        picture = _picture(asked, theme_of(request.query_params.get("theme")))
        return await answer_picture(request, picture, form, {"Content-Disposition": asked.attachment(form)})

    return endpoint


def _picture(asked: Asked, theme: ThemeName) -> Heat:
    board, frame, query, language, as_of = asked
    t = translator(language)
    topic = board.topic(query.table)
    assert isinstance(topic, TableTopic)  # noqa: S101 - made so by its name
    assert topic.grid is not None  # noqa: S101 - a topic that the board gives has been brought up to date
    assert board.current is not None  # noqa: S101 - likewise
    painted = rows_of(frame, topic.grid, query, language, topic.within) if frame.weeks[query.sector] else []
    shown = [row for row in painted if row.shown]
    name = name_of_area(query.area, language)
    rows = [HeatRow(row.name, _cells(row.cells)) for row in shown[:MOST_ROWS]]
    if shown:
        rows.insert(0, HeatRow(name, _cells(total_of(frame, topic.grid, query, language)), total=True))
    about = [name, t(f"sector_{query.sector}").lower(), *_filters(query, t, language)]
    stand = wording.moment(as_of, language, seconds=False)
    footer = [t("chart_from", moment=stand)]
    tables = board.current.tables
    here = [at for at, code in enumerate(tables.places) if topic.within is None or code in topic.within]
    exact = everything_exact(tables, here)
    if not exact:
        footer.append(t("chart_public"))
    if not shown:
        footer.insert(0, t("nothing_found" if painted else "nothing_yet"))
    if len(shown) > MOST_ROWS:
        n, m = wording.number(MOST_ROWS, language), wording.number(len(shown), language)
        about.append(t("chart_rows", n=n, m=m))
    return Heat(
        theme=theme,
        title=t("chart_table_title"),
        subtitle=", ".join(about),
        heads=tuple((head.title, head.hint) for head in headers_of(frame, query.sector, language)) if shown else (),
        rows=tuple(rows),
        legend=(
            ("l0", t("legend_answered")),
            ("l0 mute", t("legend_silent")),
            ("off", t("legend_not_closed" if exact else "legend_not_closed_or_public")),
            *legend(language),
        ),
        footer=". ".join(text.rstrip(".") for text in footer),
    )


def _filters(query: Query, t: Translate, language: Language) -> Iterable[str]:
    if query.search:
        yield f"“{query.search}”"
    if query.least:
        yield t("chart_least", n=wording.number(query.least, language))


def _cells(cells: Iterable[Cell]) -> tuple[HeatCell, ...]:
    return tuple(
        HeatCell(
            cell.text.replace("\u200b", ""),
            next((int(part[1:]) for part in cell.css.split() if part[:1] == "l" and part[1:].isdecimal()), -1),
            cell.coverage.replace("\u200b", ""),
            "mute" in cell.css.split(),
        )
        for cell in cells
    )
