"""Views in one PostgreSQL database: one beside the one in place is laid ready, gone back to, and put into its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from projections.live.postgres.connecting import Connection, connect, told_as_away
from projections.live.postgres.copying import copy_beside
from projections.live.postgres.migrating import migrate_common
from projections.live.postgres.store import lock_writing
from projections.live.postgres.views import former, lay_ready, put_into_place, ready
from services.system import DataDir
from services.view.bringing import Beside, bring, bring_up
from services.view.switching import position_in

if TYPE_CHECKING:
    from projections.rebuild import Told

__all__ = ["go_back_in", "lay_copy", "put_into_place_in"]

_COPYING: Final = "copying into the database"


def lay_copy(data_dir: DataDir, database: Path, url: str, told: Told, *, catch_up: bool) -> None:
    """Copy a view that was built in a file, bring it up with the ledger where that is wanted, and lay it ready.

    Raises ViewAwayError, sqlite3.Error or, as `bring_up` does, SystemUnavailable.
    """
    told(_COPYING, 0, 1)
    number = copy_beside(database, url)
    told(_COPYING, 1, 1)
    if catch_up:
        bring_up(data_dir, Beside(url, number), told)
    with _connected(url) as connection:
        lay_ready(connection, number)


def go_back_in(data_dir: DataDir, url: str, told: Told) -> bool:
    """Bring the view that was in place before up with the ledger and lay it ready; tell whether there is one.

    Raises ViewAwayError or, as `bring_up` does, SystemUnavailable.
    """
    with _connected(url) as connection:
        number = former(connection)
        if number is None:
            return False
        bring_up(data_dir, Beside(url, number), told)
        lay_ready(connection, number)
        return True


def put_into_place_in(data_dir: DataDir, url: str, position: int | None, patience: float) -> bool:
    """Put a view that is ready into place, once it is as far as the one there; tell whether that was done.

    ``position``: how far that is, if it is known.
    One that writes the one in place is waited for, which may have been killed and not have ended in the server yet.
    Raises ViewAwayError or, as `bring` does, SystemUnavailable.
    """
    with _connected(url) as connection:
        lock_writing(connection)
        migrate_common(connection)
        number = ready(connection)
        if number is None:
            return False
        bring(data_dir, Beside(url, number), position_in(url) if position is None else position, patience)
        put_into_place(connection, number)
        return True


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    connection = connect(url)
    try:
        with told_as_away():
            yield connection
    finally:
        connection.close()
