"""Serve the page of the system on a data directory: ``python -m services.web DATA_DIR FD``.

FD is the file descriptor of a socket that listens on loopback already.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from faststream.nats.annotations import NatsMessage

from events import EVENTS_STREAM, VIEW_CHANGED, ViewChanged
from projections.live.database import UNREADABLE, Place
from projections.live.reading import LiveReader
from projections.public import PublicStore
from services.audits import AuditLog
from services.ledger.broker import make_broker
from services.system import DataDir, Settings, SystemRecord, find_system, place_of
from services.system.children import end_with_parent
from services.system.logs import configure_logging
from services.system.retention import erased_at
from services.tracing import tracer_for
from services.web.access.configuring import access_of, hosts_of
from services.web.api.replays import LedgerReplays
from services.web.app import create_app
from services.web.details.beside import DetailsBeside
from services.web.machine import Machine
from services.web.metrics import Telling
from services.web.open_data import create_routes
from services.web.serving import server_of
from services.web.source import Lag
from services.web.then import ThenReplays
from services.web.waiting import ReadBeside

if TYPE_CHECKING:
    from services.tracing.views import PageTraces

_log = structlog.get_logger(__name__)

_LAG_SECONDS: Final = 0.5
_PATIENCE: Final = 60.0


class Page:
    """The page's server, fed by the live view's database and woken by what the view says."""

    def __init__(self, data_dir: DataDir, listening: socket.socket) -> None:
        """Open the live view; it is waited for while it makes its database. The pages come on `listening`."""
        record = find_system(data_dir)
        self._listening = listening
        place = place_of(record, data_dir)
        self._changed = asyncio.Event()
        self._last_sequence: int | None = None
        self._broker = make_broker(record.address_of("page"), "page")
        self._broker.subscriber(VIEW_CHANGED)(self._wake)
        public = PublicStore(data_dir.public)
        settings, simulated = Settings.from_environment(), record.clock.simulation is not None
        clock = self._clock(data_dir, record)
        reader = _open(place)
        self._source: LiveReader | ReadBeside = reader
        if reader.held is not None:
            self._source = ReadBeside(reader, clock, asyncio.get_running_loop(), self._changed.set)
        self.app = create_app(
            self._source,
            clock,
            self._lag,
            simulated,
            self._changed,
            hosts=hosts_of(settings),
            access=access_of(data_dir, settings, record.page_url, listening),
            public=public,
            open_data=create_routes(
                public,
                publisher=settings.publisher,
                contact=settings.contact,
                publisher_id=settings.publisher_id,
                simulated=simulated,
            ),
            details=DetailsBeside(place, clock, self._changed.set, data_dir.archive),
            replays=LedgerReplays(data_dir, lambda: self._broker.client),
            audits=AuditLog(data_dir.audits),
            then=ThenReplays(data_dir, clock),
        )

        self._traces = self._tracing(settings)
        self._machine = Machine(data_dir.path, record, lambda: self._broker.client)
        others = (data_dir.view_metrics, data_dir.archive_metrics)
        self.app.state.telling = Telling(
            others,
            lambda: len(self._source.set_aside()),
            settings.retention_days,
            self._machine.text,
            lambda: erased_at(data_dir),
            settings.metrics_token,
        )
        self.app.state.archive = data_dir.archive_metrics

    @staticmethod
    def _clock(data_dir: DataDir, record: SystemRecord) -> Callable[[], int]:
        if record.clock.simulation is None:
            return record.clock.now

        def now() -> int:
            # A simulated clock may be set anew while the system runs.
            return find_system(data_dir).clock.now()

        return now

    def _tracing(self, settings: Settings) -> PageTraces | None:
        if (tracer := tracer_for("page", settings)) is None:
            return None
        from services.tracing.views import PageTraces  # only where traces are asked for

        boards = self.app.state.boards

        def shown() -> int:
            fresh = boards.whole.fresh
            return 0 if fresh is None else int(fresh.position)

        return PageTraces(tracer, shown, lambda: sum(board.pages_open for board in boards))

    async def _wake(self, notice: ViewChanged, message: NatsMessage) -> None:
        if self._traces is not None:
            self._traces.told(message.headers, notice.position)
        if self._last_sequence is not None:
            self._last_sequence = max(self._last_sequence, notice.position)
        self._changed.set()

    def _lag(self) -> Lag:
        return Lag(self._last_sequence)

    async def _watch_ledger(self) -> None:
        """Keep the ledger's last sequence known; None while it cannot be reached."""
        while True:
            try:
                info = await self._broker.config.connection_state.stream.stream_info(EVENTS_STREAM)
                self._last_sequence = info.state.last_seq
            except Exception as error:
                _log.debug("the ledger does not answer the page", why=type(error).__name__)
                self._last_sequence = None
            await asyncio.sleep(_LAG_SECONDS)

    async def serve(self) -> None:
        """Serve until SIGINT or SIGTERM."""
        server = server_of(self.app)
        async with self._broker:
            await self._broker.start()
            watches = [asyncio.create_task(each) for each in (self._watch_ledger(), self._machine.run())]
            if isinstance(self._source, ReadBeside):
                await asyncio.to_thread(self._source.first, _PATIENCE)
            await server.serve([self._listening])
            for watch in watches:
                watch.cancel()
        await asyncio.to_thread(self._source.close)


def _open(database: Place) -> LiveReader:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            reader = LiveReader(database)
            reader.refresh()
        except UNREADABLE:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return reader


def main() -> None:
    """Serve until a signal, or until the parent ends."""
    configure_logging()
    end_with_parent()
    asyncio.run(_serve())


async def _serve() -> None:
    page = Page(DataDir(Path(sys.argv[1])), socket.socket(fileno=int(sys.argv[2])))
    await page.serve()


if __name__ == "__main__":
    main()
