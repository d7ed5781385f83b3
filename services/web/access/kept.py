"""The links as they are now, read again when their file was changed."""

from __future__ import annotations

import hmac
import sqlite3
import time
from pathlib import Path
from typing import Final

from services.web.access.links import Link, digest_of, id_in
from services.web.access.store import read_links

__all__ = ["FRESH", "AccessUnavailable", "KeptLinks"]

FRESH: Final = 0.25
"""Seconds for which the links are taken to be as they were read: a revoked one ends its sessions within a second."""
_NOBODY: Final = bytes(32)


class AccessUnavailable(Exception):  # noqa: N818 - named for what is the matter
    """The links cannot be read: nobody is let in, and nobody is told that a link is unknown."""


class KeptLinks:
    """Gives the link of a secret or an id. Used on one thread only.

    Access control begins with the first link that is made, and does not end by revoking links or by losing the file
    while the page runs.
    """

    def __init__(self, path: Path, *, always: bool = False) -> None:
        """Name the file of the links. `always`: whoever is not signed in is public, even before any link was made."""
        self._path, self._always = path, always
        self._connection: sqlite3.Connection | None = None
        self._seen: tuple[int, int, int] | None = None
        self._links: dict[str, tuple[bytes, Link]] = {}
        self._looked = float("-inf")

    @property
    def required(self) -> bool:
        """Whether one has to sign in to see exact figures. Raises AccessUnavailable."""
        self._refresh(anew=False)
        return self._always

    def by_secret(self, secret: str, now: int) -> Link | None:
        """Give what a secret allows, None when it is unknown, expired or revoked. Raises AccessUnavailable."""
        id = id_in(secret) or ""
        self._refresh(anew=id not in self._links)
        digest, link = self._links.get(id, (_NOBODY, None))
        known = hmac.compare_digest(digest, digest_of(secret))
        return link if known and link is not None and link.good(now) else None

    def good(self, id: str, now: int) -> bool:
        """Tell whether the link of this id can be used at `now`. Raises AccessUnavailable."""
        self._refresh(anew=False)
        found = self._links.get(id)
        return found is not None and found[1].good(now)

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._seen = None

    def _refresh(self, *, anew: bool) -> None:
        """Read the links when their file was changed (`data_version`) or replaced; look at it seldom, unless `anew`."""
        now = time.monotonic()
        if not anew and now - self._looked < FRESH:
            return
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self.close()
            self._links, self._looked = {}, now
            return
        except OSError:
            raise AccessUnavailable("the links cannot be read") from None
        try:
            self._read((found.st_dev, found.st_ino))
        except (sqlite3.Error, ValueError):
            self.close()
            raise AccessUnavailable("the links cannot be read") from None
        self._looked = now
        self._always = self._always or bool(self._links)

    def _read(self, file: tuple[int, int]) -> None:
        if self._connection is None or self._seen is None or self._seen[:2] != file:
            self.close()
            address = f"{self._path.absolute().as_uri()}?mode=rw"
            self._connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=0.2)
        version = self._connection.execute("PRAGMA data_version").fetchone()[0]
        if self._seen != (*file, version):
            # The file itself is made a moment before its table.
            there = self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'link'").fetchone()
            self._links = read_links(self._connection) if there else {}
            self._seen = (*file, version)
