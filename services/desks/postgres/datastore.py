"""The library's datastore for PostgreSQL on connections of our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

from eventsourcing.persistence import IntegrityError, PersistenceError
from eventsourcing.postgres import PostgresDatastore
from psycopg import Connection
from psycopg.rows import DictRow

from services.desks.postgres.connections import Connections
from services.desks.postgres.troubles import trouble_at_work
from services.desks.store import StoreTrouble

__all__ = ["DeskDatastore"]

_LOCK_SECONDS: Final = 5


class DeskDatastore(PostgresDatastore):
    """The library's datastore on our own connections; whatever goes wrong in it is a `StoreTrouble`.

    Which is none of the errors that the library tries again ten times over while a caller waits.
    """

    def __init__(self, url: str, schema: str) -> None:
        super().__init__("", "", "", "", "", schema=schema, lock_timeout=_LOCK_SECONDS)
        self.pool = cast("Any", Connections(url))

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        """Lend a connection."""
        try:
            with super().get_connection() as connection:
                yield connection
        except (IntegrityError, StoreTrouble):
            raise
        except PersistenceError as error:
            raise trouble_at_work(error.__cause__) from error
