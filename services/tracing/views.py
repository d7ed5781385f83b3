"""The spans of those who follow the ledger: the view applies a message, the pages show what it did."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import nats.errors
from opentelemetry.trace import SpanKind, Tracer

from events import EVENTS_STREAM
from services.tracing.context import HEADER, context_in, header_of

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["PageTraces", "ViewTraces"]

_MOST: Final = 50
"""Messages of one transaction that are looked at: a view that catches up is not slowed down by traces."""
_PATIENCE: Final = 2.0
_SHOWN_WITHIN: Final = 30.0
_LOOK: Final = 0.005


class ViewTraces:
    """The traces of the live view. It looks up itself which messages of a transaction carry a context."""

    def __init__(self, tracer: Tracer, client: Callable[[], Client | None], position: int) -> None:
        """``client`` gives the connection to the ledger, None while there is none; ``position``: where the view is."""
        self._tracer, self._client, self._before = tracer, client, position

    async def applied(self, position: int, seconds: float) -> dict[str, str]:
        """Span the transaction that ended now, for each message in it that carries a context.

        ``position``: of the view after it; ``seconds``: how long it took. Gives the header to tell the pages with.
        """
        ended = time.time_ns()
        before, self._before = self._before, position
        client = self._client()
        if client is None:
            return {}
        sequences = range(max(before + 1, position - _MOST + 1), position + 1)
        header: dict[str, str] = {}
        for found in await asyncio.gather(*(_headers(client, sequence) for sequence in sequences)):
            if (context := context_in(found)) is not None:
                attributes = {"messaging.system": "nats", "messaging.operation.type": "process"}
                span = self._tracer.start_span(
                    "view.apply", context, SpanKind.CONSUMER, attributes, start_time=ended - round(seconds * 1e9)
                )
                span.end(ended)
                header = header_of(span) or header
        return header


class PageTraces:
    """The traces of the pages' server."""

    def __init__(self, tracer: Tracer, position: Callable[[], int], open_pages: Callable[[], int]) -> None:
        """``position``: up to where the boards show the view; ``open_pages``: how many pages follow them."""
        self._tracer, self._position, self._open_pages = tracer, position, open_pages
        self._tasks: set[asyncio.Task[None]] = set()

    def told(self, headers: Mapping[str, Any], position: int) -> None:
        """Note that the view has moved on to ``position``, and span how long it takes until open pages are sent it."""
        if HEADER in headers:
            task = asyncio.ensure_future(self._shown({HEADER: str(headers[HEADER])}, position, time.time_ns()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _shown(self, headers: Mapping[str, str], position: int, since: int) -> None:
        context = context_in(headers)
        deadline = time.monotonic() + _SHOWN_WITHIN
        while self._position() < position:
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(_LOOK)
        attributes = {"kib.open_pages": self._open_pages()}
        self._tracer.start_span("page.push", context, attributes=attributes, start_time=since).end()


async def _headers(client: Client, sequence: int) -> Mapping[str, str] | None:
    asked = json.dumps({"seq": sequence}).encode()
    with contextlib.suppress(nats.errors.Error, OSError):
        answer = await client.request(f"$JS.API.DIRECT.GET.{EVENTS_STREAM}", asked, timeout=_PATIENCE)
        return answer.headers
    return None
