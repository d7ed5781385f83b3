"""Auditing the running system by itself, now and then, in a process beside the view."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import structlog

from services.ledger.reading import last_sequence
from services.system import DataDir
from services.system.beside import written_by
from services.view.keeping import Keeper

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["Auditing"]

_log = structlog.get_logger(__name__)

_FIRST: Final = 60.0
"""Seconds after the start until the first audit at most; after one that could not be done, likewise."""
_LOOK: Final = 1.0
"""Seconds between two looks whether the view has caught up."""
_LEVEL: Final = 1_000
"""Messages behind the ledger up to which the view counts as level: under a stream of them it is never quite."""
_LONGEST: Final = 2 * 3600.0
"""Seconds after which an audit is given up."""


class Auditing:
    """Audits every so often, by real time also under a simulated clock; `client` gives the connection to the ledger."""

    def __init__(self, data_dir: DataDir, client: Callable[[], Client | None], keeper: Keeper, every: float) -> None:
        """`every`: seconds from one audit to the next; 0: never."""
        self._data_dir, self._client, self._keeper, self._every = data_dir, client, keeper, every

    async def run(self) -> None:
        """Audit until cancelled, never while the view is catching up. Whatever goes wrong, the fold goes on."""
        if not self._every:
            return
        soon = min(self._every, _FIRST)
        wait = soon
        while True:
            await self._rest(wait, soon)
            while not await self._level():  # noqa: ASYNC110 - the ledger is asked
                await asyncio.sleep(_LOOK)
            wait = self._every if await self._audit() else soon

    async def _rest(self, seconds: float, soon: float) -> None:
        """Wait so long, and ``soon`` at most once another view has taken the place of the one that was audited."""
        until, switches = time.monotonic() + seconds, self._keeper.switches
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(left, _LOOK))
            if self._keeper.switches != switches:
                until, switches = min(until, time.monotonic() + soon), self._keeper.switches

    async def _level(self) -> bool:
        """Tell whether the view has about all that the ledger holds."""
        client = self._client()
        if client is None:
            return False
        try:
            return await last_sequence(client) - self._keeper.view.position <= _LEVEL
        except Exception as error:
            _log.debug("the ledger does not answer", why=type(error).__name__)
            return False

    async def _audit(self) -> bool:
        """Audit once, and record what comes of it; False when it could not be done."""
        try:
            async with asyncio.timeout(_LONGEST):
                return await written_by("services.audits", str(self._data_dir.path)) is not None
        except (OSError, TimeoutError) as error:
            _log.warning("the audit was not done", why=type(error).__name__)
            return False
