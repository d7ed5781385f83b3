"""A view that was built in an SQLite file, taken over into PostgreSQL beside the view that is in place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from eventsourcing.persistence import Tracking

from projections.live.postgres.connecting import connect, told_as_away
from projections.live.postgres.store import PostgresLiveStore
from projections.live.postgres.views import begin_view, schema_of, search_path
from projections.live.postgres.writing import COLUMNS, Writing
from projections.live.storing import LEDGER

__all__ = ["copy_beside"]

_ROWS: Final = 20_000


def copy_beside(file: Path, url: str) -> int:
    """Copy the whole view in a file that nobody writes; give the number of the view that it is there.

    It waits for nothing yet. Ended on the way, it leaves what is in place as it was. Raises ViewAwayError or
    sqlite3.Error.
    """
    connection = connect(url)
    try:
        with told_as_away(), closing(sqlite3.connect(file)) as source:
            number = begin_view(connection)
            connection.execute(search_path(number))
            store = PostgresLiveStore(connection, schema_of(number))
            to = Writing(connection)
            with connection.transaction():
                for table in COLUMNS:
                    asked = source.execute(f"SELECT * FROM {table}")
                    while rows := asked.fetchmany(_ROWS):
                        to.rows(table, rows)
            [position] = source.execute("SELECT max(notification_id) FROM tracking").fetchone()
            store.insert_tracking(Tracking(LEDGER, position))
            connection.execute(f"ANALYZE {', '.join(COLUMNS)}".encode())
            return number
    finally:
        connection.close()
