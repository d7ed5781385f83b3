"""Keeping the tables for others in PostgreSQL current: `kindinbeeld.counts` and the rest, once a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog

from projections.live.postgres.published import PublishedTables
from projections.live.reading import LiveReader
from services.ledger.reading import last_sequence
from services.system import DataDir, find_system
from services.view.keeping import Keeper

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["Sharing"]

_log = structlog.get_logger(__name__)

_REST: Final = 0.7
"""Seconds between two times of writing, at least; they also hold what only the time changes."""
_SHARE: Final = 4.0
"""Rest so many times as long as writing took: the fold goes before it."""
_AGAIN: Final = 2.0
"""Seconds after trouble."""


class Sharing:
    """Writes the tables for others beside the fold; `client` gives the connection to the ledger."""

    def __init__(self, data_dir: DataDir, database: str, client: Callable[[], Client | None], keeper: Keeper) -> None:
        self._data_dir, self._database, self._client, self._keeper = data_dir, database, client, keeper
        self._reader: LiveReader | None = None
        self._tables: PublishedTables | None = None

    async def run(self) -> None:
        """Write until cancelled. Whatever goes wrong is logged and tried again; the fold goes on."""
        problem = ""
        try:
            while True:
                begun = time.monotonic()
                try:
                    await self._write()
                    problem = ""
                except Exception as error:
                    # Its text may hold a value; its kind is enough to go by.
                    if problem != (problem := type(error).__name__):
                        _log.warning("the tables for others cannot be written", why=problem)
                    self._let_go()
                    await asyncio.sleep(_AGAIN)
                await asyncio.sleep(max(_REST, _SHARE * (time.monotonic() - begun)))
        finally:
            self._let_go()

    async def _write(self) -> None:
        client = self._client()
        end = 0 if client is None else await last_sequence(client)
        writing = asyncio.create_task(asyncio.to_thread(self._write_now, end))
        try:
            await asyncio.shield(writing)
        finally:
            # A thread cannot be cancelled: what it writes with is let go of when it is over.
            await asyncio.wait({writing})

    def _write_now(self, ledger_end: int) -> None:
        self._tables = self._tables or PublishedTables(self._database)
        self._reader = self._reader or LiveReader(self._database)
        tables, closures = self._reader.look(find_system(self._data_dir).clock.now())
        self._tables.write(tables, closures, max(ledger_end, self._keeper.view.position))

    def _let_go(self) -> None:
        for held in (self._tables, self._reader):
            if held is not None:
                held.close()
        self._tables, self._reader = None, None
