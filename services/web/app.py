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
from starlette.routing import Mount, Route

from services.web import health
from services.web.access.entrance import Entrance
from services.web.access.middleware import AccessMiddleware
from services.web.access.pages import access_routes
from services.web.board import Board
from services.web.catalogue import make_topic
from services.web.environment import BUILD, STATIC
from services.web.headers import SecurityHeaders, UnchangingFiles
from services.web.live import keep_current, stream
from services.web.pages.answering import page
from services.web.pages.municipality import draw_municipality
from services.web.pages.now import draw_now
from services.web.pages.reading import draw_reading
from services.web.pages.table import draw_table
from services.web.query import language_of, read_query
from services.web.rendering import render_message
from services.web.source import Lag, TableSource

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
) -> Starlette:
    """Build the application that shows `source`.

    `clock` gives the time in microseconds since 1970-01-01T00:00Z, `lag` the ledger's last sequence; both, and the
    source, are called on the event loop's thread and return at once. `simulated` marks every screen. `changed` is set
    (on the event loop's thread) whenever the view may have changed; the application clears it. Only requests that name
    one of `hosts` are answered, so that no other site can read the page through a name that points here. Who sees what, `access` says; without it everyone sees everything.

    `app.state.board.close()` ends the open streams; call it before asking a server to stop, which otherwise waits for
    them.
    """
    board = Board(source, clock, lag, simulated, make_topic)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        task = asyncio.create_task(keep_current(board, changed), name="page")
        try:
            yield
        finally:
            board.close()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            if access is not None:
                access.close()

    app = Starlette(
        routes=[
            Route("/", page(draw_now, "/")),
            Route("/gemeenten", page(draw_table, "/gemeenten")),
            Route("/gemeenten/{code}", page(draw_municipality, "/gemeenten/{code}")),
            Route("/uitleg", page(draw_reading, "/uitleg")),
            *(access_routes(access) if access is not None else ()),
            Route("/live", stream),
            Route("/health", health.health),
            Route("/health/live", health.live),
            Route("/health/ready", health.ready),
            Mount(f"/static/{BUILD}", UnchangingFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            *([Middleware(AccessMiddleware, entrance=access)] if access is not None else ()),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
        ],
        exception_handlers={404: not_found},
        lifespan=lifespan,
    )
    app.state.board = board
    return app


async def not_found(request: Request, error: Exception) -> Response:
    """Answer for an address that does not exist, without repeating it."""
    board: Board = request.app.state.board
    language = language_of(request.query_params, request.cookies.get("lang"))
    status = error.status_code if isinstance(error, HTTPException) else 404
    return HTMLResponse(render_message(board, read_query({}), language, "not_found"), status)
