"""A desk as one application: FastStream for NATS, Starlette for HTTP, on whichever ASGI server it is given."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import uvicorn
from faststream.asgi import AsgiFastStream
from faststream.specification import AsyncAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from services.desks import http, pages
from services.desks.access import Access, access_path
from services.desks.desk import Desk
from services.desks.health import health_routes
from services.desks.http import Limits, server_config
from services.desks.intake import describe_intake, make_intake
from services.desks.relay import Relay
from services.desks.rules import id_in
from services.desks.store import StoreTrouble
from services.desks.surroundings import Surroundings, ensure_may_listen, is_loopback
from services.system import DataDir, Settings, SystemUnavailable
from services.tracing import tracer_for

__all__ = ["DeskApp", "limits_of", "make_desk"]

_CLOSED = "this desk answers on loopback only: access control is not on"


class DeskApp(AsgiFastStream):
    """One desk: its store, its relay, its intake by NATS and its HTTP side, started and stopped together.

    An ASGI application and a FastStream application in one: `faststream run services.school:app`, `uvicorn
    services.school:app` and `kindinbeeld desk school` all start the same. It does not need the ledger to take in.
    """

    def __init__(self, name: str, data_dir: DataDir, settings: Settings) -> None:
        """Put the desk together; nothing is touched before it starts."""
        self.surroundings = Surroundings(data_dir, settings)
        self.desk = Desk(name, self.surroundings.store_of(name), self.surroundings.now)
        if (tracer := tracer_for(f"desk-{name}", settings)) is not None:
            from services.tracing.desks import DeskTraces  # only where traces are asked for

            self.desk.traces = DeskTraces(tracer, name, id_in)
        self.relay = Relay(self.desk, self.surroundings.find)
        self.access = Access(access_path(data_dir))
        self._refusal: str | None = None
        self.limits = limits_of(settings)
        self.intake = make_intake(self.desk, self.surroundings.find)
        super().__init__(
            self.intake,
            logger=None,
            lifespan=self._open,
            specification=AsyncAPI(title=f"Kind in beeld: the desk {name}", version="1.0", schema_version="3.0.0"),
        )
        self.site = Starlette(routes=self._routes())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, self._in_a_line(send))
        elif self._is_open_to(scope):
            with self.desk.traces.request(scope) if self.desk.traces is not None else nullcontext():
                await self.site(scope, receive, send)
        else:
            # Only a server that did not ask us where it may listen comes here.
            await JSONResponse({"title": _CLOSED, "status": 403}, 403, media_type="application/problem+json")(
                scope, receive, send
            )

    async def run(self, log_level: int = logging.INFO, run_extra_options: dict[str, Any] | None = None) -> None:
        """Serve with uvicorn, as `faststream run` does. Options `host` and `port`; the rest is uvicorn's.

        Raises WrongUsage when the host is not loopback and access control is not on.
        """
        options = dict(run_extra_options or {})
        host = str(options.get("host", "127.0.0.1"))
        ensure_may_listen(host, self.access)
        port = int(options.get("port", self.surroundings.settings.desk_port_of(self.desk.name)))
        await uvicorn.Server(self.server_config(host=host, port=port)).serve()

    def server_config(self, **settings: Any) -> uvicorn.Config:
        """Give the server's settings for this desk, with the limits that keep slow senders from holding up others."""
        return server_config(self, self.limits, **settings)

    def _in_a_line(self, send: Send) -> Send:
        """Let the server say in a line why the desk does not start, where FastStream gives it a whole traceback."""

        async def tell(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and self._refusal is not None:
                message = {**message, "message": self._refusal}
            await send(message)

        return tell

    def _is_open_to(self, scope: Scope) -> bool:
        server = scope.get("server")
        return server is None or is_loopback(str(server[0])) or self.access.required

    def _routes(self) -> list[BaseRoute]:
        async def asyncapi(request: Request) -> Response:
            return JSONResponse(document)

        document = describe_intake(self.schema.to_specification(), self.desk.name)
        routes: list[BaseRoute] = [
            *health_routes(self.desk, self.relay, self.surroundings.place),
            Route("/asyncapi.json", asyncapi),
            Route("/asyncapi", asyncapi),
        ]
        routes += http.routes(self.desk, self.access, self.limits)
        told = pages.PageSettings.found(self.surroundings.data_dir)
        routes += pages.routes(self.desk, self.access, told, self.intake.ask_silent)
        return routes

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        try:
            self.surroundings.prepare(self.desk.name)
        except SystemUnavailable as error:
            self._refusal = error.message
            raise
        try:
            await asyncio.to_thread(self.desk.start)
        except StoreTrouble as trouble:
            # Its cause names the database and who asks there.
            self._refusal = trouble.reason
            raise SystemUnavailable(trouble.reason) from None
        try:
            await asyncio.to_thread(self.relay.start)
            try:
                yield
            finally:
                await asyncio.to_thread(self.relay.close)
        finally:
            await asyncio.to_thread(self.desk.close)
            self.access.close()


def limits_of(settings: Settings) -> Limits:
    """Give the limits of a desk's HTTP side: those that are settings, and the defaults of the others."""
    return Limits(
        body_bytes=settings.desk_body_bytes,
        batch=settings.desk_batch,
        rate=settings.desk_rate,
        burst=settings.desk_burst,
        connections=settings.desk_connections,
    )


def make_desk(name: str, data_dir: DataDir | None = None, settings: Settings | None = None) -> DeskApp:
    """Make the desk `name` on a data directory, by default the one that the environment names."""
    return DeskApp(name, data_dir or DataDir(), settings or Settings.from_environment())
