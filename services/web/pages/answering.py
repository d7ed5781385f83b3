"""What every page has in common: its language, its cookies, and the answer before there is anything to show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.web.access import viewer_of
from services.web.board import Board
from services.web.boards import Boards
from services.web.details.beside import DetailsBeside
from services.web.frame import Frame
from services.web.query import Query, read_query
from services.web.rendering import render_message
from services.web.texts import LANGUAGES, Language, language_of

__all__ = ["Draw", "answer", "board_of", "page"]

_PATIENCE: Final = 0.35
"""Seconds that a page waits for its details at most: it is to be painted within a second, also for who looks first."""
_A_YEAR: Final = 365 * 24 * 60 * 60

Draw = Callable[[Request, Board, Frame, Query, Language], str | None]
"""Draws a page; None when there is no such page."""


def board_of(request: Request) -> Board:
    """Give the board with what whoever asks may see."""
    boards: Boards = request.app.state.boards
    return boards.of(viewer_of(request))


def page(draw: Draw, path: str) -> Callable[[Request], Awaitable[Response]]:
    """Make the endpoint of a page at `path`: 503 as long as the tables have not been read, 404 where there is none."""

    async def endpoint(request: Request) -> Response:
        at = request.url.path if "{" in path else path
        response = answer(request, draw, at)
        details: DetailsBeside | None = request.app.state.details
        # Whoever looks first gets the page whole, if that takes no time; otherwise the rest comes by the stream.
        if details is not None and await details.come(_PATIENCE):
            response = answer(request, draw, at)
        return response

    return endpoint


def answer(request: Request, draw: Draw, path: str) -> Response:
    """Answer with a page, in the language asked for, which is remembered."""
    board = board_of(request)
    query = read_query(request.query_params, path)
    language = language_of(request.query_params, request.cookies.get("lang"))
    board.refresh()
    if board.frame is None:
        html = render_message(board, query, language, "starting", again=2)
        response = HTMLResponse(html, 503, {"Retry-After": "2"})
    elif (drawn := draw(request, board, board.frame, query, language)) is None:
        response = HTMLResponse(render_message(board, read_query({}), language, "not_found"), 404)
    else:
        response = HTMLResponse(drawn)
    if request.query_params.get("lang") in LANGUAGES:
        response.set_cookie("lang", language, max_age=_A_YEAR, httponly=True, samesite="lax")
    return response
