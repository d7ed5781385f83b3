"""What was known then, beside what is known now; and how the numbers of past weeks became known.

Both are exact figures, for who may see them; everyone else is told why not. They are worked out beside the server: as
long as that takes the page says so, and asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from events.times import format_instant, local_day, week_of_day
from projections.comparing import CAUSES
from projections.tables import UNKNOWN
from services.web import wording
from services.web.access import Viewer, viewer_of
from services.web.board import Board
from services.web.environment import render
from services.web.frame import ALL, KEYS, Frame
from services.web.pages.answering import answer, board_of
from services.web.pages.then_grid import csv_of, of_grid
from services.web.query import SHOWN, Query, read_query
from services.web.rendering import common
from services.web.texts import Language, language_of, translator
from services.web.then.adding import Row, Sums, add_up
from services.web.then.gridding import Grid, grid_of
from services.web.then.moments import Moments, moments_of
from services.web.then.replays import Compared, Followed, NoReplayError, ThenReplays
from services.web.within import choices, codes_within, name_of_area

__all__ = ["then_routes"]

PATH: Final = "/toen"
TRIANGLE: Final = "/toen/nagekomen"
GRID: Final = "/toen/tabel"
_TAKEN: Final = f"{GRID}.csv"
_PAGES: Final = {
    PATH: ("then", "then.html"),
    TRIANGLE: ("triangle", "triangle.html"),
    GRID: ("grid", "then_grid.html"),
}
"""Of each page its title and its template."""

State = Literal["ready", "waiting", "away", "public", "not_yours", "none"]
_Found = Sums | Followed | Grid | None
_STEPS: Final = (("week_back", -7), ("day_back", -1), ("day_on", 1), ("week_on", 7))


def then_routes() -> list[Route]:
    """Make the routes of these pages, and of the grid to take along."""
    return [*(Route(path, _endpoint(path)) for path in _PAGES), Route(_TAKEN, _take)]


def _endpoint(path: str) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        board, query = board_of(request), read_query(request.query_params, path)
        board.refresh()
        if board.current is None:
            return answer(request, partial(_draw, "away", None, None), path)
        moments = moments_of(board.current.closures, board.current.tables.as_of, query.at)
        state, found = await _found(request, query, moments)
        return answer(request, partial(_draw, state, found, moments), path)

    return endpoint


async def _take(request: Request) -> Response:
    """Answer `/toen/tabel.csv`: exact figures of what the viewer sees exactly, and of nothing else."""
    board, query = board_of(request), read_query(request.query_params, GRID)
    language = language_of(request.query_params, request.cookies.get("lang"))
    board.refresh()
    state: State = "away"
    found: _Found = None
    if board.current is not None:
        state, found = await _found(
            request, query, moments_of(board.current.closures, board.current.tables.as_of, query.at)
        )
    if not isinstance(found, Grid):
        status = {"public": 403, "not_yours": 403, "none": 404}.get(state, 503)
        headers = {"Retry-After": "2"} if status == 503 else {}
        text = translator(language)(f"then_{state}")
        return PlainTextResponse(f"{text}\n", status, headers | {"Cache-Control": "no-store"})
    day = date.fromordinal(local_day(found.then)).isoformat()
    headers = {
        "Content-Disposition": f'attachment; filename="kind-in-beeld-toen-{query.sector}-{day}.csv"',
        "Cache-Control": "no-store",
        "Kib-As-Of": format_instant(found.now),
    }
    text = await asyncio.to_thread(csv_of, found, language)
    return Response(text, media_type="text/csv; charset=utf-8; header=present", headers=headers)


async def _found(request: Request, query: Query, moments: Moments | None) -> tuple[State, _Found]:
    viewer, replays = viewer_of(request), request.app.state.then
    if viewer.codes == frozenset():
        return "public", None
    codes = _codes(viewer, query)
    if codes == frozenset():
        return "not_yours", None
    if moments is None:
        return "none", None
    if not isinstance(replays, ThenReplays):
        return "away", None
    found: _Found
    try:
        if query.path != TRIANGLE:
            compared = await replays.compared(moments.then)
            # Of a whole country that takes some hundredths of a second, for which no other page may wait.
            found = None if compared is None else await asyncio.to_thread(_added, compared, codes, query)
        else:
            found = await replays.followed(query.sector, codes, nowcast=viewer.all_exact)
    except NoReplayError:
        return "away", None
    return ("waiting" if found is None else "ready"), found


def _codes(viewer: Viewer, query: Query) -> frozenset[str] | None:
    """Give the municipalities of the area that the viewer sees exactly; None: everything."""
    within = codes_within(query.area)
    if viewer.codes is None:
        return within
    return viewer.codes if within is None else viewer.codes & within


def _draw(
    state: State,
    found: _Found,
    moments: Moments | None,
    request: Request,
    board: Board,
    frame: Frame,
    query: Query,
    language: Language,
) -> str:
    viewer, t = viewer_of(request), translator(language)
    shown = common(board, query, language) | {
        "state": state,
        "keys": KEYS,
        "moments": moments,
        "steps": [(name, moments.moved(days)) for name, days in _STEPS] if moments is not None else [],
        "chosen": "" if moments is None else wording.moment(moments.then, language, seconds=False),
        "area_choices": choices(local_day(board.current.tables.as_of), language) if board.current else [],
        "area_name": name_of_area(query.area, language),
        "partly": viewer.codes is not None,
        "causes": CAUSES,
        "to_grid": replace(query, path=GRID).href(week="", cell=""),
        "take": replace(query, path=_TAKEN).href(show=SHOWN[-1], cell=""),
    }
    if isinstance(found, Sums):
        shown |= _of_sums(found, query, language)
    elif isinstance(found, Followed):
        shown |= _of_followed(found, language)
        shown["estimated"] = viewer.all_exact
    elif isinstance(found, Grid):
        shown |= of_grid(found, query, language)
    title, template = _PAGES[query.path]
    shown["title"] = t(title)
    return render(template, shown)


def _added(compared: Compared, codes: frozenset[str] | None, query: Query) -> Sums | Grid:
    sector = None if query.sector == ALL else query.sector
    if query.path == GRID:
        return grid_of(compared, codes, sector)
    return add_up(compared, codes, sector, query.week, week_of_day(local_day(compared.then)))


def _of_sums(sums: Sums, query: Query, language: Language) -> dict[str, object]:
    t = translator(language)

    def told(row: Row, name: str, small: str, href: str) -> dict[str, object]:
        then, now, *rest = row.numbers
        texts = [wording.number(then, language), wording.number(now, language)]
        return {
            "name": name,
            "small": small,
            "href": href,
            "chosen": row.key == sums.week,
            "numbers": texts + [wording.signed(each, language) for each in rest],
        }

    return {
        "weeks": [
            told(
                row, f"W{wording.week_number(row.key)}", wording.first_day(row.key, language), query.href(week=row.key)
            )
            for row in sums.weeks
        ],
        "places": [
            told(row, t("unknown"), "", "")
            if row.key == UNKNOWN
            else told(row, name_of_area(row.key, language), "", query.href(area=row.key))
            for row in sums.places
        ],
        "week": wording.week_number(sums.week) if sums.week else "",
        "stands": t("then_stands", then=_moment(sums.then, language), now=_moment(sums.now, language)),
    }


def _of_followed(found: Followed, language: Language) -> dict[str, object]:
    def text(number: float | None) -> str:
        return "–" if number is None else wording.number(round(number), language)

    return {
        "weeks": [
            (*_week(week, language), list(map(text, row))) for week, row in zip(found.weeks, found.known, strict=True)
        ],
        "ages": range(len(found.completeness)),
        "complete": ["–" if share is None else f"{round(100 * share)}\u00a0%" for share in found.completeness],
        "nowcasts": [
            (
                *_week(each["week"], language),
                [text(each["counted"]), text(each["expected"]), f"{text(each['low'])}–{text(each['high'])}"],
            )
            for each in found.nowcast
        ],
        "stands": translator(language)("triangle_stands", now=_moment(found.now, language)),
    }


def _week(week: str, language: Language) -> tuple[str, str]:
    return f"W{wording.week_number(week)}", wording.first_day(week, language)


def _moment(at: int, language: Language) -> str:
    return wording.moment(at, language, seconds=False)
