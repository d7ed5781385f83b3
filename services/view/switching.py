"""Putting a live view that was built beside the old one, or the one of before, into its place.

Whoever looks sees no earlier position than before: the one that takes over is brought up with the ledger while the old
one goes on, and only then laid ready. The process that writes the view finds it there, brings it to its own position,
which takes a moment, and goes on with it.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

from projections.durable import fsync_directory
from projections.live.database import UNREADABLE, Place, ViewAwayError
from projections.live.reading import LiveReader
from projections.parts.placing import KEPT_SECONDS, remove_others
from services.system import DataDir, SystemUnavailable, view_of

if TYPE_CHECKING:
    from projections.rebuild import Told

_PATIENCE: Final = 10.0
"""Seconds to wait for readers to let go of what lies beside the old database, and for the last few messages."""
_TURN: Final = 5.0
"""Seconds to wait for another one, who may only be putting a view into place."""


def working_directory(data_dir: DataDir) -> Path:
    """Where a view is being built; of no use to anyone when whoever builds there has ended."""
    return data_dir.temporary / "rebuild"


def ready_view(data_dir: DataDir) -> Path:
    """A view that is complete and waits to be put into place: its being there is all that it takes."""
    return data_dir.temporary / "live.ready.sqlite"


def former_view(data_dir: DataDir) -> Path:
    """The view that another has taken the place of, for a day: the way back."""
    return data_dir.temporary / "live.former.sqlite"


@contextmanager
def alone(data_dir: DataDir, patience: float = _TURN) -> Iterator[None]:
    """Have nobody else build, go back or put into place during the block. The lock ends with whoever held it.

    Raises SystemUnavailable when somebody does so for longer than ``patience``, in seconds.
    """
    data_dir.temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(str(working_directory(data_dir).with_suffix(".lock")), timeout=patience, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise SystemUnavailable(f"a live view is being built or put into place in {data_dir} already") from None
    try:
        yield
    finally:
        lock.release()


def position_in(place: Place) -> int:
    """Give how far a view is; 0 where it cannot be read: then nobody reads it either."""
    with suppress(*UNREADABLE), closing(LiveReader(place)) as reader:
        return reader.position
    return 0


def go_back(data_dir: DataDir, told: Told) -> None:
    """Bring the view that was in place before up with the ledger, and lay it ready to be put into its place again.

    Of a view in parts also that is done. A view that an earlier release has written is brought to this one's tables.
    Raises SystemUnavailable when there is none any more, the ledger does not answer, or the database is away.
    """
    from services.view.bringing import bring_up

    place = view_of(data_dir)
    try:
        with alone(data_dir):
            if place == data_dir.view_parts:
                from services.view.parts.switching import parts_back

                if not parts_back(data_dir, told):
                    raise FileNotFoundError
            elif isinstance(place, Path):
                former_view(data_dir).stat()
                bring_up(data_dir, former_view(data_dir), told)
                lay_ready(data_dir, former_view(data_dir))
            else:
                from services.view.schemas import go_back_in

                if not go_back_in(data_dir, place, told):
                    raise FileNotFoundError
    except ViewAwayError as away:
        raise SystemUnavailable(str(away)) from None
    except FileNotFoundError:
        raise SystemUnavailable(
            "there is no view to go back to: it is kept for a day after another took its place"
        ) from None


def lay_ready(data_dir: DataDir, database: Path) -> None:
    """Lay a view that is complete ready; one that waited already is not wanted any more. Only for who is `alone`.

    Raises SystemUnavailable when somebody uses it.
    """
    if not without_log(database):
        raise SystemUnavailable("the new view is in use by another process")
    _remove(ready_view(data_dir))
    _remove_log(database)
    database.replace(ready_view(data_dir))
    fsync_directory(data_dir.temporary)


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


def put_into_place(data_dir: DataDir, position: int | None = None, let_go: Callable[[], None] = lambda: None) -> bool:
    """Put a view that is ready into place, once it is as far as the one there; tell whether that was done.

    Only for the process that writes the view. It tells how far that is, if it knows, and closes the database by
    ``let_go``, called once nobody is building. At every moment there is one whole database: what lies in the old one's
    write-ahead log is brought into it before the log goes, since the log of one database must never lie beside another.
    Readers go on in the old file until they look again. In PostgreSQL it is one transaction (`services.view.schemas`).
    Raises SystemUnavailable when that cannot be now; then the old one is in place, and the other goes on to wait.
    """
    with alone(data_dir, 0):
        ready, database, former = ready_view(data_dir), view_of(data_dir), former_view(data_dir)
        with suppress(FileNotFoundError):
            if former.stat().st_mtime < time.time() - KEPT_SECONDS:
                _remove(former)
        if database == data_dir.view_parts:
            remove_others(data_dir.view_parts)
            return False
        if not isinstance(database, Path):
            let_go()
            return _put_into_schema(data_dir, database, position)
        if not ready.exists():
            return False
        let_go()
        if database.exists():
            from services.view.bringing import bring

            bring(data_dir, ready, position_in(database) if position is None else position, _PATIENCE)
            if not without_log(database):
                raise SystemUnavailable("the live view is in use by another process")
            _remove(former)
            os.link(database, former)  # by another name: at every moment there is one in place
            os.utime(former)
        if not without_log(ready):
            raise SystemUnavailable("the new view is in use by another process")
        _remove_log(ready)
        _remove_log(database)
        ready.replace(database)
        fsync_directory(database.parent)
        return True


def _put_into_schema(data_dir: DataDir, url: str, position: int | None) -> bool:
    from services.view.schemas import put_into_place_in

    try:
        return put_into_place_in(data_dir, url, position, _PATIENCE)
    except ViewAwayError as away:
        raise SystemUnavailable(str(away)) from None


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


def _remove(database: Path) -> None:
    database.unlink(missing_ok=True)
    _remove_log(database)


def _remove_log(database: Path) -> None:
    for suffix in ("-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
