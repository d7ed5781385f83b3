"""The stream of changes to every open page, and the task that keeps the board current."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import structlog
from sse_starlette import EventSourceResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request

from services.web.board import Board
from services.web.boards import Boards
from services.web.pages.answering import board_of
from services.web.texts import Language, language_of

__all__ = ["keep_current", "stream"]

log = structlog.get_logger(__name__)

DEFAULT_TOPIC: Final = "now:"
SETTLE: Final = 0.005
"""Seconds to wait after the first sign of a change: what comes in one burst is shown at once. Under a stream of
changes the rest after each reading does that."""
SHARE: Final = 2.0
"""After reading the tables, rest this many times as long as it took: at most a third of the time goes to reading."""
SHORTEST_REST: Final = 0.015
LONGEST_REST: Final = 0.5
UNWATCHED_REST: Final = 1.0
"""Seconds between two readings while no page is open; a page that is asked for reads for itself."""
TICK: Final = 1.0
"""Seconds after which the tables are read without any event: time alone begins weeks and ends closures."""
SIMULATED_TICK: Final = 0.2
HEARTBEAT: Final = 5.0
"""Seconds after which a stream without news says that it is there."""
SEND_TIMEOUT: Final = 30.0
"""Seconds after which a page that does not read its stream is dropped; it comes back by itself."""


async def keep_current(boards: Boards, changed: asyncio.Event) -> None:
    """Keep the boards current until cancelled: soon after `changed` is set, and as time goes by."""
    tick = SIMULATED_TICK if boards.simulated else TICK
    while True:
        if not changed.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(tick):
                    await changed.wait()
            await asyncio.sleep(SETTLE)
        changed.clear()
        spent = 0.0
        for board in boards.followed():
            started = time.perf_counter()
            try:
                board.update()
            except Exception as error:
                # The page must not stand still for ever because one reading went wrong.
                log.error("board.not_updated", error=type(error).__name__)
            spent += time.perf_counter() - started
            # Where many areas have a board of their own, whoever asks for a page does not wait for all of them.
            await asyncio.sleep(0)
        await asyncio.sleep(min(max(SHARE * spent, SHORTEST_REST), LONGEST_REST))
        if not any(board.pages_open for board in boards):
            boards.whole.watched.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(UNWATCHED_REST):
                    await boards.whole.watched.wait()


async def stream(request: Request) -> EventSourceResponse:
    """Answer `/live`: what a page that follows `topic` lacks since `version` (or Last-Event-ID), and then every change.

    Without a version everything is sent first. An event `patch` holds `cells` (by row: column, text, class, coverage),
    `slots` (by id: text, state) and `parts` (by id: HTML), and its id is the version it brings the page to; an event
    `layout` says that the page must be loaded anew: another week, other rows, another closure, another start of the
    server. 404 when there is no such topic.
    """
    board = board_of(request)
    topic = request.query_params.get("topic", DEFAULT_TOPIC)
    language = language_of(request.query_params, request.cookies.get("lang"))
    since = request.headers.get("last-event-id") or request.query_params.get("version") or None
    board.refresh()
    if board.current is not None and board.topic(topic) is None:
        raise HTTPException(404)
    return EventSourceResponse(_events(board, topic, language, since), ping=0, send_timeout=SEND_TIMEOUT)


async def _events(board: Board, topic: str, language: Language, since: str | None) -> AsyncIterator[bytes]:
    with board.watching(topic):
        while not board.closed:
            news = board.news
            patch = board.patch(topic, language, since)
            if patch.body is None:
                yield _event("layout", patch.version, b"{}")
            else:
                yield _event("patch", patch.version, patch.body)
            since = patch.version
            with suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT):
                    await news.wait()


def _event(kind: str, version: str, body: bytes) -> bytes:
    """Write one server-sent event; JSON has no line ends, so it is one line."""
    return b"event: %b\nid: %b\ndata: %b\n\n" % (kind.encode(), version.encode(), body)
