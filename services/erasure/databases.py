"""The databases of a system: who else is in one, its new schemas into the place of the old, what it holds.

The schemas of a database change places all at once, in one transaction. The files of a dropped table go without being
overwritten: docs/erasure.md.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier, Literal

from events import DESKS
from services.desks.store import schema_of
from services.system import SystemUnavailable

__all__ = [
    "Connection",
    "beside",
    "desks_in",
    "drop_beside",
    "ensure_quiet",
    "forget",
    "mark",
    "opened",
    "put_over",
    "rows_of",
    "tables_in",
]

Connection = psycopg.Connection[Any]

_NAME: Final = "kindinbeeld erase"
_PREPARE: Final = (
    "SET idle_in_transaction_session_timeout = 0",
    "SET statement_timeout = 0",
    "SET lock_timeout = '30s'",
    "SET synchronous_commit = on",
)
_OTHERS: Final = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    f" AND application_name LIKE 'kindinbeeld%' AND application_name <> '{_NAME}'"
)
_PATIENCE: Final = 5.0
"""Seconds in which who has just ended is gone from the server's list."""
_MARK: Final = "written anew by kindinbeeld erase "
_FORGETTING: Final = {
    # Statistics hold samples of what was in the columns; those of dropped tables are dead rows there.
    "rewrote its statistics": "VACUUM (FULL) pg_catalog.pg_statistic",
    # The first file of a dropped table is only now removed, and older segments of the log are let go.
    "wrote a checkpoint": "CHECKPOINT",
    "began a new segment of its log": "SELECT pg_switch_wal()",
}


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """Connect, in autocommit mode, for the length of the block; what PostgreSQL says there is SystemUnavailable."""
    try:
        with psycopg.connect(make_conninfo(url, application_name=_NAME), autocommit=True) as connection:
            for statement in _PREPARE:
                connection.execute(statement.encode())
            yield connection
    except psycopg.Error as error:
        # Its own words may hold what was asked.
        kind = error.sqlstate or type(error).__name__
        raise SystemUnavailable(f"the database cannot be used ({kind}); call this command again") from None


def beside(desk: str) -> str:
    """Give the schema in which a desk's store is written anew beside the old."""
    return f"kindinbeeld_erasing_{desk}"


def desks_in(connection: Connection) -> tuple[str, ...]:
    """Give the desks that keep their store in a database."""
    found = rows_of(
        connection,
        SQL("SELECT nspname FROM pg_namespace JOIN pg_class c ON c.relnamespace = pg_namespace.oid WHERE relname = {}"),
        Literal("stored_events"),
    )
    schemas = {name for (name,) in found}
    return tuple(desk for desk in DESKS if schema_of(desk) in schemas)


def ensure_quiet(connection: Connection) -> None:
    """Raise SystemUnavailable where a desk or a view is connected to the same database."""
    deadline = time.monotonic() + _PATIENCE
    while rows_of(connection, SQL(_OTHERS))[0][0]:
        if time.monotonic() > deadline:
            raise SystemUnavailable("a desk or a live view is connected to the database: stop it first")
        time.sleep(0.1)


def mark(connection: Connection, desks: Sequence[str], id: str) -> None:
    """Write down at what was written anew which erasure did so; it stays there when that is put into its place."""
    for desk in desks:
        connection.execute(SQL("COMMENT ON SCHEMA {} IS {}").format(Identifier(beside(desk)), Literal(f"{_MARK}{id}")))


def put_over(connection: Connection, desks: Sequence[str], id: str) -> None:
    """Drop the old schemas of these desks and let the new ones have their names, all or none. It can be done again.

    Ends the transaction that the connection may be in. Raises SystemUnavailable in another database than that of this
    erasure.
    """
    if connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
        connection.execute("BEGIN")
    marked = {
        name
        for name, told in rows_of(
            connection, SQL("SELECT nspname, obj_description(oid, 'pg_namespace') FROM pg_namespace")
        )
        if told == f"{_MARK}{id}"
    }
    for desk in desks:
        if beside(desk) in marked:
            new, old = Identifier(beside(desk)), Identifier(schema_of(desk))
            connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(old))
            connection.execute(SQL("ALTER SCHEMA {} RENAME TO {}").format(new, old))
        elif schema_of(desk) not in marked:
            connection.execute("ROLLBACK")
            raise SystemUnavailable("the settings name another database than when this erasure began")
    connection.execute("COMMIT")


def drop_beside(connection: Connection) -> None:
    """Drop what an erasure that did not come to its moment wrote beside the desks' stores."""
    for desk in DESKS:
        connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(beside(desk))))


def forget(connection: Connection) -> tuple[str, ...]:
    """Have the server let go of what it keeps of dropped tables, as far as we may; give what it did."""
    done: list[str] = []
    warned: list[psycopg.errors.Diagnostic] = []
    connection.add_notice_handler(warned.append)  # where we may not, VACUUM warns and goes on
    for words, statement in _FORGETTING.items():
        warned.clear()
        with suppress(psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState):
            connection.execute(statement.encode())
            if not warned:
                done.append(words)
    return tuple(done)


def tables_in(connection: Connection) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Give each table of our schemas with all that it holds, in pieces, which are to be taken to their end."""
    names = rows_of(
        connection,
        SQL(
            "SELECT nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE relkind IN ('r', 'm') AND nspname ~ {} AND has_schema_privilege(n.oid, 'USAGE')"
            " AND has_table_privilege(c.oid, 'SELECT') ORDER BY 1, 2"
        ),
        Literal("^kindinbeeld(_|$)"),
    )
    for schema, table in names:
        statement = SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT BINARY)").format(Identifier(schema, table))
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            yield f"{schema}.{table}", map(bytes, copy)


def rows_of(connection: Connection, statement: SQL, *values: Literal) -> list[tuple[Any, ...]]:
    """Give the rows of a statement with these values at its places."""
    return connection.execute(statement.format(*values)).fetchall()
