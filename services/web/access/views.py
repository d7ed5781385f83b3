"""The log of exact views: who saw exact figures of what, and when.

It holds the path of a page and the code of an area, never what was typed into a page. The table refuses to change or
to remove a row; only this module removes those whose term is over, since they hold names of people.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import structlog

from services.system.clock import real_now
from services.system.data_dir import DataDir
from services.web.access.store import DAY, private_file

__all__ = ["View", "ViewLog", "read_views", "views_path"]

_log = structlog.get_logger(__name__)

_AGAIN: Final = 1.0
"""Seconds until it is tried again to write what could not be written."""
_MOST: Final = 100_000
"""Views kept in memory while they cannot be written."""
_LOOK: Final = 3600.0
"""Seconds between two looks whether the term of some view is over."""
_STAYS: Final = (
    "CREATE TRIGGER IF NOT EXISTS view_stays BEFORE DELETE ON view BEGIN SELECT RAISE(ABORT, 'views stay'); END"
)
_TABLE: Final = f"""
CREATE TABLE IF NOT EXISTS view (
  at INTEGER NOT NULL, role TEXT NOT NULL, of TEXT NOT NULL, area TEXT NOT NULL, path TEXT NOT NULL,
  link TEXT NOT NULL, name TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS view_at ON view (at);
{_STAYS};
CREATE TRIGGER IF NOT EXISTS view_stands BEFORE UPDATE ON view BEGIN SELECT RAISE(ABORT, 'views stand'); END;
"""


@dataclass(frozen=True, slots=True)
class View:
    """One page of exact figures that somebody was shown. `at`: microseconds since 1970-01-01T00:00Z.

    `role` and `of` are those of whoever looked; `open`: nobody has to sign in on this system yet. `area` is what was
    looked at: `NL`, or a code. `link`: the id of the link signed in with, `oidc`, or empty.
    """

    at: int
    role: str
    of: str
    area: str
    path: str
    link: str
    name: str

    def told(self) -> dict[str, Any]:
        """Give all but the time, empty ones left out."""
        return {key: value for key, value in asdict(self).items() if key != "at" and value}


def views_path(data_dir: DataDir) -> Path:
    """Give the file with the log of a system."""
    return data_dir.path / "access" / "views.sqlite"


def read_views(path: Path, since: int = 0) -> Iterator[View]:
    """Read the views from `since` (microseconds) on, the oldest first. Raises sqlite3.Error."""
    if not path.exists():
        return
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'view'").fetchone():
            return
        rows = connection.execute(
            "SELECT at, role, of, area, path, link, name FROM view WHERE at >= ? ORDER BY at, rowid", (since,)
        )
        for row in rows:
            yield View(*row)


class ViewLog:
    """Writes views in a thread of its own, so that no page waits for the disk. A disk that is full is tried again."""

    def __init__(self, path: Path, *, days: int = 0, now: Callable[[], int] = real_now) -> None:
        """Name the file; it is made with the first view. `days`: how long a view is kept; 0: for good.

        `now` gives microseconds. Views whose term was over before are removed at once.
        """
        self._path, self._days, self._now = path, days, now
        self._waiting: queue.Queue[View | None] = queue.Queue(_MOST)
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        if days:
            self._begin()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._write, name="views", daemon=True)
        self._thread.start()

    def note(self, view: View) -> None:
        """Take a view in. It is on the disk a moment later."""
        if self._thread is None:
            self._begin()
        try:
            self._waiting.put_nowait(view)
        except queue.Full:
            _log.error("views.lost", number=1)

    def close(self) -> None:
        """Write what is waiting and end; what cannot be written is lost, and that is said."""
        if self._thread is not None:
            self._ending.set()
            self._waiting.put(None)
            self._thread.join(5)
            self._thread = None

    def _write(self) -> None:
        ended, looked = False, float("-inf")
        while not ended:
            if self._days and time.monotonic() - looked >= _LOOK:
                looked = time.monotonic()
                self._remove()
            try:
                views = [self._waiting.get(timeout=_LOOK if self._days else None)]
            except queue.Empty:
                continue
            while not self._waiting.empty():
                views.append(self._waiting.get())
            ended = None in views
            self._add([view for view in views if view is not None])

    def _remove(self) -> None:
        """Remove the views whose term is over, and every trace of them in the file."""
        if not self._path.exists():
            return
        before = self._now() - self._days * DAY
        try:
            with closing(sqlite3.connect(self._path, timeout=5, isolation_level=None)) as connection:
                connection.execute("PRAGMA secure_delete = ON")
                connection.executescript(_TABLE)
                if not connection.execute("SELECT 1 FROM view WHERE at < ? LIMIT 1", (before,)).fetchone():
                    return
                # In one transaction: nobody else ever finds the table without its trigger.
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("DROP TRIGGER view_stays")
                removed = connection.execute("DELETE FROM view WHERE at < ?", (before,)).rowcount
                connection.execute(_STAYS)
                connection.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            _log.error("views.not_removed", why=type(error).__name__)
        else:
            _log.info("views.removed", number=removed, days=self._days)

    def _add(self, views: list[View]) -> None:
        said = False
        while views:
            try:
                private_file(self._path)
                with closing(sqlite3.connect(self._path, timeout=5, isolation_level=None)) as connection:
                    connection.executescript(_TABLE)
                    connection.execute("BEGIN IMMEDIATE")
                    rows = [(v.at, v.role, v.of, v.area, v.path, v.link, v.name) for v in views]
                    connection.executemany("INSERT INTO view VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
                    connection.execute("COMMIT")
            except (OSError, sqlite3.Error) as error:
                if not said or self._ending.is_set():
                    _log.error("views.not_written", why=type(error).__name__, number=len(views))
                said = True
                if self._ending.wait(_AGAIN):
                    return
            else:
                return
