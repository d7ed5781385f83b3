"""A desk's store on SQLite: the library's recorder, with what a desk looks up, in the same transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteFactory,
)
from eventsourcing.utils import Environment, EnvType

from services.desks.store import REFUSED, RESOLVED, Batch, Own

__all__ = ["Factory"]

_AT_ONCE: Final = 500
"""Ids looked up by one statement; SQLite's own bound lies far above."""


class DeskConnectionPool(SQLiteConnectionPool):
    """Connections on which a commit is on the disk itself when it returns."""

    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous = FULL")  # not every build of SQLite has it as its default
        cursor.execute("PRAGMA cache_size = -65536")
        # Copying the log into the database holds up no caller: `tidy` does it beside the writing.
        cursor.execute("PRAGMA wal_autocheckpoint = 0")
        return connection

    def put_connection(self, conn: SQLiteConnection) -> None:
        """Take a connection back. After a commit that failed (a full disk) its transaction is still open: undo it."""
        raw: sqlite3.Connection = conn._sqlite_conn
        if not conn.closed and raw.in_transaction:
            raw.rollback()
        super().put_connection(conn)


class DeskSQLiteRecorder(SQLiteApplicationRecorder):
    """The library's application recorder and three small tables.

    `source` and `own`: whose a report is, so that a sender can read back its own; written with the facts themselves.
    `sent`: where in the ledger the last report of each batch lies; a note only, the relay does not lean on it.
    """

    def construct_create_table_statements(self) -> list[str]:
        """Make all tables."""
        return [
            *super().construct_create_table_statements(),
            "CREATE TABLE IF NOT EXISTS source (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
            "CREATE TABLE IF NOT EXISTS own (source INTEGER, position INTEGER, PRIMARY KEY (source, position))"
            " WITHOUT ROWID",
            "CREATE TABLE IF NOT EXISTS sent (position INTEGER PRIMARY KEY, sequence INTEGER NOT NULL,"
            " number INTEGER NOT NULL)",
            f"CREATE INDEX IF NOT EXISTS refused ON stored_events (topic) WHERE topic = '{REFUSED}'",
            f"CREATE INDEX IF NOT EXISTS resolved ON stored_events (topic) WHERE topic = '{RESOLVED}'",
        ]

    def _insert_events(
        self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], *, own: Sequence[str | None] = (), **_: Any
    ) -> Sequence[int] | None:
        positions = super()._insert_events(c, stored_events) or ()
        rows = [(source, at) for source, at in zip(own, positions, strict=False) if source is not None]
        if rows:
            numbers = {source: self._number(c, source) for source in {source for source, _ in rows}}
            c.executemany("INSERT INTO own VALUES (?, ?)", [(numbers[source], at) for source, at in rows])
        return positions

    @staticmethod
    def _number(c: SQLiteCursor, source: str) -> int:
        c.execute("SELECT number FROM source WHERE name = ?", (source,))
        found = c.fetchone()
        if found is not None:
            return int(found[0])
        c.execute("INSERT INTO source (name) VALUES (?)", (source,))
        return int(c.lastrowid)

    def reach(self) -> None:
        """Do nothing: a file is not on a server."""

    def select_first(self, ids: Sequence[UUID]) -> Iterator[tuple[UUID, bytes]]:
        """Give the state of the first fact of each of these aggregates that there is."""
        for begin in range(0, len(ids), _AT_ONCE):
            wanted = [id.hex for id in ids[begin : begin + _AT_ONCE]]
            marks = ",".join("?" * len(wanted))
            for row in self._rows(
                f"SELECT originator_id, state FROM stored_events WHERE originator_id IN ({marks})"
                " AND originator_version = 1",
                wanted,
            ):
                yield UUID(row[0]), row[1]

    def select_report(self, id: UUID) -> Own | None:
        """Give the report accepted under an id."""
        statement = "SELECT rowid, topic, state FROM stored_events WHERE originator_id = ? AND originator_version = 1"
        rows = self._rows(statement, [id.hex])
        return Own(rows[0][0], id, rows[0][1], rows[0][2]) if rows else None

    def resolved(self, ids: Sequence[UUID]) -> set[UUID]:
        """Give which of these aggregates have a second fact."""
        marks = ",".join("?" * len(ids))
        statement = (
            f"SELECT originator_id FROM stored_events WHERE originator_id IN ({marks}) AND originator_version = 2"
        )
        return {UUID(row[0]) for row in self._rows(statement, [id.hex for id in ids])}

    def select_own(self, source: str | None, topics: Sequence[str], after: int, limit: int) -> list[Own]:
        """Give facts of these topics, of a source (None: of all), after a position, in order."""
        # Literals, or the index of what was refused would not be found.
        among = ",".join(f"'{topic}'" for topic in topics)
        columns = "SELECT e.rowid, e.originator_id, e.topic, e.state FROM"
        if source is None:
            rows = self._rows(
                f"{columns} stored_events e WHERE e.rowid > ? AND e.topic IN ({among}) ORDER BY e.rowid LIMIT ?",
                [after, limit],
            )
        else:
            rows = self._rows(
                f"{columns} own o JOIN stored_events e ON e.rowid = o.position"
                f" WHERE o.source = (SELECT number FROM source WHERE name = ?) AND o.position > ?"
                f" AND e.topic IN ({among}) ORDER BY o.position LIMIT ?",
                [source, after, limit],
            )
        return [Own(row[0], UUID(row[1]), row[2], row[3]) for row in rows]

    def select_newest(self, source: str, before: int, limit: int) -> list[Own]:
        """Give facts, first facts only, of a source before a position, the newest first."""
        rows = self._rows(
            "SELECT e.rowid, e.originator_id, e.topic, e.state FROM own o JOIN stored_events e ON e.rowid = o.position"
            " WHERE o.source = (SELECT number FROM source WHERE name = ?) AND o.position < ?"
            " ORDER BY o.position DESC LIMIT ?",
            [source, before, limit],
        )
        return [Own(row[0], UUID(row[1]), row[2], row[3]) for row in rows]

    def count_after(self, topic: str, after: int) -> int:
        """Count the facts of a topic after a position."""
        return int(self._rows("SELECT count(*) FROM stored_events WHERE rowid > ? AND topic = ?", [after, topic])[0][0])

    def note_sent(self, batches: Sequence[Batch]) -> None:
        """Note what was sent to the ledger."""
        with self.datastore.transaction(commit=True) as c:
            rows = [(batch.position, batch.sequence, batch.number) for batch in batches]
            c.executemany("INSERT OR REPLACE INTO sent VALUES (?, ?, ?)", rows)

    def last_noted(self) -> int:
        """Give the last position noted as sent, 0 when none."""
        return int(self._rows("SELECT coalesce(max(position), 0) FROM sent", [])[0][0])

    def sequence_of(self, position: int, topic: str) -> int | None:
        """Give the ledger's sequence of the fact of this topic at a position, None when it was not noted."""
        rows = self._rows("SELECT * FROM sent WHERE position >= ? ORDER BY position LIMIT 1", [position])
        if not rows:
            return None
        last, sequence, number = rows[0]
        statement = "SELECT count(*) FROM stored_events WHERE rowid > ? AND rowid <= ? AND topic = ?"
        before = int(self._rows(statement, [position, last, topic])[0][0])
        return int(sequence) - before if before < number else None

    def tidy(self, larger_than: int = 0) -> None:
        """Copy what was written from SQLite's log into the database, if the log is larger than so many bytes."""
        log = Path(f"{self.datastore.pool.db_name}-wal")
        try:
            large = log.stat().st_size > larger_than
        except OSError:
            return
        if large:
            with self.datastore.get_connection(commit=False) as connection:
                connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[Any]:
        with self.datastore.transaction(commit=False) as c:
            c.execute(statement, parameters)
            return list(c.fetchall())


class Factory(SQLiteFactory):
    """Makes the recorder and its connections."""

    application_recorder_class = DeskSQLiteRecorder

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self.datastore.pool.close()
        self.datastore.pool = DeskConnectionPool(
            db_name=self.datastore.pool.db_name, lock_timeout=self.datastore.pool.lock_timeout
        )
