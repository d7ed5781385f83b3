"""Where personal links are kept: one small SQLite file with mode 600."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from services.system.data_dir import DataDir
from services.web.access.links import Link, checked, digest_of, new_id, new_secret
from services.web.access.viewer import Role

__all__ = ["LinkStore", "links_path", "private_file", "read_links"]

DAY: Final = 24 * 60 * 60 * 1_000_000
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS link (
  id TEXT PRIMARY KEY, role TEXT NOT NULL, area TEXT NOT NULL, name TEXT NOT NULL, digest BLOB NOT NULL,
  created INTEGER NOT NULL, expires INTEGER NOT NULL, revoked INTEGER
) WITHOUT ROWID
"""


def links_path(data_dir: DataDir) -> Path:
    """Give the file with the links of a system."""
    return data_dir.path / "access" / "links.sqlite"


def private_file(path: Path) -> None:
    """Make a file before SQLite would, so that it was never readable by others. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def read_links(connection: sqlite3.Connection) -> dict[str, tuple[bytes, Link]]:
    """Read all links, in the order in which they were made: what is kept of each, and what it allows."""
    rows = connection.execute(
        "SELECT digest, id, role, area, name, created, expires, revoked FROM link ORDER BY created, id"
    )
    return {row[1]: (row[0], Link(row[1], Role(row[2]), *row[3:])) for row in rows}


class LinkStore:
    """Makes, lists and revokes links. A running page sees a change within a quarter of a second.

    Every method raises OSError or sqlite3.Error when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        """Name the file; it is made with the first link."""
        self.path = path

    def create(self, role: str, area: str, name: str, *, days: int, now: int) -> tuple[Link, str]:
        """Make a link; returns what it allows and its secret, which is not kept and cannot be had again.

        `now`: microseconds. Raises ValueError, naming the rule, for what cannot be.
        """
        found, name = checked(role, area, name, days)
        link = Link(new_id(), found, area, name, now, now + days * DAY)
        secret = new_secret(link.id)
        private_file(self.path)
        with self._connected() as connection:
            connection.execute(_TABLE)
            connection.execute(
                "INSERT INTO link VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                (link.id, link.role, area, name, digest_of(secret), now, link.expires),
            )
        return link, secret

    def links(self) -> list[Link]:
        """List all links, revoked and expired ones too, in the order in which they were made."""
        if not self.path.exists():
            return []
        with self._connected() as connection:
            return [link for _, link in read_links(connection).values()]

    def revoke(self, id: str, *, now: int) -> bool:
        """Revoke a link; False when there is none with this id. A link revoked before stays as it was."""
        if not self.path.exists():
            return False
        with self._connected() as connection:
            connection.execute("UPDATE link SET revoked = ? WHERE id = ? AND revoked IS NULL", (now, id))
            return connection.execute("SELECT 1 FROM link WHERE id = ?", (id,)).fetchone() is not None

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=10)) as connection:
            yield connection
