"""Reading a SQLite database that somebody else writes, and that may not be there yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

__all__ = ["reading"]


@contextmanager
def reading(path: Path, table: str, patience: float) -> Iterator[sqlite3.Connection | None]:
    """Open for reading; None when no such table was ever made. Waits `patience` seconds at most for who writes.

    Raises sqlite3.Error or OSError when it cannot be read. `path` is absolute.
    """
    if not path.exists():
        yield None
        return
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", timeout=patience, uri=True)) as database:
        made = database.execute("SELECT count(*) FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        yield database if made else None
