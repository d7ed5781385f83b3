"""Tables as they were known at an earlier time, by replay of the ledger: one at a time, in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import orjson
import structlog

from events.subjects import EVENTS_STREAM, IMPORT_DESK
from projections.tables import MEASURES
from services.api_rules import Problem
from services.system import DataDir
from services.system.beside import written_by
from services.web.api.cells import Rows, rows_of_columns, without_zeros
from services.web.sharing import Shared

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["LedgerReplays", "Replayed"]

_log = structlog.get_logger(__name__)

_WAIT_SECONDS: Final = 25.0
"""How long a request waits for a replay; the replay goes on, and who asks again finds it."""
_REPLAY_SECONDS: Final = 600.0
"""How long a replay may take."""
_UNDER_WAY: Final = 4
"""Replays that are under way or wait for their turn at most."""
_KEPT: Final = 4
"""Replays that are kept at most."""
_LEDGER_SECONDS: Final = 3.0
_SOON: Final = ((b"retry-after", b"5"),)


@dataclass(frozen=True)
class Replayed:
    """Both tables as of an instant (microseconds), of the ledger up to `position`."""

    as_of: int
    position: int
    tables: dict[str, Rows]

    def rows(self, table: str, all_rows: bool = False) -> Rows:
        """Give the rows of a table; those of zeros are there only when they were asked for."""
        rows = self.tables[table]
        return without_zeros(rows) if table == "counts" and not all_rows else rows


class _Key(NamedTuple):
    """What a replay is of. What an instant in the past knew changes when history is imported or erased, and only then.

    Whatever a desk reports is recorded when the ledger takes it in: after that instant.
    """

    as_of: int
    all_rows: bool
    imported: int
    erased: int


class LedgerReplays:
    """Replays the ledger of the system on a data directory. Used on one event loop."""

    def __init__(self, data_dir: DataDir, client: Callable[[], Client | None]) -> None:
        """`client` gives the connection to the ledger; None while there is none."""
        self._data_dir, self._client = data_dir, client
        self._shared = Shared[_Key, Replayed](_UNDER_WAY, lambda kept: len(kept) > _KEPT)
        self._turn = asyncio.Lock()

    async def known_at(self, as_of: int, all_rows: bool) -> Replayed:
        """Give both tables as of an instant. Raises a Problem (503) when they are not there in time."""
        key = await self._key(as_of, all_rows)
        try:
            return await asyncio.wait_for(self._shared.get(key, lambda: self._replay(key), _busy), _WAIT_SECONDS)
        except TimeoutError:
            detail = "The ledger is being replayed; ask again."
            raise Problem(503, detail, headers=_SOON, kind="replaying") from None

    async def _key(self, as_of: int, all_rows: bool) -> _Key:
        client = self._client()
        try:
            if client is None:
                raise OSError
            js = client.jetstream(timeout=_LEDGER_SECONDS)
            info = await js.stream_info(EVENTS_STREAM, subjects_filter=f"kib.events.{IMPORT_DESK}.>")
        except Exception as error:
            # Whatever the client says of a ledger that is away: there is no replay now.
            _log.debug("the ledger does not answer the page", why=type(error).__name__)
            raise _no_ledger() from None
        imported = sum((info.state.subjects or {}).values())
        return _Key(as_of, all_rows, imported, info.state.num_deleted or 0)

    async def _replay(self, key: _Key) -> Replayed:
        async with self._turn:
            try:
                async with asyncio.timeout(_REPLAY_SECONDS):
                    written = await _written(self._data_dir, key)
            except TimeoutError:
                _log.warning("a replay of the ledger took too long", seconds=_REPLAY_SECONDS)
                raise _no_ledger() from None
            return await asyncio.to_thread(_read, key.as_of, written)


def _busy() -> Problem:
    return Problem(503, "Too many replays of the ledger are under way.", headers=_SOON, kind="busy")


def _no_ledger() -> Problem:
    return Problem(503, "The ledger cannot be replayed now.", headers=((b"retry-after", b"30"),), kind="no-replay")


def _read(as_of: int, written: bytes) -> Replayed:
    found = orjson.loads(written)
    return Replayed(
        as_of, found["position"], {table: rows_of_columns(table, found["tables"][table]) for table in MEASURES}
    )


async def _written(data_dir: DataDir, key: _Key) -> bytes:
    """Run the process, and give what it wrote. Raises a Problem when it could not replay anything."""
    which = "all" if key.all_rows else "some"
    written = await written_by("services.web.api.replay", str(data_dir.path), str(key.as_of), which)
    if written is None:
        raise _no_ledger()
    return written
