"""The numbered steps by which the schemas of a live view came to be what they are, and taking those that are not taken.

A step is never changed once it was released: what comes later is a step of its own. Each is a transaction that waits
for a lock for a moment only, and tries again, so that whoever reads is not held up behind it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.resources import files
from typing import Final

from psycopg import errors

from projections.live.database import ViewAwayError
from projections.live.postgres.connecting import Connection

__all__ = ["COMMON", "VIEW", "migrate", "migrate_common", "migrate_view"]

COMMON: Final = ("views.sql", "published.sql", "reader.sql")
"""Of what all views share: which views there are, and what others may read."""
VIEW: Final = ("view.sql", "recorded.sql")
"""Of each view, in a schema of its own."""

_MAKING: Final = 7_201_642_020
"""Key of the advisory lock under which steps are taken: a rebuild and a view may begin at once."""
_LOCK: Final = "500ms"
_ATTEMPTS: Final = 120


def migrate_common(connection: Connection) -> None:
    """Make, or bring forward, what all views share. Raises ViewAwayError where a later release made it."""
    migrate(connection, "kindinbeeld_view", COMMON)


def migrate_view(connection: Connection, schema: str) -> None:
    """Make, or bring forward, the tables of a view. Raises ViewAwayError where a later release made them."""
    migrate(connection, schema, VIEW)


def migrate(connection: Connection, schema: str, steps: Sequence[str]) -> None:
    """Take the steps that were not taken yet in a schema, which is made where it is not there."""
    sql = [(files(__package__) / step).read_bytes() for step in steps]
    connection.execute("SELECT pg_advisory_lock(%s)", [_MAKING])
    try:
        taken = _taken(connection, schema)
        if taken > len(sql):
            raise ViewAwayError("a later release has written the live view in this database")
        for number in range(taken, len(sql)):
            _take(connection, schema, number + 1, sql[number])
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", [_MAKING])


def _taken(connection: Connection, schema: str) -> int:
    """Give how many steps were taken."""
    # Not `IF NOT EXISTS`, which asks for the right to make schemas also where there is nothing to make.
    if not connection.execute("SELECT FROM pg_namespace WHERE nspname = %s", [schema]).fetchall():
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    if not connection.execute(
        "SELECT FROM pg_tables WHERE (schemaname, tablename) = (%s, 'migration')", [schema]
    ).fetchall():
        connection.execute(
            f"CREATE TABLE {schema}.migration (number integer PRIMARY KEY, taken timestamptz DEFAULT now())".encode()
        )
    [number] = connection.execute(f"SELECT coalesce(max(number), 0) FROM {schema}.migration".encode()).fetchone() or [0]
    return int(number)


def _take(connection: Connection, schema: str, number: int, sql: bytes) -> None:
    for attempt in range(_ATTEMPTS):
        try:
            with connection.transaction():
                connection.execute(f"SET LOCAL lock_timeout = '{_LOCK}'".encode())
                connection.execute(f"SET LOCAL search_path = {schema}".encode())
                connection.execute(sql)
                connection.execute(f"INSERT INTO {schema}.migration VALUES ({number})".encode())
        except errors.LockNotAvailable:
            if attempt == _ATTEMPTS - 1:
                raise
            time.sleep(0.5)
        else:
            return
