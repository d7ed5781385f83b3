"""Where keys are kept: one small SQLite file with mode 600, for all desks of a system."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from services.desks.access.keys import Key, checked, digest_of, new_id, new_secret
from services.system.data_dir import DataDir

__all__ = ["AccessStore", "access_path", "read_keys"]

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS key (
  id TEXT PRIMARY KEY, desk TEXT NOT NULL, coordinator INTEGER NOT NULL, digest BLOB NOT NULL,
  created INTEGER NOT NULL, revoked INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS source (key TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (key, name)) WITHOUT ROWID;
"""


def access_path(data_dir: DataDir) -> Path:
    """Give the file with the keys of a system."""
    return data_dir.path / "desks" / "access.sqlite"


def read_keys(connection: sqlite3.Connection) -> dict[str, tuple[bytes, Key]]:
    """Read all keys, in the order in which they were made: what is kept of each, and what it allows."""
    sources: dict[str, set[str]] = {}
    keys: dict[str, tuple[bytes, Key]] = {}
    connection.execute("BEGIN")
    try:
        for id, name in connection.execute("SELECT key, name FROM source"):
            sources.setdefault(id, set()).add(name)
        rows = connection.execute("SELECT id, desk, coordinator, digest, created, revoked FROM key ORDER BY created")
        for id, desk, coordinator, digest, created, revoked in rows:
            allowed = frozenset(sources.get(id, ()))
            keys[id] = digest, Key(id, desk, allowed, bool(coordinator), created, revoked)
    finally:
        connection.execute("ROLLBACK")
    return keys


class AccessStore:
    """Makes, lists and revokes keys. Running desks see a change within a tenth of a second.

    Every method raises OSError or sqlite3.Error when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        """Name the file; it is made with the first key."""
        self.path = path

    def create(self, desk: str, sources: Iterable[str], *, coordinator: bool, now: int) -> tuple[Key, str]:
        """Make a key; returns what it allows and the key itself, which is not kept and cannot be had again.

        `now`: microseconds. Raises ValueError, naming the rule, for a desk or a source that cannot be.
        """
        key = Key(new_id(), desk, checked(desk, sources, coordinator), coordinator, now)
        secret = new_secret(key.id)
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Made before SQLite would make it, so that it was never readable by others.
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        with self._connected() as connection:
            connection.executescript(_TABLES)
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "INSERT INTO key VALUES (?, ?, ?, ?, ?, NULL)", (key.id, desk, coordinator, digest_of(secret), now)
            )
            connection.executemany("INSERT INTO source VALUES (?, ?)", [(key.id, name) for name in key.sources])
            connection.execute("COMMIT")
        return key, secret

    def keys(self) -> list[Key]:
        """List all keys, revoked ones too, in the order in which they were made."""
        if not self.path.exists():
            return []
        with self._connected() as connection:
            return [key for _, key in read_keys(connection).values()]

    def revoke(self, id: str, *, now: int) -> bool:
        """Revoke a key; False when there is none with this id. A key revoked before stays as it was."""
        if not self.path.exists():
            return False
        with self._connected() as connection:
            connection.execute("UPDATE key SET revoked = ? WHERE id = ? AND revoked IS NULL", (now, id))
            return connection.execute("SELECT 1 FROM key WHERE id = ?", (id,)).fetchone() is not None

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, isolation_level=None, timeout=10)) as connection:
            yield connection
