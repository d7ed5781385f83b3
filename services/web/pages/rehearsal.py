"""The controls of a rehearsal: what time it is in it, and going on, waiting, stepping and jumping."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from events import AMSTERDAM, Rejected, format_instant, from_micros, local_day
from events.times import week_of_day
from services.web import wording
from services.web.access.pages import form_of, is_ours
from services.web.board import Board
from services.web.environment import render
from services.web.frame import Frame
from services.web.pages.answering import answer
from services.web.query import Query
from services.web.rehearsal import Rehearsing, State, pace_in_words, words_of
from services.web.rendering import common
from services.web.texts import Language, language_of, translator

__all__ = ["rehearsal_routes"]

PATH: Final = "/oefening"
_STATE: Final = "/oefening/stand"
_PACES: Final = ("1d/10s", "1w/60s", "1w/30s", "1w/10s", "1w/5s", "full")
_MOST_WEEKS: Final = 520
_OURS: Final = re.compile(r"/(?![/\\])[\x21-\x7e]*")


def rehearsal_routes(rehearsing: Rehearsing) -> list[Route]:
    """Make the routes by which a rehearsal is steered. They are for who sees every figure."""

    async def controls(request: Request) -> Response:
        """Answer `/oefening`; POST: do what is told, and go back to the page that it was told from.

        A program that accepts JSON gets the state after it, or the rule that what was told breaks.
        """
        if request.method != "POST":
            return answer(request, partial(_draw, rehearsing.state(), ""), PATH)
        if not is_ours(request):
            return _refused(request, rehearsing, "rehearsal_expired", 403)
        fields = await form_of(request)
        try:
            state = await asyncio.wrap_future(rehearsing.tell(_words(fields)))
        except Rejected as error:
            return _refused(request, rehearsing, "rehearsal_refused", 422, error)
        if _wants_json(request):
            return JSONResponse(_described(state, _language(request)))
        back = fields.get("back", PATH)
        return RedirectResponse(back if _OURS.fullmatch(back) else PATH, 303)

    async def state(request: Request) -> Response:
        """Answer `/oefening/stand`: where the rehearsal is."""
        return JSONResponse(_described(rehearsing.state(), _language(request)))

    return [Route(PATH, controls, methods=["GET", "POST"]), Route(_STATE, state)]


def _words(fields: Mapping[str, str]) -> str:
    """Put together what a form tells: a command, and with `jump` and `pace` what it is about."""
    value = fields.get("value", "")
    if fields.get("date"):
        value = f"{fields['date']}T{fields.get('time') or '00:00'}"
    return f"{fields.get('command', '')} {value}".strip()


def _refused(
    request: Request, rehearsing: Rehearsing, key: str, status: int, error: Rejected | None = None
) -> Response:
    text = translator(_language(request))(key)
    if _wants_json(request):
        broken = {"field": error.field, "rule": error.rule} if error else {"field": "origin", "rule": "must be ours"}
        return JSONResponse(broken | {"told": text}, status)
    response = answer(request, partial(_draw, rehearsing.state(), text), PATH)
    response.status_code = status
    return response


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _language(request: Request) -> Language:
    return language_of(request.query_params, request.cookies.get("lang"))


def _described(state: State, language: Language) -> dict[str, Any]:
    instants = {name: format_instant(getattr(state, name)) for name in ("now", "first", "last")}
    return state._asdict() | instants | {"words": words_of(state, language) | {"where": _where(state, language)}}


def _where(state: State, language: Language) -> str:
    numbers = {name: wording.number(getattr(state, name), language) for name in ("taken", "events", "position")}
    return translator(language)("rehearsal_where", **numbers)


def _draw(
    state: State, error: str, request: Request, board: Board, frame: Frame, query: Query, language: Language
) -> str:
    local = from_micros(state.now).astimezone(AMSTERDAM)
    first, last = local_day(state.first), local_day(state.last)
    days = range(max(first - (first - 1) % 7, last - 7 * _MOST_WEEKS), last + 1, 7)
    weeks = [(week, f"{week}, {wording.first_day(week, language)}") for week in map(week_of_day, days)]
    paces = dict.fromkeys((*_PACES, state.pace))
    return render(
        "rehearsal.html",
        common(board, query, language),
        error=error,
        where=_where(state, language),
        span=translator(language)(
            "rehearsal_span",
            first=wording.moment(state.first, language, seconds=False),
            last=wording.moment(state.last, language, seconds=False),
        ),
        date=f"{local:%Y-%m-%d}",
        time=f"{local:%H:%M}",
        first=f"{from_micros(state.first).astimezone(AMSTERDAM):%Y-%m-%d}",
        last=f"{from_micros(state.last).astimezone(AMSTERDAM):%Y-%m-%d}",
        weeks=weeks,
        chosen_week=week_of_day(local_day(state.now)),
        paces=[(pace, pace_in_words(pace, language)) for pace in paces],
        chosen_pace=state.pace,
    )
