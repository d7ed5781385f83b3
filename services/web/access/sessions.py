"""Who is signed in: sessions in memory, so that a restart signs everyone out and nothing of them lies on a disk."""

from __future__ import annotations

import itertools
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.system.clock import real_now
from services.web.access.kept import KeptLinks
from services.web.access.links import Link, digest_of
from services.web.access.viewer import Viewer

__all__ = ["IDLE", "OIDC", "Session", "Sessions"]

IDLE: Final = 12 * 60 * 60.0
"""Seconds after the last page that was asked for when a session ends. A page that stands open does not count."""
LONGEST_BY_ISSUER: Final = 12 * 60 * 60 * 1_000_000
"""Microseconds after which who came from an issuer has to go by it again: what it says of someone may change."""
OIDC: Final = "oidc"
"""In the place of a link's id: signed in at the issuer."""
_MOST: Final = 10_000


@dataclass(slots=True)
class Session:
    """Somebody who is signed in. `link`: the id of the link, or `OIDC`. `expires`: microseconds."""

    viewer: Viewer
    link: str
    expires: int
    used: float
    """When it was last used, by the monotonic clock."""
    number: int
    """Which session of this process it is."""
    ended: bool = False


class Sessions:
    """The sessions of the pages. What a browser holds is random and kept here as a hash. Used on one thread only."""

    def __init__(
        self,
        links: KeptLinks,
        now: Callable[[], int] = real_now,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` gives microseconds, for the end of a link; `seconds` is monotonic, for idleness."""
        self._links, self._now, self._seconds = links, now, seconds
        self._numbers = itertools.count(1)
        self._held: OrderedDict[bytes, Session] = OrderedDict()

    def begin(self, viewer: Viewer, link: Link | None) -> str:
        """Begin a session and give what the browser is to hold. `link`: None for who comes from an issuer."""
        expires = link.expires if link is not None else self._now() + LONGEST_BY_ISSUER
        held = secrets.token_urlsafe(32)
        by = link.id if link is not None else OIDC
        self._held[digest_of(held)] = Session(viewer, by, expires, self._seconds(), next(self._numbers))
        while len(self._held) > _MOST:
            self._held.popitem(last=False)[1].ended = True
        return held

    def find(self, held: str, *, use: bool) -> Session | None:
        """Give the session of a browser, None when it has none or it ended. `use`: this counts as using it.

        Raises AccessUnavailable.
        """
        digest = digest_of(held)
        session = self._held.get(digest)
        if session is None:
            return None
        if not self.good(session):
            self.end(held)
            return None
        if use:
            session.used = self._seconds()
        return session

    def good(self, session: Session) -> bool:
        """Tell whether a session still stands. Raises AccessUnavailable."""
        now = self._now()
        if session.ended or now >= session.expires or self._seconds() - session.used >= IDLE:
            return False
        return session.link == OIDC or self._links.good(session.link, now)

    def end(self, held: str) -> None:
        """End the session of a browser, if it has one."""
        session = self._held.pop(digest_of(held), None)
        if session is not None:
            session.ended = True
