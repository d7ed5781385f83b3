"""Connections to PostgreSQL, lent one at a time; after trouble the next one is made anew, at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row

from services.desks.postgres.troubles import trouble_connecting
from services.desks.store import StoreTrouble

__all__ = ["Connections"]

_MOST: Final = 6
"""Of one desk: its writing, its relay, its looking after the store, and reading back."""
_PATIENCE: Final = 10.0
_TRUSTED_SECONDS: Final = 1.0
"""A connection that rested for longer is tried first: the server may have been started again since."""

_DEFAULTS: Final = {
    "application_name": "kindinbeeld",
    "connect_timeout": "3",
    # A network that is cut off says nothing: notice it within some ten seconds.
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
_PREPARE: Final = (
    # A commit is on the server's disk when it returns, whatever the server's own setting.
    "SET synchronous_commit = on",
    "SET lock_timeout = '5s'",
    # A desk that was cut off in the middle of a transaction holds up no other for long.
    "SET idle_in_transaction_session_timeout = '10s'",
)


class Connections:
    """The connections of one store. It stands where the library has psycopg's pool.

    That pool waits longer and longer between its attempts while a server is away, gives up after minutes, and tells a
    caller nothing but that time ran out. Here a caller is told at once what is the matter, and the first call after
    the server is back goes through.
    """

    def __init__(self, url: str) -> None:
        """`url`: a libpq connection string. Nothing is connected yet."""
        given = conninfo_to_dict(url)
        self._conninfo = make_conninfo(url, **{name: value for name, value in _DEFAULTS.items() if name not in given})
        self._free: list[tuple[psycopg.Connection[DictRow], float]] = []
        self._lock = threading.Lock()
        self._places = threading.Semaphore(_MOST)
        self._closed = False

    def open(self, wait: bool = False, timeout: float = 0) -> None:
        """Do nothing: a connection is made when it is needed."""

    def close(self, timeout: float = 0) -> None:
        """Close what is not lent; what is, is closed when it comes back."""
        self._closed = True
        self._forget()

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[DictRow]]:
        """Lend a connection in autocommit mode. Raises StoreTrouble when there is none."""
        if not self._places.acquire(timeout=_PATIENCE):
            raise StoreTrouble("the database is too slow for what is asked of the desk")
        try:
            connection = self._take()
            try:
                yield connection
            except psycopg.IntegrityError:
                raise
            except psycopg.Error:
                # Lost, or on a server that turned read-only: the others are no better.
                connection.close()
                self._forget()
                raise
            finally:
                self._give_back(connection)
        finally:
            self._places.release()

    def _take(self) -> psycopg.Connection[DictRow]:
        while True:
            with self._lock:
                if not self._free:
                    break
                connection, since = self._free.pop()
            if time.monotonic() - since < _TRUSTED_SECONDS:
                return connection
            try:
                connection.execute("SELECT 1")
            except psycopg.Error:
                connection.close()
                self._forget()
            else:
                return connection
        return self._connect()

    def _connect(self) -> psycopg.Connection[Any]:
        try:
            connection = psycopg.connect(self._conninfo, autocommit=True, row_factory=dict_row)
            try:
                for statement in _PREPARE:
                    connection.execute(statement)
            except BaseException:
                connection.close()
                raise
        except psycopg.Error as error:
            raise trouble_connecting(error) from error
        return connection

    def _give_back(self, connection: psycopg.Connection[DictRow]) -> None:
        if connection.closed:
            return
        if self._closed or connection.info.transaction_status is not TransactionStatus.IDLE:
            connection.close()
            return
        with self._lock:
            self._free.append((connection, time.monotonic()))

    def _forget(self) -> None:
        with self._lock:
            free, self._free = self._free, []
        for connection, _ in free:
            with suppress(psycopg.Error):
                connection.close()
