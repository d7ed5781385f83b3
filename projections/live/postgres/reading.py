"""Reading a live view on PostgreSQL: the one that is in place, each snapshot at one position."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from projections.live.database import Rows, ViewAwayError
from projections.live.postgres.connecting import Connection, connect, told_as_away
from projections.live.postgres.views import CURRENT, current, search_path

__all__ = ["PostgresDatabase"]

_SHARE = 4.0
"""For how many times as long as a connection took in vain none is tried again."""


class PostgresDatabase:
    """The view in place, over a connection that is made anew after trouble."""

    holding = "position(? IN state) > 0"
    held: float | None = None

    def __init__(self, url: str) -> None:
        """`url`: `postgresql://…`. Raises ViewAwayError when no view is there."""
        self._url = url
        self._connection: Connection | None = None
        self._number = 0
        self._again = float("-inf")
        self._opened = 0
        self._open()
        self._followed = (self._opened, self._number)

    def _open(self) -> Connection:
        begun = time.monotonic()
        if begun < self._again:
            raise ViewAwayError("the database of the live view was away a moment ago")
        try:
            connection = connect(self._url, "SET default_transaction_read_only = on")
        except ViewAwayError:
            # Whoever asks may have others waiting: of a server that does not even refuse, most of the time is left.
            self._again = time.monotonic() + _SHARE * (time.monotonic() - begun)
            raise
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
        self._opened += 1
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
        """Go over to another view that was put into the place of this one; tell whether there was one.

        After a connection that broke, what is there counts as another: a server that crashed may have lost the last
        commits, which the view then takes in again.
        """
        found = self.execute(CURRENT).fetchone()
        if found is not None and found[0] != self._number:
            self.execute(search_path(found[0]).decode())
            self._number = int(found[0])
        before, self._followed = self._followed, (self._opened, self._number)
        return self._followed != before

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
