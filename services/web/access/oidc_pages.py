"""Signing in at the issuer: there, and back."""

from __future__ import annotations

from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from services.web.access.entrance import Entrance, secure
from services.web.access.oidc import BACK, MINUTES, OpenId, OpenIdError
from services.web.access.showing import show

__all__ = ["oidc_routes"]

_log = structlog.get_logger(__name__)

THERE: Final = "/aanmelden/organisatie"
_BROWSER: Final = "kib-oidc"


def oidc_routes(entrance: Entrance, oidc: OpenId) -> list[Route]:
    """Make the routes to the issuer and back."""

    async def there(request: Request) -> Response:
        """Send the browser to the issuer."""
        try:
            address, browser = await oidc.begin()
        except OpenIdError as error:
            return _failed(request, error, 502)
        response = RedirectResponse(address, 303)
        # Lax: the way back begins at the issuer, and a strict cookie would stay behind.
        response.set_cookie(
            _BROWSER, browser, max_age=60 * MINUTES, path=BACK, httponly=True, samesite="lax", secure=secure(request)
        )
        return response

    async def back(request: Request) -> Response:
        """Take in what the issuer says of who signed in there."""
        try:
            viewer = await oidc.finish(dict(request.query_params), request.cookies.get(_BROWSER, ""))
        except OpenIdError as error:
            return _failed(request, error, 403)
        if viewer is None:
            return HTMLResponse(show(request, "message.html", message="access_no_role"), 403)
        # Not a redirect: that would belong to the way from the issuer, and the strict cookie would not go along.
        response = HTMLResponse(show(request, "welcome.html"))
        entrance.sign_in(request, response, viewer, None)
        response.delete_cookie(_BROWSER, path=BACK, httponly=True, samesite="lax", secure=secure(request))
        return response

    return [Route(THERE, there), Route(BACK, back)]


def _failed(request: Request, error: OpenIdError, status: int) -> Response:
    _log.warning("oidc.failed", why=str(error))
    return HTMLResponse(show(request, "message.html", message="access_failed"), status)
