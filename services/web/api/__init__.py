"""The HTTP interface of the pages' server: all that the pages show, as JSON and CSV, under `/v1`.

`create_routes` gives what is mounted on the application. The interface is described by `/v1/openapi.json` and
docs/api.md.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.routing import Route

from services.api_rules import Everything, Reply, encode, read_query
from services.web.api.answering import Answers
from services.web.api.closer import CloserAnswers
from services.web.api.endpoint import Endpoint, nothing
from services.web.api.openapi import describe
from services.web.api.standing import Live, Replays
from services.web.api.version import API_VERSION
from services.web.api.writing import document
from services.web.boards import Boards

__all__ = ["API_VERSION", "Replays", "create_routes"]

_EVERYONE = ((b"access-control-allow-origin", b"*"),)


def create_routes(boards: Boards, clock: Callable[[], int], replays: Replays | None = None) -> list[Route]:
    """Give the routes of the interface. The last takes all of `/v1`, so others under `/v1` have to go before these.

    `clock`: the time in microseconds. `replays`: the tables of earlier times; None: there are none.
    """
    live = Live(boards, clock)
    answers, closer = Answers(live, replays), CloserAnswers(boards, live)
    description = encode(describe())

    async def openapi(request: Request) -> Reply:
        read_query(request.scope["query_string"], ())
        return document(request, description, b"application/json", _EVERYONE)

    return [
        Route("/v1/counts", Endpoint(answers.counts)),
        Route("/v1/coverage", Endpoint(answers.coverage)),
        Route("/v1/rates", Endpoint(answers.rates)),
        Route("/v1/closer", Endpoint(closer.area)),
        Route("/v1/schools", Endpoint(closer.schools)),
        Route("/v1/settling", Endpoint(closer.settling)),
        Route("/v1/municipalities", Endpoint(answers.municipalities)),
        Route("/v1/weeks", Endpoint(answers.weeks)),
        Route("/v1/closures", Endpoint(answers.closures)),
        Route("/v1/status", Endpoint(answers.status)),
        Route("/v1/openapi.json", Endpoint(openapi)),
        Everything("/v1/{rest:path}", Endpoint(nothing)),
    ]
