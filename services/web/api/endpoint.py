"""From a request to its handler and back: the method, and no failure without a word."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from services.api_rules import Problem, Reply, failed, method_unknown, send_reply
from services.web.api.version import API_VERSION

__all__ = ["Endpoint", "Handler", "nothing"]

Handler = Callable[[Request], Awaitable[Reply]]

_METHODS: Final = ("GET", "HEAD")


class Endpoint:
    """One address, as an ASGI application. Everything here only reads."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        try:
            if scope["method"] not in _METHODS and self._handler is not nothing:
                raise method_unknown(_METHODS)
            reply = await self._handler(Request(scope, receive))
        except Problem as problem:
            reply = problem.reply()
        except Exception as error:
            reply = failed(error).reply()
        await send_reply(reply, send, API_VERSION)


async def nothing(request: Request) -> Reply:
    """Answer at an address where there is nothing, without repeating it."""
    raise Problem(404, "There is nothing at this address.")
