"""A desk's HTTP side for the systems of schools and municipalities: reports by the CloudEvents HTTP binding.

`routes` gives what is mounted on the desk's ASGI application; `server_config` the server's settings under which slow
senders hold up nobody else. The interface is described by `/v1/openapi.json` and docs/desks-http.md.
"""

from __future__ import annotations

from starlette.routing import Route

from services.api_rules import Everything, Reply, encode
from services.desks.access import Access
from services.desks.desk import Desk
from services.desks.http.call import Call
from services.desks.http.endpoint import Door, Endpoint, Handler
from services.desks.http.limits import Limits, Meter
from services.desks.http.openapi import describe
from services.desks.http.reading import Reading
from services.desks.http.serving import server_config
from services.desks.http.taking import Taking
from services.desks.http.version import API_VERSION

__all__ = ["API_VERSION", "Limits", "routes", "server_config"]


_EVERYONE = ((b"access-control-allow-origin", b"*"),)


def routes(desk: Desk, access: Access | None, limits: Limits | None = None) -> list[Route]:
    """Give the routes of a desk, all under `/v1`, for one event loop.

    `access`: the keys; None: no key is asked for, which is only for a desk that listens on loopback.
    """
    limits = limits if limits is not None else Limits()
    meter = Meter(limits)
    door = Door(desk.name, access)
    taking = Taking(desk, limits, meter)
    reading = Reading(desk, limits, meter)
    description = Reply(200, encode(describe(desk.name, limits)), headers=_EVERYONE)

    async def openapi(call: Call) -> Reply:
        return description

    def endpoint(public: bool = False, **handlers: Handler) -> Endpoint:
        return Endpoint(handlers, door, limits, meter, public=public)

    return [
        Route("/v1/events", endpoint(POST=taking, GET=reading.reports)),
        Everything("/v1/events/{rest:path}", endpoint(GET=reading.report)),
        Route("/v1/rejected", endpoint(GET=reading.rejected)),
        Route("/v1/rejected/{position}/resend", endpoint(POST=reading.resend)),
        Everything("/v1/rejected/{rest:path}", endpoint(GET=reading.rejection)),
        Route("/v1/openapi.json", endpoint(public=True, GET=openapi)),
        Everything("/v1/{rest:path}", endpoint(public=True)),
    ]
