"""The public tables of all days, in a database of their own: each is written once and never changed.

The database holds what was shown and nothing else, so that whoever reads it learns nothing more.
"""

from __future__ import annotations

import io
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from events import local_day
from projections.public.snapshot import Snapshot
from projections.written import reading

__all__ = ["APART", "PublicStore"]

APART: Final = 22 * 3_600_000_000
"""Microseconds between two tables at least: a day as short as the clocks make one, less what making takes."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS snapshot (day TEXT PRIMARY KEY, as_of INTEGER NOT NULL, content BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS unchanged BEFORE UPDATE ON snapshot
  BEGIN SELECT RAISE(ABORT, 'what was published does not change'); END;
CREATE TRIGGER IF NOT EXISTS once BEFORE INSERT ON snapshot WHEN EXISTS (SELECT 1 FROM snapshot WHERE day = NEW.day)
  BEGIN SELECT RAISE(ABORT, 'a day has one table'); END;
CREATE TRIGGER IF NOT EXISTS kept BEFORE DELETE ON snapshot
  BEGIN SELECT RAISE(ABORT, 'what was published is kept'); END;
"""
_PATIENCE: Final = 10.0


class PublicStore:
    """Reads, and for the one process that publishes writes, the public tables. For use by any thread."""

    def __init__(self, path: Path) -> None:
        """Point at the database; it is made when the first table is published."""
        self._path = path.absolute()

    def days(self) -> list[date]:
        """Give the days of which there is a table, in order."""
        with reading(self._path, "snapshot", _PATIENCE) as database:
            rows = database.execute("SELECT day FROM snapshot ORDER BY day").fetchall() if database else []
        return [date.fromisoformat(day) for (day,) in rows]

    def latest_day(self) -> date | None:
        """Give the day of the newest table; None when there is none."""
        with reading(self._path, "snapshot", _PATIENCE) as database:
            row = database.execute("SELECT max(day) FROM snapshot").fetchone() if database else (None,)
        return None if row[0] is None else date.fromisoformat(row[0])

    def snapshot(self, day: date) -> Snapshot | None:
        """Give the table of a day; None when there is none."""
        with reading(self._path, "snapshot", _PATIENCE) as database:
            found = (
                database
                and database.execute(
                    "SELECT day, as_of, content FROM snapshot WHERE day = ?", (day.isoformat(),)
                ).fetchone()
            )
        return _unpack(*found) if found else None

    def latest(self) -> Snapshot | None:
        """Give the newest table; None when there is none."""
        day = self.latest_day()
        return None if day is None else self.snapshot(day)

    def due(self, at: int) -> bool:
        """Tell whether a table may be published at an instant (microseconds): one a day, a day apart, in order."""
        with reading(self._path, "snapshot", _PATIENCE) as database:
            return database is None or _due(database, at)

    def publish(self, snapshot: Snapshot) -> bool:
        """Write a table for good; False, and nothing done, when it is not due."""
        with closing(sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)) as database:
            database.executescript(_SCHEMA)
            database.execute("BEGIN IMMEDIATE")
            if not _due(database, snapshot.as_of):
                database.execute("ROLLBACK")
                return False
            row = snapshot.day.isoformat(), snapshot.as_of, _pack(snapshot)
            database.execute("INSERT INTO snapshot VALUES (?, ?, ?)", row)
            database.execute("COMMIT")
        return True


def _due(database: sqlite3.Connection, at: int) -> bool:
    day, newest = database.execute("SELECT max(day), max(as_of) FROM snapshot").fetchone()
    return newest is None or (at - newest >= APART and date.fromordinal(local_day(at)) > date.fromisoformat(day))


def _pack(snapshot: Snapshot) -> bytes:
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        places=np.array(snapshot.places),
        sectors=np.array(snapshot.sectors),
        weeks=np.array(snapshot.weeks),
        exists=snapshot.exists,
        low=snapshot.low,
        expected=snapshot.expected,
        reported=snapshot.reported,
    )
    return packed.getvalue()


def _unpack(day: str, as_of: int, content: bytes) -> Snapshot:
    with np.load(io.BytesIO(content), allow_pickle=False) as packed:
        places, sectors, weeks = (tuple(map(str, packed[name])) for name in ("places", "sectors", "weeks"))
        exists, low, expected, reported = (packed[name] for name in ("exists", "low", "expected", "reported"))
    return Snapshot(date.fromisoformat(day), as_of, places, sectors, weeks, exists, low, expected, reported)
