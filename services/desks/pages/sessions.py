"""Who is at the page: a session after signing in with the desk's key, and forms that only this page can have sent."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from services.desks.access import Access

__all__ = ["Sessions", "Visitor"]

SECONDS: Final = 8 * 60 * 60
"""How long one stays signed in: a working day."""
_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody at the page. `sources`: those to speak for, None for any (no access control).

    `token` goes into every form; `signed_in`: with a key, so that one can sign out.
    """

    sources: frozenset[str] | None
    token: str
    signed_in: bool = False


class Sessions:
    """The sessions of one desk, in memory: a restart signs everyone out, and nothing of a key lies on a disk.

    The key is kept with the session and checked at every request, so that a key revoked ends its sessions.
    """

    def __init__(self, desk: str, access: Access | None, seconds: Callable[[], float] = time.monotonic) -> None:
        self._desk, self._access, self._seconds = desk, access, seconds
        self._secret = secrets.token_bytes(32)
        self._keys: OrderedDict[str, tuple[str, float]] = OrderedDict()
        # Cookies know no ports: the desks of one machine must not take each other's.
        self._session, self._form = f"kib-session-{desk}", f"kib-form-{desk}"

    @property
    def required(self) -> bool:
        """Whether one has to sign in. Raises AccessUnavailable."""
        return self._access is not None and self._access.required

    def visitor(self, request: Request) -> Visitor | None:
        """Tell who asks; None: somebody who has to sign in first. Raises AccessUnavailable."""
        if not self.required:
            return Visitor(None, self._token(request, ""))
        session = request.cookies.get(self._session, "")
        key, ends = self._keys.get(session, ("", 0.0))
        if not key or ends < self._seconds():
            self._keys.pop(session, None)
            return None
        sources = self._sources(key)
        return None if sources is None else Visitor(sources, self._token(request, session), signed_in=True)

    def stranger_token(self, request: Request) -> str:
        """Give what goes into the form for signing in."""
        return self._token(request, "")

    def sign_in(self, key: str, request: Request, response: Response) -> bool:
        """Begin a session when the key is one of this desk's. Raises AccessUnavailable."""
        if self._sources(key) is None:
            return False
        session = secrets.token_urlsafe(32)
        self._keys[session] = (key, self._seconds() + SECONDS)
        while len(self._keys) > _MOST:
            self._keys.popitem(last=False)
        self._set(response, request, self._session, session, "strict")
        return True

    def sign_out(self, request: Request, response: Response) -> None:
        """End the session."""
        self._keys.pop(request.cookies.get(self._session, ""), None)
        response.delete_cookie(self._session, httponly=True, samesite="strict")

    def is_ours(self, request: Request, given: str, token: str) -> bool:
        """Tell whether a form was sent by a page of ours: its token is this browser's, and its origin this place."""
        origin = request.headers.get("origin", "null")
        # A page whose referrer policy is no-referrer, as ours is, sends `null`; the token decides then.
        if origin != "null" and urlsplit(origin).netloc != request.headers.get("host"):
            return False
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        return self._form in request.cookies and hmac.compare_digest(given.encode(), token.encode())

    def remember(self, request: Request, response: Response) -> None:
        """Give the browser what its forms are bound to, if it has none."""
        if self._form not in request.cookies:
            # Lax, or a link from elsewhere would seem to come from a browser without it, and break its open forms.
            self._set(response, request, self._form, self._browser(request), "lax")

    def _sources(self, key: str) -> frozenset[str] | None:
        assert self._access is not None  # noqa: S101 - without access control nobody signs in
        found = self._access.key_of(key)
        return found.sources if found is not None and found.desk == self._desk else None

    def _browser(self, request: Request) -> str:
        if not hasattr(request.state, "kib_browser"):
            request.state.kib_browser = request.cookies.get(self._form) or secrets.token_urlsafe(32)
        browser: str = request.state.kib_browser
        return browser

    def _token(self, request: Request, session: str) -> str:
        return hmac.new(self._secret, f"{self._browser(request)}\n{session}".encode(), "sha256").hexdigest()

    @staticmethod
    def _set(response: Response, request: Request, name: str, value: str, same_site: str) -> None:
        response.set_cookie(
            name,
            value,
            httponly=True,
            samesite="strict" if same_site == "strict" else "lax",
            secure=request.url.scheme == "https",
        )
