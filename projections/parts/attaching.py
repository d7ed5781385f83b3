"""The parts in a directory, attached to one connection as `p0` and on, to be read; and how far each is."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from projections.parts.dividing import ALL, part_names

__all__ = ["POSITION", "attached", "positions"]

POSITION: Final = "SELECT coalesce(max(notification_id), 0) FROM p{part}.tracking WHERE application_name = 'ledger'"
"""Gives how far a part is."""


def attached(directory: Path) -> sqlite3.Connection:
    """Open the parts for reading; raises sqlite3.Error when some are not there. Any thread may use the connection."""
    database = sqlite3.connect("file::memory:", uri=True, isolation_level=None, check_same_thread=False)
    try:
        for part, path in zip(ALL, part_names(directory), strict=True):
            database.execute(f"ATTACH ? AS p{part}", (f"{path.as_uri()}?mode=ro",))
    except BaseException:
        database.close()
        raise
    return database


def positions(database: sqlite3.Connection) -> list[int]:
    """Give how far each part is."""
    return [int(database.execute(POSITION.format(part=part)).fetchone()[0]) for part in ALL]
