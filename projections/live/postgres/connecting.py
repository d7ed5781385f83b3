"""Connections to the database of a live view on PostgreSQL, and what is the matter when there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from projections.live.database import ViewAwayError
from projections.live.postgres.arrays import register_arrays
from projections.live.postgres.texts import register_texts

__all__ = ["Connection", "connect", "told_as_away"]

Connection = psycopg.Connection[Any]

_DEFAULTS: Final = {
    "application_name": "kindinbeeld view",
    "connect_timeout": "5",
    # A network that is cut off says nothing: notice it within some ten seconds.
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
_PREPARE: Final = (
    "SET timezone = 'UTC'",
    "SET jit = off",  # short questions, again and again
)


@contextmanager
def told_as_away() -> Iterator[None]:
    """Whatever PostgreSQL says, whose words may hold what was asked, becomes a `ViewAwayError`."""
    try:
        yield
    except psycopg.Error as error:
        raise ViewAwayError(f"the database of the live view cannot be used ({_kind(error)})") from None


def _kind(error: psycopg.Error) -> str:
    return error.sqlstate or type(error).__name__


def connect(url: str, *more: str) -> Connection:
    """Connect, in autocommit mode, and execute `more`. Raises ViewAwayError.

    Every text can be kept by it, and columns of many rows sent (`arrays`).
    """
    given = conninfo_to_dict(url)
    conninfo = make_conninfo(url, **{name: value for name, value in _DEFAULTS.items() if name not in given})
    with told_as_away():
        connection: Connection = psycopg.connect(conninfo, autocommit=True)
        try:
            register_texts(connection)
            register_arrays(connection)
            for statement in (*_PREPARE, *more):
                connection.execute(statement.encode())
        except BaseException:
            connection.close()
            raise
    return connection
