"""The pages for signing in and out, and what is answered to whom a page is not for."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from projections.register import municipalities
from services.web import wording
from services.web.access.areas import area_name
from services.web.access.entrance import Entrance, Looking
from services.web.access.kept import AccessUnavailable
from services.web.access.links import SIGN_IN
from services.web.access.showing import show
from services.web.access.viewer import viewer_of
from services.web.texts import language_of

__all__ = ["access_routes", "closed", "form_of", "is_ours", "unavailable"]

SIGN_OUT: Final = "/afmelden"
_MOST_BYTES: Final = 4096


def access_routes(entrance: Entrance) -> list[Route]:
    """Make the routes for signing in and out."""

    async def sign_in(request: Request) -> Response:
        """Answer `/aanmelden`: the form, and who is signed in; POST: a link that somebody opened or pasted."""
        if request.method != "POST":
            return _sign_in_page(request, entrance)
        if not is_ours(request):
            return _sign_in_page(request, entrance, "access_expired", 403)
        try:
            link = entrance.link_of((await form_of(request)).get("link", ""))
        except AccessUnavailable:
            return unavailable(request)
        if link is None:
            return _sign_in_page(request, entrance, "access_refused", 403)
        response = RedirectResponse("/", 303)
        entrance.sign_in(request, response, link.viewer(), link)
        return response

    async def sign_out(request: Request) -> Response:
        """Answer POST `/afmelden`."""
        if not is_ours(request):
            return _sign_in_page(request, entrance, "access_expired", 403)
        response = RedirectResponse(SIGN_IN, 303)
        entrance.sign_out(request, response)
        return response

    routes = [
        Route(SIGN_IN, sign_in, methods=["GET", "POST"]),
        Route(SIGN_OUT, sign_out, methods=["POST"]),
    ]
    if entrance.oidc is not None:
        from services.web.access.oidc_pages import oidc_routes  # what it takes to load is for who signs in there

        routes += oidc_routes(entrance, entrance.oidc)
    return routes


def is_ours(request: Request) -> bool:
    """Tell whether a form was sent by a page of ours: by its origin, which a browser gives with every form.

    Our forms stand on pages whose referrer policy is `same-origin`, since `no-referrer` would take the origin away.
    """
    origin = urlsplit(request.headers.get("origin", ""))
    if origin.netloc != request.headers.get("host") or origin.scheme not in ("http", "https"):
        return False
    return request.headers.get("sec-fetch-site", "same-origin") == "same-origin"


def closed(request: Request) -> Response:
    """Answer to somebody whom this page is not for: whom it is for, how to sign in, and which pages are."""
    viewer = viewer_of(request)
    own = [each for each in municipalities() if viewer.area and viewer.exact(each.code)]
    # A name may stand for several codes through the years: the one that is valid longest is the one of now.
    names = {each.name: each.code for each in sorted(own, key=lambda each: each.valid_until is None)}
    places = sorted((name, code) for name, code in names.items())
    html = show(request, "closed.html", area=area_name(viewer.area), places=places)
    return HTMLResponse(html, 403)


def unavailable(request: Request) -> Response:
    """Answer while nobody can be let in, since the links cannot be read."""
    return HTMLResponse(show(request, "message.html", message="access_unavailable"), 503, {"Retry-After": "5"})


def _sign_in_page(request: Request, entrance: Entrance, error: str = "", status: int = 200) -> Response:
    looking: Looking = request.scope["looking"]
    session, viewer = looking.session, looking.viewer
    language = language_of(request.query_params, request.cookies.get("lang"))
    html = show(
        request,
        "sign_in.html",
        looking=looking,
        error=error,
        role=f"access_role_{viewer.role}",
        area=area_name(viewer.area),
        until=wording.moment(session.expires, language, seconds=False) if session is not None else "",
        oidc=entrance.oidc is not None,
    )
    return HTMLResponse(html, status)


async def form_of(request: Request) -> dict[str, str]:
    """Read the fields of a form; none when too much was sent, or what is no form."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > _MOST_BYTES:
                return {}
        return dict(parse_qsl(body.decode(), max_num_fields=10))
    except (ClientDisconnect, ValueError):
        return {}
