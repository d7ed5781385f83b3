"""A desk's store in PostgreSQL: a schema of its own, written anew beside the old or in another database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any, Final, cast
from uuid import UUID

from psycopg.sql import SQL, Composed, Identifier, Literal

from services.desks.store import DeskStore, StoreTrouble, postgres_environment, schema_of
from services.erasure.databases import Connection, ensure_quiet, opened, rows_of
from services.erasure.desks import Row
from services.system import SystemUnavailable

__all__ = ["PostgresStore"]

_AT_ONCE: Final = 1_000
_COPIED: Final = ("source", "sent", "own")
"""Tables that hold nothing of a pupil."""
_SERIALS: Final = {"stored_events": "notification_id", "source": "number"}


class PostgresStore:
    """A desk's schema."""

    def __init__(self, desk: str, url: str, to: Callable[[], str], schema: str) -> None:
        """`to` gives the address of the database to be written to, and `schema` is the schema to be made there."""
        self.desk, self._url, self._to, self._schema = desk, url, to, schema

    @property
    def where(self) -> Mapping[str, str]:
        """The schema, as the library opens it."""
        return postgres_environment(self._url, schema_of(self.desk))

    def ensure_closed(self) -> None:
        """Raise SystemUnavailable where a desk or a view is connected to the database."""
        with opened(self._url) as connection:
            ensure_quiet(connection)

    def facts(self) -> Iterator[Row]:
        """Give its facts in order."""
        statement = SQL(
            "SELECT notification_id, originator_id, originator_version, topic, state FROM {}.stored_events"
            " ORDER BY notification_id"
        ).format(Identifier(schema_of(self.desk)))
        with opened(self._url) as old, old.transaction(), closing(old.cursor("facts")) as cursor:
            cursor.itersize = _AT_ONCE
            cursor.execute(statement)
            for at, id, version, topic, state in cursor:
                yield at, id.hex, version, topic, bytes(state)

    def write(self, rows: Iterable[Row]) -> None:
        """Write a new schema; what was left there by a call before is dropped."""
        to = self._to()
        with opened(to) as new, opened(self._url) as old:
            new.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(self._schema)))
            try:
                DeskStore(self.desk, postgres_environment(to, self._schema)).close()
            except StoreTrouble as trouble:
                raise SystemUnavailable(f"the store of the desk {self.desk}: {trouble.reason}") from None
            with new.transaction():
                self._write_facts(new, rows)
                for table in _COPIED:
                    self._copy(old, new, table)
                new.execute(
                    self._new(
                        "DELETE FROM {new}.own WHERE NOT EXISTS"
                        " (SELECT FROM {new}.stored_events WHERE notification_id = position)"
                    )
                )
                for table, column in _SERIALS.items():
                    self._go_on(old, new, table, column)

    def _new(self, statement: str) -> Composed:
        return SQL(cast("Any", statement)).format(new=Identifier(self._schema))

    def _write_facts(self, new: Connection, rows: Iterable[Row]) -> None:
        statement = self._new(
            "COPY {new}.stored_events (notification_id, originator_id, originator_version, topic, state)"
            " FROM STDIN (FORMAT BINARY)"
        )
        with new.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(["int8", "uuid", "int8", "text", "bytea"])
            for at, id, version, topic, state in rows:
                copy.write_row((at, UUID(id), version, topic, state))

    def _copy(self, old: Connection, new: Connection, table: str) -> None:
        names = Identifier(schema_of(self.desk), table), Identifier(self._schema, table)
        out, into = (
            SQL(cast("Any", f"COPY {{}} {way} (FORMAT BINARY)")).format(name)
            for way, name in zip(("TO STDOUT", "FROM STDIN"), names, strict=True)
        )
        with old.cursor().copy(out) as given, new.cursor().copy(into) as taken:
            for piece in given:
                taken.write(piece)

    def _go_on(self, old: Connection, new: Connection, table: str, column: str) -> None:
        """Let the next number be what it would have been, also where the last facts were left out."""
        [(sequence,)] = rows_of(old, SQL("SELECT pg_get_serial_sequence({}, {})"),
                              Literal(f"{schema_of(self.desk)}.{table}"), Literal(column))  # fmt: skip
        [(last, called)] = rows_of(old, SQL(cast("Any", f"SELECT last_value, is_called FROM {sequence}")))
        new.execute(
            "SELECT setval(pg_get_serial_sequence(%s, %s), %s, %s)", [f"{self._schema}.{table}", column, last, called]
        )
