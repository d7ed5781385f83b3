"""The pages of a desk: for schools and organisations that report by hand, one by one or by a list.

The number of a pupil becomes a pseudonym in memory, at once; it is neither stored nor logged nor shown again.
"""

from __future__ import annotations

from typing import Final

from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from services.desks.access import Access
from services.desks.desk import Desk
from services.desks.pages.earlier import Earlier
from services.desks.pages.endpoints import Pages
from services.desks.pages.front import Front
from services.desks.pages.rendering import BUILD, SHARED, STATIC
from services.desks.pages.sessions import Sessions
from services.desks.pages.settings import PageSettings
from services.desks.pages.silent import COORDINATOR, SilentSchools
from services.reminders.asking import Ask
from services.web.headers import SecurityHeaders, UnchangingFiles

__all__ = ["PageSettings", "routes", "unset_source"]

_GUARD: Final = [Middleware(SecurityHeaders)]


def unset_source(desk: str) -> str:
    """Name the source of a desk's page where no organisation is set: an OIN of zeros, which nobody has."""
    return f"urn:nld:oin:{'0' * 20}:systeem:meldpunt-{desk}"


def routes(
    desk: Desk, access: Access | None, settings: PageSettings | None = None, ask: Ask | None = None
) -> list[Route | Mount]:
    """Give the routes of a desk's pages, to be put beside those of its interface for systems.

    `access`: the keys; None: no access control, answered on loopback only. `settings`: by default what the environment
    and the default data directory say (`PageSettings.found`); where a key is asked for, one of its sources counts.
    `ask`: asks which schools are silent, for the coordinator's desk; None: nobody can be asked.
    """
    told = settings if settings is not None else PageSettings.found()
    source = told.source or unset_source(desk.name)
    front = Front(desk, Sessions(desk.name, access), told.pseudonyms, source)
    pages = Pages(front)
    both = ["GET", "POST"]
    own = []
    if desk.name == COORDINATOR:
        own.append(Route("/silent", SilentSchools(front, ask).page, methods=both, middleware=_GUARD))
    return [
        *own,
        Route("/", pages.home, middleware=_GUARD),
        Route("/report/{kind}", pages.report, methods=both, middleware=_GUARD),
        Route("/list/{kind}", pages.upload, methods=both, middleware=_GUARD),
        Route("/list/{kind}/template.{ending}", pages.template, middleware=_GUARD),
        Route("/reports", Earlier(front).reports, middleware=_GUARD),
        Route("/sign-in", pages.sign_in, methods=both, middleware=_GUARD),
        Route("/sign-out", pages.sign_out, methods=["POST"], middleware=_GUARD),
        Mount(f"/static/{BUILD}/shared", UnchangingFiles(directory=SHARED), middleware=_GUARD),
        Mount(f"/static/{BUILD}/desk", UnchangingFiles(directory=STATIC), middleware=_GUARD),
    ]
