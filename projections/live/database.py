"""Where a live view is kept, and what its readers need of the database there: SQLite's or PostgreSQL's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

__all__ = ["UNREADABLE", "Database", "Place", "Rows", "ViewAwayError", "ViewReplacedError", "open_database"]

Place = Path | str
"""An SQLite file, a directory with those of the parts of a view, or the address of a PostgreSQL database
(`postgresql://…`)."""


class ViewAwayError(ConnectionError):
    """The live view on a server cannot be read or written at the moment. Its text tells nothing of what was asked."""


class ViewReplacedError(ViewAwayError):
    """Another view was put into the place of the one that is being read: `follow` goes over to it."""


UNREADABLE: Final = (sqlite3.Error, OSError)
"""What is raised where a view cannot be read, wherever it is kept: it is not there yet, or away for a moment."""


class Rows(Protocol):
    """The rows that a statement gives."""

    def __iter__(self) -> Iterator[Any]: ...
    def fetchone(self) -> Any:
        """Give the next row; None when there are no more."""

    def fetchall(self) -> list[Any]:
        """Give all that are left."""


class Database(Protocol):
    """The view that is in place, for one reader. Whatever is asked of it may raise one of `UNREADABLE`."""

    holding: str
    """A condition on bytes: those of the column `state` hold those given."""
    held: float | None
    """Seconds for which the last snapshot held up who writes the view; None: no snapshot ever does, or waits."""

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Rows:
        """Ask something, with `?` where the parameters go."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Read one moment for the length of the block. May raise ViewReplacedError, before it begins."""

    def follow(self) -> bool:
        """Go over to another view that was put into the place of this one; tell whether there was one."""

    def close(self) -> None:
        """Let go of it."""


def open_database(place: Place) -> Database:
    """Open the view in a place for reading; raises one of `UNREADABLE` when there is none."""
    if isinstance(place, Path):
        if place.is_dir():
            from projections.parts.summed import SummedDatabase

            return SummedDatabase(place.absolute())
        return _File(place.absolute())
    from projections.live.postgres.reading import PostgresDatabase

    return PostgresDatabase(place)


class _File:
    """An SQLite file, and another one once that lies in its place."""

    holding = "instr(state, ?) > 0"
    held: float | None = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db, self._file = self._open()

    def _open(self) -> tuple[sqlite3.Connection, int]:
        while True:
            file = self._path.stat().st_ino if self._path.exists() else 0
            database = sqlite3.connect(
                f"{self._path.as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
            try:
                # The log is found by its name when something is read first. So something is, while the file that was
                # opened is the one in place: the log of another must never be read with it.
                database.execute("PRAGMA schema_version").fetchone()
                if self._path.stat().st_ino == file:
                    return database, file
            except BaseException:
                database.close()
                raise
            database.close()

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Rows:
        return self._db.execute(statement, parameters)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        self._db.execute("BEGIN")
        try:
            yield
        finally:
            self._db.execute("ROLLBACK")

    def follow(self) -> bool:
        try:
            if self._path.stat().st_ino == self._file:
                return False
            database, file = self._open()
            database.execute("SELECT count(*) FROM tracking").fetchone()
        except (OSError, sqlite3.OperationalError):
            return False  # it is being put there; ours stands until it is
        self._db.close()
        self._db, self._file = database, file
        return True

    def close(self) -> None:
        self._db.close()
