"""A view that was built anew beside the one in place: brought to where that is, and compared with it cell by cell."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from projections.live.database import UNREADABLE
from projections.live.message import Source, take
from projections.live.reading import LiveReader
from projections.live.store import open_store
from projections.live.tables import Tables
from projections.live.view import LiveView
from services.ledger.connecting import connect
from services.ledger.reading import read_ledger
from services.system import DataDir, SystemUnavailable, find_system, view_of
from services.view.auditing import Outcome, against_replay, between
from services.view.switching import without_log

__all__ = ["Compared", "compare_beside"]

_PATIENCE: Final = 10.0
"""Seconds to wait for the view in place to have what the new one has."""
_LOOK: Final = 0.1


@dataclass(frozen=True)
class Compared:
    """What came out; `replay` only where the two differ: then the new one was held against the replay of the ledger."""

    views: Outcome
    replay: Outcome | None = None

    @property
    def sound(self) -> bool:
        """Whether the new one may take the other's place."""
        return not self.views.differences or (self.replay is not None and not self.replay.differences)


def compare_beside(data_dir: DataDir, database: Path, position: int) -> Compared | None:
    """Bring the view in a file up to where the one in place is, and compare them there, as of now.

    So little is left to catch up with when it is put into place. None when there is none in place that has come as far
    as ``position``, where the new one is. Raises SystemUnavailable when the ledger does not answer or the file cannot
    be used.
    """
    record = find_system(data_dir)
    old = _in_place(data_dir, position, record.clock.now())
    if old is None:
        return None
    try:
        asyncio.run(_follow(data_dir, database, position, old.position))
        reader = LiveReader(database)
        try:
            new = reader.tables(old.as_of)
        finally:
            reader.close()
    except UNREADABLE as error:
        raise SystemUnavailable(f"the new view cannot be used ({type(error).__name__})") from None
    if not without_log(database):
        raise SystemUnavailable("the new view is in use by another process")
    outcome = between(old, new)
    return Compared(outcome, against_replay(record, new) if outcome.differences else None)


def _in_place(data_dir: DataDir, position: int, now: int) -> Tables | None:
    deadline = time.monotonic() + _PATIENCE
    try:
        reader = LiveReader(view_of(data_dir))
    except UNREADABLE:
        return None
    try:
        while reader.position < position:
            if time.monotonic() > deadline:
                return None
            time.sleep(_LOOK)
        return reader.tables(now)
    except UNREADABLE:
        return None
    finally:
        reader.close()


async def _follow(data_dir: DataDir, database: Path, after: int, until: int) -> None:
    """Take in what came to the ledger since."""
    if after >= until:
        return
    store = open_store(database)
    try:
        view = LiveView(store)
        async with await connect(find_system(data_dir).nats, name="rebuild", patient=True) as ledger:
            async for batch in read_ledger(ledger.nc, until, after + 1):
                view.take(
                    [take(Source(at, stamped, subject.split(".")[2], raw)) for at, stamped, subject, raw in batch]
                )
                view.write()
    except sqlite3.Error as error:
        raise SystemUnavailable(f"the new view cannot be used ({type(error).__name__})") from None
    finally:
        store.datastore.close()
