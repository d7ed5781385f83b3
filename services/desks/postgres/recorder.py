"""The library's recorder for PostgreSQL, with what a desk looks up, in the same transactions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, Final, cast
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, BaseInfrastructureFactory, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore, PostgresFactory
from eventsourcing.utils import Environment, EnvType
from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.sql import SQL, Composed, Identifier, Literal

from services.desks.postgres.datastore import DeskDatastore
from services.desks.postgres.troubles import NO_WRITES
from services.desks.store import REFUSED, RESOLVED, Batch, Own, StoreTrouble

__all__ = ["Factory"]

_TABLE: Final = "stored_events"
_MAKING: Final = 7_201_642_019
"""Key of the advisory lock under which tables are made: two desks may start on a new database at once."""


class DeskPostgresRecorder(PostgresApplicationRecorder):
    """The library's application recorder and three small tables, in a schema of the desk's own.

    `source` and `own`: whose a report is, so that a sender can read back its own; written with the facts themselves. A
    source is kept as its SHA-256: the text is given in the report already, and need not be one that PostgreSQL can
    hold. `sent`: where in the ledger the last report of each batch lies; a note only.

    A position is the library's notification id. The table is locked while facts are written, so positions are in the
    order of commits, and a reader behind one never misses a smaller one; there are gaps where a transaction was undone.
    """

    def __init__(self, datastore: PostgresDatastore, *, events_table_name: str = _TABLE) -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        del self.sql_create_statements[self.create_insert_function_statement_index]  # not used here
        self.sql_create_statements += [
            self._sql("CREATE TABLE IF NOT EXISTS {schema}.source (number bigserial PRIMARY KEY, name bytea UNIQUE)"),
            self._sql(
                "CREATE TABLE IF NOT EXISTS {schema}.own (source bigint, position bigint,"
                " PRIMARY KEY (source, position))"
            ),
            self._sql(
                "CREATE TABLE IF NOT EXISTS {schema}.sent (position bigint PRIMARY KEY, sequence bigint NOT NULL,"
                " number bigint NOT NULL)"
            ),
            self._sql(
                "CREATE INDEX IF NOT EXISTS refused ON {schema}.{table} (notification_id) WHERE topic = {refused}"
            ),
            self._sql(
                "CREATE INDEX IF NOT EXISTS resolved ON {schema}.{table} (notification_id) WHERE topic = {resolved}"
            ),
        ]

    def _sql(self, statement: str) -> Composed:
        return SQL(cast("Any", statement)).format(
            schema=Identifier(self.datastore.schema),
            table=Identifier(self.events_table_name),
            refused=Literal(REFUSED),
            resolved=Literal(RESOLVED),
        )

    def create_table(self) -> None:
        """Make the schema and all tables, where they are not there yet."""
        with self.datastore.get_connection() as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [_MAKING])
            try:
                # Not `IF NOT EXISTS`, which asks for the right to make schemas also where there is nothing to make.
                if not connection.execute(
                    "SELECT FROM pg_namespace WHERE nspname = %s", [self.datastore.schema]
                ).fetchall():
                    connection.execute(self._sql("CREATE SCHEMA {schema}"))
                super().create_table()
            finally:
                if not connection.closed:
                    connection.execute("SELECT pg_advisory_unlock(%s)", [_MAKING])

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Store facts in one transaction; `own`: the source of each, where it has one.

        Raises StoreTrouble; it is `unsure` when the connection broke, for it may have done so after the commit.
        """
        try:
            return cast("Sequence[int] | None", super().insert_events(stored_events, **kwargs))
        except StoreTrouble as trouble:
            trouble.unsure = trouble.lost
            raise

    def _notify_channel(self, curs: Cursor[DictRow]) -> None:
        # Nobody listens there, and a commit that notifies waits for every other one in the whole server.
        pass

    def _fetch_ids_after_insert_events(
        self,
        curs: Cursor[DictRow],
        stored_events: Sequence[StoredEvent],
        *,
        own: Sequence[str | None] = (),
        **kwargs: Any,
    ) -> Sequence[int] | None:
        positions = super()._fetch_ids_after_insert_events(curs, stored_events, **kwargs) or ()
        rows = [(_digest(source), at) for source, at in zip(own, positions, strict=False) if source is not None]
        if rows:
            names = list({name for name, _ in rows})
            curs.execute(
                self._sql(
                    "INSERT INTO {schema}.source (name) SELECT n FROM unnest(%s::bytea[]) AS n"
                    " WHERE NOT EXISTS (SELECT FROM {schema}.source s WHERE s.name = n)"
                ),
                [names],
            )
            curs.execute(
                self._sql(
                    "INSERT INTO {schema}.own SELECT s.number, g.position"
                    " FROM unnest(%s::bytea[], %s::bigint[]) AS g (name, position) JOIN {schema}.source s USING (name)"
                ),
                [[name for name, _ in rows], [at for _, at in rows]],
            )
        return positions

    def reach(self) -> None:
        """Raise StoreTrouble when the database cannot be used at the moment."""
        [row] = self._rows("SELECT current_setting('transaction_read_only') AS read_only", [])
        if row["read_only"] == "on":
            raise StoreTrouble(NO_WRITES)

    def select_first(self, ids: Sequence[UUID]) -> Iterator[tuple[UUID, bytes]]:
        """Give the state of the first fact of each of these aggregates that there is."""
        statement = (
            "SELECT originator_id, state FROM {schema}.{table}"
            " WHERE originator_id = ANY(%s::uuid[]) AND originator_version = 1"
        )
        for row in self._rows(statement, [list(ids)]):
            yield row["originator_id"], row["state"]

    def select_report(self, id: UUID) -> Own | None:
        """Give the report accepted under an id."""
        statement = "SELECT * FROM {schema}.{table} WHERE originator_id = %s AND originator_version = 1"
        return next(map(_own, self._rows(statement, [id])), None)

    def resolved(self, ids: Sequence[UUID]) -> set[UUID]:
        """Give which of these aggregates have a second fact."""
        statement = (
            "SELECT originator_id FROM {schema}.{table}"
            " WHERE originator_id = ANY(%s::uuid[]) AND originator_version = 2"
        )
        return {row["originator_id"] for row in self._rows(statement, [list(ids)])}

    def select_own(self, source: str | None, topics: Sequence[str], after: int, limit: int) -> list[Own]:
        """Give facts of these topics, of a source (None: of all), after a position, in order."""
        # Literals, or the index of what was refused might not be found.
        among = SQL(", ").join(Literal(topic) for topic in topics).as_string()
        if source is None:
            statement = "SELECT e.* FROM {schema}.{table} e WHERE e.notification_id > %s"
            given: list[Any] = [after]
        else:
            statement = (
                "SELECT e.* FROM {schema}.own o JOIN {schema}.{table} e ON e.notification_id = o.position"
                " WHERE o.source = (SELECT number FROM {schema}.source WHERE name = %s) AND o.position > %s"
            )
            given = [_digest(source), after]
        statement += f" AND e.topic IN ({among}) ORDER BY e.notification_id LIMIT %s"
        return [_own(row) for row in self._rows(statement, [*given, limit])]

    def select_newest(self, source: str, before: int, limit: int) -> list[Own]:
        """Give facts, first facts only, of a source before a position, the newest first."""
        statement = (
            "SELECT e.* FROM {schema}.own o JOIN {schema}.{table} e ON e.notification_id = o.position"
            " WHERE o.source = (SELECT number FROM {schema}.source WHERE name = %s) AND o.position < %s"
            " ORDER BY o.position DESC LIMIT %s"
        )
        return [_own(row) for row in self._rows(statement, [_digest(source), before, limit])]

    def count_after(self, topic: str, after: int) -> int:
        """Count the facts of a topic after a position."""
        statement = "SELECT count(*) AS number FROM {schema}.{table} WHERE notification_id > %s AND topic = %s"
        return int(self._rows(statement, [after, topic])[0]["number"])

    def note_sent(self, batches: Sequence[Batch]) -> None:
        """Note what was sent to the ledger."""
        statement = (
            "INSERT INTO {schema}.sent SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[])"
            " ON CONFLICT (position) DO UPDATE SET sequence = excluded.sequence, number = excluded.number"
        )
        latest = {batch.position: batch for batch in batches}.values()
        columns = [[b.position for b in latest], [b.sequence for b in latest], [b.number for b in latest]]
        with self.datastore.transaction(commit=True) as c:
            c.execute(self._sql(statement), columns)

    def last_noted(self) -> int:
        """Give the last position noted as sent, 0 when none."""
        return int(self._rows("SELECT coalesce(max(position), 0) AS last FROM {schema}.sent", [])[0]["last"])

    def sequence_of(self, position: int, topic: str) -> int | None:
        """Give the ledger's sequence of the fact of this topic at a position, None when it was not noted."""
        rows = self._rows("SELECT * FROM {schema}.sent WHERE position >= %s ORDER BY position LIMIT 1", [position])
        if not rows:
            return None
        statement = (
            "SELECT count(*) AS number FROM {schema}.{table}"
            " WHERE notification_id > %s AND notification_id <= %s AND topic = %s"
        )
        before = int(self._rows(statement, [position, rows[0]["position"], topic])[0]["number"])
        return int(rows[0]["sequence"]) - before if before < rows[0]["number"] else None

    def tidy(self, larger_than: int = 0) -> None:
        """Do nothing: the server tidies up by itself."""

    def _rows(self, statement: str, parameters: Sequence[Any]) -> list[DictRow]:
        with self.datastore.get_connection() as connection:
            return connection.execute(self._sql(statement), parameters).fetchall()


class Factory(PostgresFactory):
    """Makes the recorder and its connections, from `POSTGRES_URL` and `POSTGRES_SCHEMA`."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        # Not the library's own: that one asks for host, user and password each, which libpq finds in its own places.
        BaseInfrastructureFactory.__init__(self, env)
        self.datastore = DeskDatastore(self.env["POSTGRES_URL"], self.env["POSTGRES_SCHEMA"])

    def application_recorder(self) -> ApplicationRecorder:
        """Make the recorder, and its tables."""
        recorder = DeskPostgresRecorder(self.datastore)
        recorder.create_table()
        return recorder


def _digest(source: str) -> bytes:
    return sha256(source.encode("utf-8", "surrogatepass")).digest()


def _own(row: DictRow) -> Own:
    return Own(row["notification_id"], row["originator_id"], row["topic"], bytes(row["state"]))
