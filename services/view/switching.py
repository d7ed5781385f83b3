"""Putting a live view that was built beside the old one into its place."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from projections.live.database import ViewAwayError
from services.system import DataDir, SystemUnavailable, view_of

_PATIENCE: Final = 10.0
"""Seconds to wait for readers to let go of what lies beside the old database."""


def working_directory(data_dir: DataDir) -> Path:
    """Where a view is being built; of no use to anyone when whoever builds there has ended."""
    return data_dir.temporary / "rebuild"


def ready_view(data_dir: DataDir) -> Path:
    """A view that is complete and waits to be put into place: its being there is all that it takes."""
    return data_dir.temporary / "live.ready.sqlite"


def waits(data_dir: DataDir) -> bool:
    """Tell whether a view that is complete waits to be put into place.

    Raises SystemUnavailable when its database is away.
    """
    place = view_of(data_dir)
    if isinstance(place, Path):
        return ready_view(data_dir).exists()
    from projections.live.postgres.views import waits_in

    try:
        return waits_in(place)
    except ViewAwayError as away:
        raise SystemUnavailable(str(away)) from None


def put_into_place(data_dir: DataDir) -> bool:
    """Put a view that is ready into place; tell whether that was done.

    Only for the process that writes the view, and before it opens the database. At every moment there is one whole
    database: what lies in the old one's write-ahead log is brought into it before the log goes, since the log of one
    database must never lie beside another. Readers go on in the old file until they look again. In PostgreSQL it is the
    store that does this, when it is opened (``projections.live.postgres``).
    """
    ready, database = ready_view(data_dir), view_of(data_dir)
    if not ready.exists() or not isinstance(database, Path):
        return False
    if database.exists():
        if not _without_log(database):
            return False
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
    ready.replace(database)
    directory = os.open(database.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return True


def _without_log(database: Path) -> bool:
    """Bring the whole write-ahead log into the database."""
    deadline = time.monotonic() + _PATIENCE
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database, timeout=_PATIENCE)) as old:
        while True:
            busy, *_ = old.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
    return False
