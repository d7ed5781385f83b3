"""Putting a live view that was built beside the old one into its place."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from projections.durable import fsync_directory
from projections.live.database import ViewAwayError
from projections.parts.placing import KEPT_SECONDS, remove_others
from services.system import DataDir, SystemUnavailable, view_of

_PATIENCE: Final = 10.0
"""Seconds to wait for readers to let go of what lies beside the old database."""


def working_directory(data_dir: DataDir) -> Path:
    """Where a view is being built; of no use to anyone when whoever builds there has ended."""
    return data_dir.temporary / "rebuild"


def ready_view(data_dir: DataDir) -> Path:
    """A view that is complete and waits to be put into place: its being there is all that it takes."""
    return data_dir.temporary / "live.ready.sqlite"


def former_view(data_dir: DataDir) -> Path:
    """The view that another has taken the place of, for a day: the way back."""
    return data_dir.temporary / "live.former.sqlite"


def go_back(data_dir: DataDir) -> None:
    """Lay the view that was in place before ready, to be put into its place again; it then catches up.

    Of a view in parts that is done at once, after they have caught up.

    Raises SystemUnavailable when there is none any more, or the database is away.
    """
    place = view_of(data_dir)
    try:
        if place == data_dir.view_parts:
            from services.view.parts.switching import parts_back

            if not parts_back(data_dir):
                raise FileNotFoundError
        elif isinstance(place, Path):
            former_view(data_dir).replace(ready_view(data_dir))
        else:
            from projections.live.postgres.views import go_back_in

            if not go_back_in(place):
                raise FileNotFoundError
    except ViewAwayError as away:
        raise SystemUnavailable(str(away)) from None
    except FileNotFoundError:
        raise SystemUnavailable(
            "there is no view to go back to: it is kept for a day after another took its place"
        ) from None


def waits(data_dir: DataDir) -> bool:
    """Tell whether a view that is complete waits to be put into place.

    Raises SystemUnavailable when its database is away.
    """
    place = view_of(data_dir)
    if place == data_dir.view_parts:
        return False  # who builds parts puts them into place itself
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
    ready, database, former = ready_view(data_dir), view_of(data_dir), former_view(data_dir)
    with suppress(FileNotFoundError):
        if former.stat().st_mtime < time.time() - KEPT_SECONDS:
            former.unlink()
    if database == data_dir.view_parts:
        remove_others(data_dir.view_parts)
        return False
    if not ready.exists() or not isinstance(database, Path):
        return False
    if database.exists():
        if not without_log(database):
            return False
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        former.unlink(missing_ok=True)
        os.link(database, former)  # by another name: at every moment there is one in place
        os.utime(former)
    ready.replace(database)
    fsync_directory(database.parent)
    return True


def without_log(database: Path) -> bool:
    """Bring the whole write-ahead log into the database; tell whether that could be done."""
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
