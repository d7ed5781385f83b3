"""Where the page that is being drawn is found by whoever looks: paper has no address bar."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["Addressed", "origin"]

_ORIGIN: Final[ContextVar[str]] = ContextVar("origin", default="")


def origin() -> str:
    """Give scheme and host of the request that is being answered; empty outside of one."""
    return _ORIGIN.get()


class Addressed:
    """Middleware that notes them; only for hosts that are the pages' own (see `TrustedHostMiddleware`)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        url = Request(scope).url
        token = _ORIGIN.set(f"{url.scheme}://{url.netloc}")
        try:
            await self._app(scope, receive, send)
        finally:
            _ORIGIN.reset(token)
