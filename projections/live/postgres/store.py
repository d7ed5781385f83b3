"""The live view's store on PostgreSQL: rows and position in one transaction, as in SQLite.

Built on the library's tracking recorder for PostgreSQL. One writer at a time: it holds an advisory lock for as long as
its connection stands, so whoever starts after one that was killed waits until the server has ended what that one asked
last, and only then looks where the view is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import psycopg
from eventsourcing.persistence import IntegrityError, PersistenceError, Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from psycopg.rows import DictRow, dict_row, tuple_row

from projections.live.postgres.arrays import Blobs, Texts
from projections.live.postgres.connecting import Connection, connect, told_as_away
from projections.live.postgres.migrating import migrate_view
from projections.live.postgres.views import current_or_new, ready, schema_of, search_path
from projections.live.postgres.writing import Writing, write_commit
from projections.live.storing import KEPT_CHANGES, LEDGER, NOTHING_YET, Commit, Seen, pack_changes

__all__ = ["PostgresLiveStore", "lock_writing", "open_beside", "open_postgres_store"]

_WRITING: Final = 7_201_642_021
"""Key of the advisory lock of the one that writes the view in place."""
_OLD: Final = "position <= (SELECT position FROM change ORDER BY position DESC LIMIT 1 OFFSET %s)"


class _One:
    """The one connection of a store, where the library has a pool: when it breaks, its store is of no use any more."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, wait: bool = False, timeout: float = 0) -> None:
        """Do nothing: it is open."""

    def close(self, timeout: float = 0) -> None:
        """Close it, and let another one write."""
        self._connection.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend it."""
        yield self._connection


class _Datastore(PostgresDatastore):
    def __init__(self, connection: Connection, schema: str) -> None:
        super().__init__("", "", "", "", "", schema=schema)
        self.pool = cast("Any", _One(connection))

    @contextmanager
    def get_connection(self) -> Iterator[psycopg.Connection[DictRow]]:
        """Lend the connection. PostgreSQL's own words may hold what was written: of them only the code is told."""
        try:
            with super().get_connection() as connection:
                yield connection
        except PersistenceError as error:
            if not isinstance(error.__cause__, psycopg.Error):
                raise
            code = error.__cause__.sqlstate or type(error.__cause__).__name__
            raise type(error)(f"the live view cannot be written ({code})") from None


class PostgresLiveStore(PostgresTrackingRecorder):
    """Reads the states that a batch needs, and writes a batch as one transaction."""

    def __init__(self, connection: Connection, schema: str) -> None:
        """`connection` has the search path set to `schema`."""
        connection.row_factory = dict_row
        self._connection = connection
        super().__init__(_Datastore(connection, schema), tracking_table_name="tracking")
        self.create_table()
        self._written = self.position

    @property
    def position(self) -> int:
        """The sequence of the last ledger message taken in; 0 at the beginning."""
        return self.max_tracking_id(LEDGER) or 0

    @property
    def recorded_until(self) -> int:
        """The latest recorded time taken in, in microseconds; ``NOTHING_YET`` at the beginning."""
        rows = self._rows("SELECT recorded FROM horizon")
        return int(rows[0][0]) if rows else NOTHING_YET

    @property
    def lacks(self) -> bool:
        """Whether an earlier release did not keep something that only the ledger tells: none on PostgreSQL did."""
        return False

    def waits(self, beside: Path) -> bool:
        """Tell whether a view that was built anew waits to be put into the place of this one: in the same database."""
        with self.datastore.get_connection() as connection:
            return ready(connection) is not None

    def expect(self, *, many: bool) -> None:
        """Keep nothing at hand, however many: the server does."""

    def seen(self, keys: Iterable[bytes]) -> dict[bytes, Seen]:
        """Give what stands under those of the keys that are known."""
        statement = "SELECT key, kind, owner, recorded, position, content FROM seen WHERE key = ANY(%b)"
        return {row[0]: Seen(*row[1:]) for row in self._rows(statement, Blobs(sorted(keys)))}

    def retractions(self, targets: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
        """Give (target, by) of the retractions that name one of the targets."""
        return self._rows("SELECT target, by FROM retraction WHERE target = ANY(%b)", Blobs(sorted(targets)))

    def states(self, table: str, names: Iterable[str]) -> dict[str, bytes]:
        """Give the states of those names of a table that have one."""
        return dict(self._rows(f"SELECT name, state FROM {table} WHERE name = ANY(%b)", Texts(sorted(names))))

    def _rows(self, statement: str, *columns: Any) -> list[tuple[Any, ...]]:
        if columns and not columns[0].items:
            return []
        with self.datastore.get_connection() as connection:
            cursor = connection.cursor(binary=True, row_factory=tuple_row)
            return cursor.execute(statement.encode(), columns).fetchall()

    def commit(self, commit: Commit) -> None:
        """Write everything and the position, or nothing.

        Raises ``eventsourcing.persistence.IntegrityError`` when another one has written meanwhile.
        """
        with self.datastore.transaction(commit=True) as c:
            after = self._max_tracking_id(LEDGER, c) or 0
            if after != self._written:
                raise IntegrityError("another one has written this view")
            self._insert_tracking(c, Tracking(LEDGER, commit.position))
            with self._connection.pipeline():
                to = Writing(self._connection)
                if commit.recorded_until != NOTHING_YET:
                    to.execute(
                        "INSERT INTO horizon VALUES (1, %s, %s) ON CONFLICT (one) DO UPDATE SET"
                        " recorded = greatest(horizon.recorded, excluded.recorded),"
                        " first_recorded = least(horizon.first_recorded, excluded.first_recorded)",
                        (commit.recorded_until, commit.recorded_from),
                    )
                write_commit(to, commit)
                to.execute("DELETE FROM early WHERE latest < %s", (commit.recorded_until,))
                packed = pack_changes(commit.deltas)
                to.execute("INSERT INTO change VALUES (%s, %s, %b)", (commit.position, after, packed))
                to.execute(f"DELETE FROM change WHERE {_OLD}", (KEPT_CHANGES,))
        self._written = commit.position


def open_postgres_store(url: str) -> PostgresLiveStore:
    """Open, or make, the live view for writing, as the only one.

    Waits for one that writes it already. Raises ViewAwayError when the database cannot be used.
    """
    with _opening(url) as connection:
        lock_writing(connection)
        return _store(connection, current_or_new(connection))


def open_beside(url: str, number: int) -> PostgresLiveStore:
    """Open a view that is not in place for writing, with the tables of this release. Nobody else may write it.

    Raises ViewAwayError when the database cannot be used.
    """
    with _opening(url) as connection:
        migrate_view(connection, schema_of(number))
        return _store(connection, number)


def lock_writing(connection: Connection) -> None:
    """Be the only one that writes the view in place while a connection stands; whoever writes it now is waited for."""
    connection.execute("SELECT pg_advisory_lock(%s)", [_WRITING])


@contextmanager
def _opening(url: str) -> Iterator[Connection]:
    # The ledger is the truth: after a power cut the view may be a moment back, never torn.
    # The server may not know yet how large the tables have become: what is looked up has an index.
    connection = connect(url, "SET synchronous_commit = off", "SET enable_seqscan = off")
    try:
        with told_as_away():
            yield connection
    except BaseException:
        connection.close()
        raise


def _store(connection: Connection, number: int) -> PostgresLiveStore:
    connection.execute(search_path(number))
    return PostgresLiveStore(connection, schema_of(number))
