"""Who comes in: the viewer of each request, signing in and out, and the log of what was seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from services.system.clock import real_now
from services.system.data_dir import DataDir
from services.web.access.account import Account
from services.web.access.kept import KeptLinks
from services.web.access.links import Link, secret_in
from services.web.access.sessions import Session, Sessions
from services.web.access.store import links_path
from services.web.access.viewer import NATIONAL, PUBLIC, Viewer
from services.web.access.views import ViewLog, views_path

if TYPE_CHECKING:
    from services.web.access.oidc import OpenId

__all__ = ["COOKIE", "Entrance", "Looking", "is_loopback", "make_entrance", "secure"]

COOKIE: Final = "kib-page"
_FORWARDED: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


@dataclass(frozen=True, slots=True)
class Looking:
    """Somebody who looks: signed in (`session`), or because the system is open, or as the public."""

    viewer: Viewer
    session: Session | None = None
    open: bool = False

    def account(self) -> Account:
        """Give what the head of the page says."""
        return Account("open" if self.open else "in" if self.session else "out", self.viewer.name)


class Entrance:
    """Tells who looks, and lets people in and out. Used on the event loop's thread only."""

    def __init__(
        self, links: KeptLinks, views: ViewLog, *, oidc: OpenId | None = None, now: Callable[[], int] = real_now
    ) -> None:
        """`oidc`: the issuer at which people can sign in too. `now` gives microseconds."""
        self.views, self.oidc, self.now = views, oidc, now
        self.sessions = Sessions(links, now)
        self._links = links

    def looking(self, connection: HTTPConnection, *, use: bool = True) -> Looking:
        """Tell who asks. `use`: this counts as using the session. Raises AccessUnavailable."""
        held = connection.cookies.get(COOKIE, "")
        session = self.sessions.find(held, use=use) if held else None
        if session is not None:
            return Looking(session.viewer, session)
        if not self._links.required and is_loopback(connection):
            return Looking(NATIONAL, open=True)
        return Looking(PUBLIC)

    def still(self, looking: Looking) -> bool:
        """Tell whether somebody may still see what was shown to them. Raises AccessUnavailable."""
        if looking.session is not None:
            return self.sessions.good(looking.session)
        return not (looking.open and self._links.required)

    def link_of(self, text: str) -> Link | None:
        """Give the link that somebody opened or pasted, None when it cannot be used. Raises AccessUnavailable."""
        return self._links.by_secret(secret_in(text), self.now())

    def sign_in(self, connection: HTTPConnection, response: Response, viewer: Viewer, link: Link | None) -> None:
        """Begin a session, in the place of one that the browser had. `link`: None for who comes from the issuer."""
        self.sessions.end(connection.cookies.get(COOKIE, ""))
        held = self.sessions.begin(viewer, link)
        response.set_cookie(COOKIE, held, httponly=True, samesite="strict", secure=secure(connection))

    def sign_out(self, connection: HTTPConnection, response: Response) -> None:
        """End the session."""
        self.sessions.end(connection.cookies.get(COOKIE, ""))
        response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=secure(connection))

    def close(self) -> None:
        """Close the files."""
        self._links.close()
        self.views.close()


def make_entrance(
    data_dir: DataDir, *, oidc: OpenId | None = None, always: bool = False, views_days: int = 0
) -> Entrance:
    """Make the entrance of a system. `always`: one has to sign in, even before any link was made.

    `views_days`: how long a view is kept in the log; 0: for good.
    """
    links = KeptLinks(links_path(data_dir), always=always or oidc is not None)
    return Entrance(links, ViewLog(views_path(data_dir), days=views_days), oidc=oidc)


def is_loopback(connection: HTTPConnection) -> bool:
    """Tell whether a request comes from this machine, by no proxy: one on this machine carries what others ask.

    A proxy shows itself by the headers that it adds, or by HTTP/1.0, which browsers do not speak and nginx does unless
    told otherwise.
    """
    if connection.scope.get("http_version") == "1.0" or any(name in connection.headers for name in _FORWARDED):
        return False
    try:
        return connection.client is not None and ip_address(connection.client.host).is_loopback
    except ValueError:
        return False


def secure(connection: HTTPConnection) -> bool:
    """Tell whether a cookie may travel over TLS only: always, but for a page looked at on its own machine."""
    url = urlsplit(str(connection.url))
    return url.scheme == "https" or url.hostname not in ("127.0.0.1", "localhost", "::1")
