"""Checking the key of a request against what is kept."""

from __future__ import annotations

import hmac
import sqlite3
import threading
import time
from pathlib import Path
from typing import Final

from services.desks.access.keys import Key, digest_of, id_in
from services.desks.access.store import read_keys

__all__ = ["FRESH", "Access", "AccessUnavailable"]

FRESH: Final = 0.1
"""Seconds for which the keys are taken to be as they were read, so that a busy desk does not look at every request."""
_NOBODY: Final = bytes(32)


class AccessUnavailable(Exception):  # noqa: N818 - named for what is the matter
    """The keys cannot be read: nobody is let in, and nobody is told that a key is unknown."""


class Access:
    """The keys as they are now: a key that is made is let in at once, one that is revoked is refused within `FRESH`.

    Access control begins with the first key that is made, for all desks of the system, and does not end by revoking
    keys or by losing the file while a desk runs. Thread-safe.
    """

    def __init__(self, path: Path, *, always: bool = False) -> None:
        """Name the file of the keys. `always`: ask for a key even before any was made."""
        self._path = path
        self._always = always
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._seen: tuple[int, int, int] | None = None
        self._keys: dict[str, tuple[bytes, Key]] = {}
        self._looked = -FRESH

    @property
    def required(self) -> bool:
        """Whether a key is asked for. Raises AccessUnavailable."""
        with self._lock:
            self._refresh(anew=False)
            return self._always

    def key_of(self, text: str) -> Key | None:
        """Give what the key `text` allows, None when it is unknown or revoked. Raises AccessUnavailable."""
        with self._lock:
            id = id_in(text) or ""
            self._refresh(anew=id not in self._keys)
            digest, key = self._keys.get(id, (_NOBODY, None))
        known = hmac.compare_digest(digest, digest_of(text))
        return key if known and key is not None and key.revoked is None else None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._forget()

    def _refresh(self, *, anew: bool) -> None:
        """Read the keys when their file was changed (`data_version`) or replaced.

        Once access control is on, the file is looked at seldom, unless `anew`.
        """
        now = time.monotonic()
        if not anew and self._always and now - self._looked < FRESH:
            return
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._forget()
            self._keys = {}
            self._looked = now
            return
        except OSError:
            raise AccessUnavailable("the keys cannot be read") from None
        try:
            if self._connection is None or self._seen is None or self._seen[:2] != (found.st_dev, found.st_ino):
                self._forget()
                self._connection = sqlite3.connect(
                    f"{self._path.absolute().as_uri()}?mode=rw",
                    uri=True,
                    isolation_level=None,
                    timeout=2,
                    check_same_thread=False,
                )
            version = self._connection.execute("PRAGMA data_version").fetchone()[0]
            if self._seen != (found.st_dev, found.st_ino, version):
                self._keys = read_keys(self._connection) if _has_keys(self._connection) else {}
                self._seen = (found.st_dev, found.st_ino, version)
        except sqlite3.Error:
            self._forget()
            raise AccessUnavailable("the keys cannot be read") from None
        self._looked = now
        if self._keys:
            self._always = True

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = self._seen = None


def _has_keys(connection: sqlite3.Connection) -> bool:
    """Tell whether the tables are there: the file itself is made a moment before them."""
    found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('key', 'source')").fetchone()
    return bool(found[0] == 2)
