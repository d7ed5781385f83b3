"""Publishing the public table of each day, as the day of the system's clock begins."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog

from projections.live.reading import LiveReader
from projections.public import PublicStore, take_snapshot
from services.ledger.reading import last_sequence
from services.system import DataDir, find_system, view_of
from services.view.keeping import Keeper

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["Publishing"]

_log = structlog.get_logger(__name__)

_LOOK: Final = 0.5
"""Seconds between two looks at the clock."""
_PATIENCE: Final = 60.0
"""Seconds to wait for the ledger's last message, which may have been erased, once nothing more comes."""


class Publishing:
    """Makes one public table a day, beside the fold; `client` gives the connection to the ledger.

    The table holds what the ledger held as the day began, or, where nothing ran then, as this found out that it is due.
    A day that passed without any is left out: what was known then is not known any more.
    """

    def __init__(self, data_dir: DataDir, client: Callable[[], Client | None], keeper: Keeper) -> None:
        self._data_dir, self._client, self._keeper = data_dir, client, keeper
        self._store = PublicStore(data_dir.public)

    async def run(self) -> None:
        """Publish what is due until cancelled. Whatever goes wrong is logged and tried again; the fold goes on."""
        problem = ""
        while True:
            try:
                if self._store.due(find_system(self._data_dir).clock.now()):
                    await self._publish()
                problem = ""
            except Exception as error:
                # Its text may hold a value; its kind is enough to go by.
                if problem != (problem := type(error).__name__):
                    _log.warning("the public table cannot be made yet", why=problem)
            await asyncio.sleep(_LOOK)

    async def _publish(self) -> None:
        client = self._client()
        if client is None:
            return
        await self._level(await last_sequence(client))
        day = await asyncio.to_thread(self._make)
        if day is not None:
            # Once a day this is news; days of a simulated clock pass by the second.
            simulated = find_system(self._data_dir).clock.simulation is not None
            (_log.debug if simulated else _log.info)("the public table of a day was published", day=day)

    async def _level(self, wanted: int) -> None:
        """Wait until the view has what the ledger held."""
        give_up = time.monotonic() + _PATIENCE
        while self._keeper.view.position < wanted:
            if self._keeper.behind:
                give_up = time.monotonic() + _PATIENCE
            elif time.monotonic() > give_up:
                return
            await asyncio.sleep(_LOOK / 10)

    def _make(self) -> str | None:
        """Make it from the live view's database, as any reader does; give the day when it was published."""
        reader = LiveReader(view_of(self._data_dir))
        try:
            snapshot = take_snapshot(reader, find_system(self._data_dir).clock.now())
        finally:
            reader.close()
        return snapshot.day.isoformat() if snapshot is not None and self._store.publish(snapshot) else None
