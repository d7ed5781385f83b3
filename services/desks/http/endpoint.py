"""From a request to its handler and back: method, key, limits, and no failure without a word."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.types import Receive, Scope, Send

from services.api_rules import Problem, Reply, failed, method_unknown, send_reply
from services.desks.access import Access, AccessUnavailable, Key
from services.desks.answers import DeskUnavailable
from services.desks.http.call import Call
from services.desks.http.limits import Limits, Meter
from services.desks.http.version import API_VERSION

__all__ = ["Door", "Endpoint", "Handler"]

Handler = Callable[[Call], Awaitable[Reply]]

_HERE: Final = re.compile(rb"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?", re.IGNORECASE)
_FROM_HERE: Final = re.compile(rb"https?://" + _HERE.pattern + rb"$", re.IGNORECASE)
_BEARER: Final = b"bearer "
_CHALLENGE: Final = ((b"www-authenticate", b'Bearer realm="Kind in beeld"'),)
_SOON: Final = ((b"retry-after", b"1"),)
_LATER: Final = ((b"retry-after", b"30"),)


class Door:
    """Who may come in to a desk. `access`: None where no key is asked for."""

    def __init__(self, desk: str, access: Access | None) -> None:
        self._desk = desk
        self._access = access

    def key_of(self, headers: Mapping[bytes, bytes]) -> Key | None:
        """Give the key of a request; None where none is asked for. Raises a Problem: 401, 403, 503."""
        access = self._access
        authorization = headers.get(b"authorization")
        try:
            if access is None or not access.required:
                _ensure_from_here(headers)
                return None
            if authorization is None:
                raise Problem(401, "A key is needed: Authorization: Bearer <key>.", headers=_CHALLENGE)
            text = ""
            if authorization[: len(_BEARER)].lower() == _BEARER and authorization.isascii():
                text = authorization[len(_BEARER) :].strip().decode("ascii")
            key = access.key_of(text)
        except AccessUnavailable:
            raise Problem(503, "The keys of the desk cannot be read.", headers=_LATER) from None
        if key is None:
            raise Problem(401, "The key is unknown or revoked.", headers=_CHALLENGE)
        if key.desk != self._desk:
            raise Problem(403, "The key is for another desk.", kind="other-desk")
        return key


def _ensure_from_here(headers: Mapping[bytes, bytes]) -> None:
    """Raise a Problem when no key is asked for and the request is not of this machine.

    A proxy may pass on what comes from elsewhere, and a browser on this machine what a page from elsewhere wants (by a
    name of its own that points to loopback, or by a form): both show in these headers.
    """
    origin = headers.get(b"origin")
    if _HERE.fullmatch(headers.get(b"host", b"")) is None or (origin is not None and _FROM_HERE.match(origin) is None):
        raise Problem(403, "Without keys, a desk is for this machine only.", kind="loopback-only")


class Endpoint:
    """One address, as an ASGI application. `public`: without a key and without counting."""

    def __init__(
        self, handlers: Mapping[str, Handler], door: Door, limits: Limits, meter: Meter, *, public: bool = False
    ) -> None:
        self._handlers = dict(handlers)
        if "GET" in handlers:
            self._handlers["HEAD"] = handlers["GET"]  # the server leaves the body out
        self._door = door
        self._limits = limits
        self._meter = meter
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        try:
            reply = await self._answer(scope, receive)
        except Problem as problem:
            reply = problem.reply()
        except DeskUnavailable as unavailable:
            headers = _SOON if unavailable.busy else _LATER
            detail = f"Nothing of this was taken in: {unavailable.reason}."
            if scope["method"] == "GET":
                detail = f"This cannot be read now: {unavailable.reason}."
            elif unavailable.unsure:
                detail = f"Give this again, for it may be stored or not: {unavailable.reason}."
            reply = Problem(503, detail, headers=headers, kind="busy" if unavailable.busy else "cannot-store").reply()
        except Exception as error:
            reply = failed(error).reply()
        await send_reply(reply, send, API_VERSION)

    async def _answer(self, scope: Scope, receive: Receive) -> Reply:
        handler = self._handlers.get(scope["method"])
        if handler is None:
            if not self._handlers:
                raise Problem(404, "There is nothing at this address.")
            raise method_unknown(self._handlers)
        meter = self._meter
        call = Call(scope, receive, self._limits, meter)
        if self._public:
            return await handler(call)
        call.key = self._door.key_of(call.headers)
        payer = call.payer
        seconds = meter.wait(payer)
        if seconds:
            detail = "More was asked than one key may ask at a time."
            raise Problem(429, detail, headers=((b"retry-after", b"%d" % seconds),), kind="too-many")
        meter.begin(payer)
        try:
            return await handler(call)
        finally:
            meter.end(payer)
