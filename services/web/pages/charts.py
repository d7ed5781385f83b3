"""The pictures of the charts: one address for each, as SVG and as PNG."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from services.web.charts.chart import Chart, Kind
from services.web.charts.composing import picture_of, size_of
from services.web.charts.pictures import FORMATS, Form, Heat, Lines
from services.web.charts.showing import PATHS
from services.web.charts.studio import BusyStudio, Studio
from services.web.charts.themes import theme_of
from services.web.municipality import MunicipalityTopic
from services.web.now import NowTopic
from services.web.pages.answering import board_of
from services.web.pages.municipality import is_place
from services.web.query import read_query
from services.web.texts import language_of

__all__ = ["answer_picture", "chart_routes"]

_STALE: Final = 1.0
"""Seconds for which what was read stands for a picture: it changes less often than that."""


def chart_routes() -> list[Route]:
    """Make the routes of the pictures of charts."""
    return [Route(f"{path}.{form}", _endpoint(kind, form)) for kind, path in PATHS.items() for form in FORMATS]


def _endpoint(kind: Kind, form: Form) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        """Answer with the chart as the pages show it now, whatever `v` it was asked for by."""
        chart = _chart(request, kind)
        language = language_of(request.query_params, request.cookies.get("lang"))
        query = request.query_params
        picture = picture_of(chart, language, theme_of(query.get("theme")), size_of(query.get("size")))
        return await answer_picture(request, picture, form)

    return endpoint


def _chart(request: Request, kind: Kind) -> Chart:
    """Find the chart that is asked for; 404 when there is none, 503 before anything was read."""
    board = board_of(request)
    board.refresh(older_than=_STALE)
    if board.frame is None:
        raise HTTPException(503, headers={"Retry-After": "2"})
    query = read_query(request.query_params)
    code = request.query_params.get("area", "")
    charts: Mapping[str, Chart] = {}
    if kind == "place":
        topic = board.topic(f"municipality:{code}:{query.sector}") if is_place(code, board.frame) else None
        if isinstance(topic, MunicipalityTopic):
            charts = topic.charts
    elif isinstance(topic := board.topic(f"now:{query.area}"), NowTopic):
        charts = topic.charts
    chart = charts.get(kind)
    if chart is None or not chart.series:
        raise HTTPException(404)
    return chart


async def answer_picture(
    request: Request, picture: Lines | Heat, form: Form, headers: Mapping[str, str] | None = None
) -> Response:
    """Draw a picture and answer with it, or with 304 when whoever asks has it; 503 when it cannot be drawn now.

    It is kept in no cache, as the pages are not: it may show exact figures.
    """
    studio: Studio = request.app.state.studio
    try:
        drawn = await studio.draw(picture, form)
    except BusyStudio:
        return PlainTextResponse("It cannot be drawn now.\n", 503, {"Retry-After": "5"})
    told = {"ETag": f'W/"{drawn.tag}"', "Vary": "Accept-Encoding", **(headers or {})}
    if told["ETag"] in (each.strip() for each in request.headers.get("if-none-match", "").split(",")):
        return Response(None, 304, told)
    if drawn.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(drawn.packed, 200, {**told, "Content-Encoding": "gzip"}, FORMATS[form])
    return Response(drawn.body, 200, told, FORMATS[form])
