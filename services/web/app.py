"""The pages as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from projections.public import PublicStore
from services.audits import AuditLog
from services.web import health, metrics
from services.web.access.entrance import Entrance
from services.web.access.middleware import AccessMiddleware
from services.web.access.pages import access_routes
from services.web.addressed import Addressed
from services.web.api import Replays, create_routes
from services.web.boards import Boards
from services.web.charts import Studio
from services.web.details import no_details
from services.web.details.beside import DetailsBeside
from services.web.environment import BUILD, STATIC
from services.web.headers import SecurityHeaders, UnchangingFiles
from services.web.live import keep_current, stream
from services.web.open_data.definition import PAGE as OPEN_DATA
from services.web.pages.answering import board_of, page
from services.web.pages.charts import chart_routes
from services.web.pages.map import draw_map
from services.web.pages.municipality import draw_municipality
from services.web.pages.now import draw_now
from services.web.pages.open_data import draw_open_data
from services.web.pages.picturing import picture_routes
from services.web.pages.reading import draw_reading
from services.web.pages.rehearsal import rehearsal_routes
from services.web.pages.table import draw_table
from services.web.pages.taking import PATH as TABLE_PATH
from services.web.pages.taking import take_table
from services.web.pages.then import then_routes
from services.web.query import read_query
from services.web.rehearsal import RehearsalMiddleware, Rehearsing
from services.web.rendering import render_message
from services.web.source import Lag, TableSource
from services.web.texts import language_of
from services.web.then import ThenReplays

__all__ = ["LOOPBACK", "create_app"]

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")


def create_app(
    source: TableSource,
    clock: Callable[[], int],
    lag: Callable[[], Lag],
    simulated: bool,
    changed: asyncio.Event,
    *,
    hosts: Sequence[str] = LOOPBACK,
    access: Entrance | None = None,
    public: PublicStore | None = None,
    open_data: Sequence[BaseRoute] = (),
    replays: Replays | None = None,
    audits: AuditLog | None = None,
    details: DetailsBeside | None = None,
    then: ThenReplays | None = None,
    rehearsing: Rehearsing | None = None,
) -> Starlette:
    """Build the application that shows `source`.

    `clock` gives the time in microseconds since 1970-01-01T00:00Z, `lag` the ledger's last sequence; both, and the
    source, are called on the event loop's thread and return at once. `simulated` marks every screen. `changed` is set
    (on the event loop's thread) whenever the view may have changed; the application clears it. Only requests that name
    one of `hosts` are answered, so that no other site can read the page through a name that points here. `access` tells
    who sees what; without it everyone sees everything. `public` holds what may be known of the municipalities of
    others, `open_data` are its routes (`services.web.open_data`). `replays` gives the tables of earlier times over HTTP
    (`services.web.api`). `audits` are those of the live tables; without it there were none. `details` is what pages
    show beside the tables; it goes on as long as the application does. `then` compares earlier times
    with now; without it the page about that says so. `rehearsing` makes a rehearsal of it, which every page
    says and lets one steer.

    `app.state.boards.close()` ends the open streams; call it before asking a server to stop, which otherwise waits for
    them.
    """
    boards = Boards(source, clock, lag, simulated, public, audits, details or no_details)
    studio = Studio()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(keep_current(boards, changed), name="page")]
        if details is not None:
            tasks.append(asyncio.create_task(details.run(), name="details"))
        try:
            yield
        finally:
            boards.close()
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            await studio.close()
            if access is not None:
                access.close()

    app = Starlette(
        routes=[
            Route("/", page(draw_now, "/")),
            Route("/kaart", page(draw_map, "/kaart")),
            Route("/gemeenten", page(draw_table, "/gemeenten")),
            Route(TABLE_PATH, take_table),
            Route("/gemeenten/{code}", page(draw_municipality, "/gemeenten/{code}")),
            *then_routes(),
            *chart_routes(),
            *picture_routes(),
            Route("/uitleg", page(draw_reading, "/uitleg")),
            Route(OPEN_DATA, page(draw_open_data, OPEN_DATA)),
            *(access_routes(access) if access is not None else ()),
            *(rehearsal_routes(rehearsing) if rehearsing is not None else ()),
            Route("/live", stream),
            Route("/health", health.health),
            Route("/health/live", health.live),
            Route("/health/ready", health.ready),
            Route("/metrics", metrics.metrics),
            *open_data,
            *create_routes(boards, clock, replays),
            Mount(f"/static/{BUILD}", UnchangingFiles(directory=STATIC)),
        ],
        middleware=[
            *([Middleware(RehearsalMiddleware, rehearsing=rehearsing)] if rehearsing is not None else ()),
            Middleware(SecurityHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            Middleware(Addressed),
            *([Middleware(AccessMiddleware, entrance=access)] if access is not None else ()),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
        ],
        exception_handlers={404: not_found},
        lifespan=lifespan,
    )
    app.state.public, app.state.then = public, then
    app.state.boards, app.state.studio, app.state.details = boards, studio, details
    return app


async def not_found(request: Request, error: Exception) -> Response:
    """Answer for an address that does not exist, without repeating it."""
    board = board_of(request)
    language = language_of(request.query_params, request.cookies.get("lang"))
    status = error.status_code if isinstance(error, HTTPException) else 404
    return HTMLResponse(render_message(board, read_query({}), language, "not_found"), status)
