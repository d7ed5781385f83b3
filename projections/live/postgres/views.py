"""The views of one database: which one is in place, one built beside it, and putting that into its place."""

from __future__ import annotations

from typing import Final

from psycopg.rows import tuple_row

from projections.live.postgres.connecting import Connection, connect, told_as_away
from projections.live.postgres.migrating import migrate_common, migrate_view

__all__ = [
    "CURRENT",
    "begin_view",
    "current",
    "current_or_new",
    "drop_view",
    "drop_views",
    "former",
    "lay_ready",
    "put_into_place",
    "ready",
    "schema_of",
    "search_path",
    "waits_in",
]

CURRENT: Final = "SELECT number FROM kindinbeeld_view.view WHERE state = 'current'"
_READY: Final = "SELECT max(number) FROM kindinbeeld_view.view WHERE state = 'ready'"
_FORMER: Final = "SELECT number FROM kindinbeeld_view.view WHERE state = 'old' ORDER BY since DESC, number DESC LIMIT 1"

_SCHEMAS: Final = b"SELECT nspname FROM pg_namespace WHERE nspname ~ '^kindinbeeld_view_[0-9]+$'"
_LONG_OLD: Final = b"SELECT number FROM kindinbeeld_view.view WHERE state = 'old' AND since < now() - interval '1 day'"


def schema_of(number: int) -> str:
    """Give the schema of a view."""
    return f"kindinbeeld_view_{int(number)}"


def search_path(number: int) -> bytes:
    """Give the statement after which a connection means the tables of a view."""
    return f"SET search_path = {schema_of(number)}".encode()


def current(connection: Connection) -> int | None:
    """Give the number of the view in place; None when there is none. Raises UndefinedTable in a new database."""
    return _number(connection, CURRENT)


def _number(connection: Connection, statement: str) -> int | None:
    rows = connection.cursor(row_factory=tuple_row).execute(statement.encode()).fetchall()
    return None if not rows or rows[0][0] is None else int(rows[0][0])


def current_or_new(connection: Connection) -> int:
    """Give the number of the view in place; where there is none, an empty one is put there."""
    migrate_common(connection)
    number = current(connection)
    for (old,) in connection.execute(_LONG_OLD).fetchall():
        drop_view(connection, old)
    if number is None:
        number = begin_view(connection)
        connection.execute("UPDATE kindinbeeld_view.view SET state = 'current' WHERE number = %s", [number])
    migrate_view(connection, schema_of(number))
    return number


def begin_view(connection: Connection) -> int:
    """Make an empty view beside the others; give its number. What was left unfinished by another is removed."""
    migrate_common(connection)
    for (number,) in connection.execute(
        "SELECT number FROM kindinbeeld_view.view WHERE state IN ('building', 'old')"
    ).fetchall():
        drop_view(connection, number)
    rows = connection.execute(
        "INSERT INTO kindinbeeld_view.view SELECT coalesce(max(number), 0) + 1, 'building' FROM kindinbeeld_view.view"
        " RETURNING number"
    ).fetchall()
    number = int(rows[0][0])
    connection.execute(f"CREATE SCHEMA {schema_of(number)}".encode())
    migrate_view(connection, schema_of(number))
    return number


def lay_ready(connection: Connection, number: int) -> None:
    """Say that a view is complete and waits to be put into place; one that waited already is not wanted any more."""
    with connection.transaction():
        connection.execute("UPDATE kindinbeeld_view.view SET state = 'old' WHERE state = 'ready'")
        connection.execute("UPDATE kindinbeeld_view.view SET state = 'ready' WHERE number = %s", [number])


def ready(connection: Connection) -> int | None:
    """Give the number of the view that waits to be put into place; None when none does."""
    return _number(connection, _READY)


def waits_in(url: str) -> bool:
    """Tell whether a view waits to be put into place in a database. Raises ViewAwayError."""
    connection = connect(url)
    try:
        with told_as_away():
            return ready(connection) is not None
    finally:
        connection.close()


def former(connection: Connection) -> int | None:
    """Give the number of the view that was in place before; None when there is none any more."""
    return _number(connection, _FORMER)


def put_into_place(connection: Connection, number: int) -> None:
    """Put a view into place, in one transaction.

    Only for the one that writes the view. Readers go on in the old one until they look again; it is removed a day
    later, or before the next one is built.
    """
    with connection.transaction():
        connection.execute("UPDATE kindinbeeld_view.view SET state = 'old', since = now() WHERE state = 'current'")
        connection.execute(
            "UPDATE kindinbeeld_view.view SET state = 'current', since = now() WHERE number = %s", [number]
        )


def drop_view(connection: Connection, number: int) -> None:
    """Remove a view. A reader that is just in it ends its moment first."""
    connection.execute(f"DROP SCHEMA IF EXISTS {schema_of(number)} CASCADE".encode())
    connection.execute("DELETE FROM kindinbeeld_view.view WHERE number = %s AND state <> 'current'", [number])


def drop_views(connection: Connection) -> None:
    """Remove every view of a database; a system makes a new one. The tables for others hold nobody, and stay."""
    with connection.transaction():
        for (schema,) in connection.execute(_SCHEMAS).fetchall():
            connection.execute(f"DROP SCHEMA {schema} CASCADE".encode())
        if _number(connection, "SELECT to_regclass('kindinbeeld_view.view')::oid") is not None:
            connection.execute("DELETE FROM kindinbeeld_view.view")
