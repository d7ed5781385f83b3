"""Reading a live view on PostgreSQL: the one that is in place, each snapshot at one position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from projections.live.database import Rows, ViewAwayError
from projections.live.postgres.connecting import Connection, connect, told_as_away
from projections.live.postgres.views import CURRENT, current, search_path

__all__ = ["PostgresDatabase"]


class PostgresDatabase:
    """The view in place, over a connection that is made anew after trouble."""

    holding = "position(? IN state) > 0"

    def __init__(self, url: str) -> None:
        """`url`: `postgresql://…`. Raises ViewAwayError when no view is there."""
        self._url = url
        self._connection: Connection | None = None
        self._number = 0
        self._open()
        self._followed = self._number

    def _open(self) -> Connection:
        connection = connect(self._url, "SET default_transaction_read_only = on")
        try:
            with told_as_away():
                number = current(connection)
                if number is None:
                    raise ViewAwayError("there is no live view in the database yet")
                connection.execute(search_path(number))
        except BaseException:
            connection.close()
            raise
        self._connection, self._number = connection, number
        return connection

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Rows:
        """Ask something, with `?` where the parameters go. Raises ViewAwayError."""
        connection = self._connection or self._open()
        cursor = connection.cursor(binary=True)
        with self._letting_go():
            cursor.execute(statement.replace("?", "%s").encode(), parameters)
        return cursor

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one moment for the length of the block. Raises ViewAwayError."""
        connection = self._connection or self._open()
        with self._letting_go():
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        try:
            yield
        finally:
            if self._connection is not None:
                with self._letting_go():
                    connection.execute("ROLLBACK")

    def follow(self) -> bool:
        """Go over to another view that was put into the place of this one; tell whether there was one."""
        found = self.execute(CURRENT).fetchone()
        if found is not None and found[0] != self._number:
            self.execute(search_path(found[0]).decode())
            self._number = int(found[0])
        # Also where a connection that was made anew has gone over already.
        before, self._followed = self._followed, self._number
        return self._number != before

    def close(self) -> None:
        """Let go of it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _letting_go(self) -> Iterator[None]:
        """After trouble the next question is asked over a new connection."""
        try:
            with told_as_away():
                yield
        except ViewAwayError:
            self.close()
            raise
