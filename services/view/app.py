"""The live view as a FastStream application: folds, says that it has moved on, and answers how far it is."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import structlog
from faststream import FastStream
from pydantic import BaseModel, ConfigDict

from events import VIEW_CHANGED, VIEW_STATUS, ViewChanged
from services.ledger.broker import make_broker
from services.ledger.reading import last_sequence
from services.reminders.asking import SILENT_SUBJECT, SilentAnswer, SilentRequest
from services.system import DataDir, Settings, find_system, view_of
from services.system.ending import end_tasks
from services.tracing import tracer_for
from services.view.audits import Auditing
from services.view.keeping import Keeper, Standing
from services.view.measuring import Measures
from services.view.parts.watching import PartsWatch
from services.view.publishing import Publishing
from services.view.silence import SilentLists
from services.view.worker import Worker

if TYPE_CHECKING:
    from services.tracing.views import ViewTraces
    from services.view.sharing import Sharing

_log = structlog.get_logger(__name__)

_LEDGER_SECONDS: Final = 0.5


class ViewStatus(BaseModel):
    """How far the live view is."""

    model_config = ConfigDict(frozen=True)

    position: int
    """The ledger's sequence up to which events are in."""
    recorded_until: int
    """The newest recorded time seen, in microseconds since 1970-01-01T00:00Z."""
    behind: int
    """How many messages the ledger held behind the last one taken in."""


class ViewService:
    """Folds in a thread of its own, or watches workers that do, and talks to the others on the event loop."""

    def __init__(self, data_dir: DataDir) -> None:
        """Prepare the application for the system that runs on ``data_dir``."""
        record, place = find_system(data_dir), view_of(data_dir)
        self._broker = make_broker(record.address_of("view"), "view")
        self._broker.subscriber(VIEW_STATUS)(self._status)
        self._lists = SilentLists(data_dir, lambda: self._broker.client)
        self._broker.subscriber(SILENT_SUBJECT)(self._silent)
        settings = Settings.from_environment()
        self._measures, self._metrics = Measures() if settings.metrics else None, data_dir.view_metrics
        self._parts = (
            PartsWatch(data_dir.path, data_dir.view_parts, self._tell, self._measures) if record.workers > 1 else None
        )
        self._keeper: Keeper = self._parts or Worker(data_dir.path, place, self._tell, self._measures)
        self._traces: ViewTraces | None = None
        if (tracer := tracer_for("view", settings)) is not None:
            from services.tracing.views import ViewTraces  # only where traces are asked for

            self._traces = ViewTraces(tracer, lambda: self._broker.client, self._keeper.view.position)
        self._publishing = Publishing(data_dir, lambda: self._broker.client, self._keeper)
        self._auditing = Auditing(data_dir, lambda: self._broker.client, self._keeper, settings.audit_seconds)
        self._sharing = self._share(data_dir, place) if isinstance(place, str) else None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self.app = FastStream(self._broker, lifespan=self._lifespan, logger=None)

    def _share(self, data_dir: DataDir, database: str) -> Sharing:
        from services.view.sharing import Sharing  # only where there is a PostgreSQL

        return Sharing(data_dir, database, lambda: self._broker.client, self._keeper)

    async def _status(self, _: bytes) -> ViewStatus:
        view = self._keeper.view
        return ViewStatus(position=view.position, recorded_until=view.recorded_until, behind=self._keeper.behind)

    async def _silent(self, asked: SilentRequest) -> SilentAnswer:
        return await self._lists.answer(asked)

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        thread = threading.Thread(target=self._fold, name="fold")
        thread.start()
        beside = [
            asyncio.create_task(self._publishing.run(), name="publishing"),
            asyncio.create_task(self._auditing.run(), name="auditing"),
        ]
        if self._parts is not None:
            beside.append(asyncio.create_task(self._ask_ledger(self._parts), name="ledger"))
        if self._sharing is not None:
            beside.append(asyncio.create_task(self._sharing.run(), name="sharing"))
        if self._measures is not None:
            beside.append(asyncio.create_task(self._measures.keep_written(self._metrics), name="measures"))
        try:
            yield
        finally:
            self._keeper.stop()
            await end_tasks(beside)
            await asyncio.to_thread(thread.join)
            if self._failure is not None:
                raise self._failure

    async def _ask_ledger(self, parts: PartsWatch) -> None:
        """Keep it told where the ledger ends: the workers read that, not this process."""
        while True:
            client = self._broker.client
            if client is not None:
                with contextlib.suppress(Exception):  # it does not answer: what was known last stands
                    parts.ledger_end = await last_sequence(client)
            await asyncio.sleep(_LEDGER_SECONDS)

    def _fold(self) -> None:
        try:
            self._keeper.run()
        except BaseException as error:
            _log.error("the live view cannot go on", why=type(error).__name__)
            self._failure = error
            self.app.exit()

    def _tell(self, view: Standing) -> None:
        """Say, from the thread that folds, that the view has moved on."""
        notice = ViewChanged(position=view.position, recorded_until=view.recorded_until)
        seconds = self._measures.last_seconds if self._measures is not None else 0.0
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._publish_soon, notice, seconds)

    def _publish_soon(self, notice: ViewChanged, seconds: float) -> None:
        task = asyncio.ensure_future(self._publish(notice, seconds))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _publish(self, notice: ViewChanged, seconds: float) -> None:
        try:
            headers = None if self._traces is None else await self._traces.applied(notice.position, seconds)
            await self._broker.publish(notice, VIEW_CHANGED, headers=headers)
        except Exception as error:
            # Whoever misses a notice still finds the change in the database.
            _log.debug("nobody was told that the view has moved on", why=type(error).__name__)
