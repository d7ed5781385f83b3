"""What stands before every page: who looks, whether they may, until when, and the note of what they saw."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from contextlib import suppress
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.web.access.account import ACCOUNT
from services.web.access.entrance import Entrance, Looking
from services.web.access.gate import LIVE, is_open, may_see, seen_exactly
from services.web.access.kept import AccessUnavailable
from services.web.access.pages import closed, unavailable
from services.web.access.viewer import PUBLIC
from services.web.access.views import View

__all__ = ["AccessMiddleware"]

_LOOK_EVERY: Final = 0.5
"""Seconds between two looks whether who follows a stream may still do so."""
_WITH_ITS_PAGE: Final = 15 * 60.0
"""Seconds for which what a page fetches for itself (its stream, its charts) belongs to the page that was noted."""
_MOST_NOTED: Final = 10_000
HEALTH: Final = "/health"
_NO_FIGURES: Final = ("/health/", "/static/")


class AccessMiddleware:
    """Puts the viewer into the scope, refuses what is not theirs, ends their streams with their session, and notes."""

    def __init__(self, app: ASGIApp, entrance: Entrance) -> None:
        self._app, self._entrance = app, entrance
        self._noted: OrderedDict[tuple[int, str], float] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, to whom it may."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["viewer"] = PUBLIC
        if scope["path"].startswith(_NO_FIGURES):
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            looking = self._entrance.looking(request, use=scope["path"] != LIVE)
        except AccessUnavailable:
            if scope["path"] == HEALTH:
                await self._app(scope, receive, send)
            else:
                await unavailable(request)(scope, receive, send)
            return
        scope["viewer"], scope["looking"] = looking.viewer, looking
        token = ACCOUNT.set(looking.account())
        try:
            if may_see(looking.viewer, request.url.path):
                await self._pass(request, looking, receive, send)
            else:
                await closed(request)(scope, receive, send)
        finally:
            ACCOUNT.reset(token)

    async def _pass(self, request: Request, looking: Looking, receive: Receive, send: Send) -> None:
        begun = complete = False

        async def noting(message: Message) -> None:
            nonlocal begun, complete
            if message["type"] == "http.response.start":
                begun = True
                self._note(request, looking, message)
            elif message["type"] == "http.response.body":
                complete = not message.get("more_body", False)
            await send(message)

        async def receive_while_allowed() -> Message:
            return await self._while_allowed(looking, receive)

        await self._app(request.scope, receive if is_open(request.url.path) else receive_while_allowed, noting)
        if begun and not complete:
            # A stream that was ended leaves its answer open; one whose reader is gone does not mind.
            with suppress(OSError):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _while_allowed(self, looking: Looking, receive: Receive) -> Message:
        """Give what comes; the end of the session is told as if the reader had gone, which ends a stream."""
        coming = asyncio.ensure_future(receive())
        try:
            while not (await asyncio.wait({coming}, timeout=_LOOK_EVERY))[0]:
                if not self._allowed(looking):
                    return {"type": "http.disconnect"}
            return await coming
        finally:
            coming.cancel()

    def _allowed(self, looking: Looking) -> bool:
        try:
            return self._entrance.still(looking)
        except AccessUnavailable:
            return False

    def _note(self, request: Request, looking: Looking, start: Message) -> None:
        """Note a view: each page, and what is fetched without its page."""
        viewer = looking.viewer
        if request.method != "GET" or start["status"] != 200 or (area := seen_exactly(viewer, request)) is None:
            return
        now = time.monotonic()
        known = (looking.session.number if looking.session else 0, area)
        page = Headers(raw=start["headers"]).get("content-type", "").startswith("text/html")
        if not page and now - self._noted.get(known, float("-inf")) < _WITH_ITS_PAGE:
            return
        self._noted[known] = now
        self._noted.move_to_end(known)
        if len(self._noted) > _MOST_NOTED:
            self._noted.popitem(last=False)
        role = "open" if looking.open else viewer.role
        link = looking.session.link if looking.session else ""
        self._entrance.views.note(
            View(self._entrance.now(), role, viewer.area, area, request.url.path, link, viewer.name)
        )
