"""A desk's spans: a report is accepted, waits for the relay, and is published to the ledger."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from opentelemetry.context import attach, detach
from opentelemetry.trace import Span, SpanKind, Tracer, set_span_in_context
from starlette.types import Scope

from services.tracing.context import HEADER, context_in, header_of

__all__ = ["DeskTraces"]

_MOST: Final = 10_000
"""Reports under way whose context is kept; of older ones the trace ends at the desk."""
_BATCH: Final = 100
"""Reports of one call that are followed at most: of a whole list, its first show how it went."""

_Ids = Callable[[bytes], UUID | None]


class DeskTraces:
    """The traces of one desk. Thread-safe: reports come on an event loop, the relay has its own thread."""

    def __init__(self, tracer: Tracer, desk: str, ids: _Ids) -> None:
        """``ids`` gives the id under which the desk stores a report, None for what is none."""
        self._tracer, self._desk, self._ids = tracer, desk, ids
        self._lock = threading.Lock()
        self._accepted: OrderedDict[UUID, tuple[Span, int]] = OrderedDict()
        self._carrying: OrderedDict[int, tuple[Span, Span]] = OrderedDict()

    @contextmanager
    def request(self, scope: Scope) -> Iterator[None]:
        """Let what happens in the block belong to the trace that a request of HTTP names, if it names one."""
        found = dict(scope["headers"]).get(HEADER.encode())
        context = None if found is None else context_in({HEADER: found.decode("latin-1")})
        if context is None:
            yield
            return
        token = attach(context)
        try:
            yield
        finally:
            detach(token)

    @contextmanager
    def accepting(self, raws: Sequence[bytes]) -> Iterator[None]:
        """Span the taking in of reports, and remember of each to which trace it belongs."""
        attributes: dict[str, str | int] = {"kib.desk": self._desk, "kib.reports": len(raws)}
        with self._tracer.start_as_current_span("desk.accept", kind=SpanKind.SERVER, attributes=attributes) as span:
            if span.is_recording():
                with self._lock:
                    for raw in raws[:_BATCH]:
                        if (id := self._ids(raw)) is not None:
                            self._accepted[id] = span, time.time_ns()
                    while len(self._accepted) > _MOST:
                        self._accepted.popitem(last=False)
            yield

    def carrying(self, id: UUID | str, position: int) -> dict[str, str]:
        """Begin the spans of a report that the relay is about to send; give the header that goes with it."""
        with self._lock:
            kept = self._accepted.pop(id, None) if isinstance(id, UUID) else None
        if kept is None:
            return {}
        accepted, since = kept
        relay = self._tracer.start_span(
            "relay.carry", set_span_in_context(accepted), attributes={"kib.desk": self._desk}, start_time=since
        )
        attributes = {"messaging.system": "nats", "messaging.operation.type": "send", "kib.desk": self._desk}
        ledger = self._tracer.start_span(
            "ledger.publish", set_span_in_context(relay), kind=SpanKind.PRODUCER, attributes=attributes
        )
        self._carrying[position] = relay, ledger
        while len(self._carrying) > _MOST:
            self._carrying.popitem(last=False)
        return header_of(ledger)

    def carried(self, positions: Sequence[int]) -> None:
        """End the spans of what the ledger has now."""
        for position in positions:
            for span in reversed(self._carrying.pop(position, ())):
                span.end()
