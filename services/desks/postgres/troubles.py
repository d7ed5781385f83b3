"""What is the matter with the database, in a line of our own: the database's words may name who and where."""

from __future__ import annotations

from typing import Final

import psycopg

from services.desks.store import StoreTrouble

__all__ = ["AWAY", "NO_WRITES", "trouble_at_work", "trouble_connecting"]

AWAY: Final = "the database of the desk cannot be reached"
NO_WRITES: Final = "the database takes no writes"

_CONNECTING: Final = (
    (("authentication failed", "no password supplied", "pg_hba.conf"), "the database does not let the desk in"),
    (("does not exist",), "the database named, or its user, does not exist"),
    (("too many", "connection slots"), "the database has no connection left for the desk"),
)
"""What libpq says, which gives no code when a connection is not made. In another language it is only `AWAY`."""

_BY_CODE: Final = {
    "25006": NO_WRITES,
    "42501": "the desk has not the rights that it needs in its database",
    "53100": "the disk of the database is full",
    "55P03": "the store of the desk is held by another program",
}


def trouble_connecting(error: psycopg.Error) -> StoreTrouble:
    """Say why no connection was made."""
    text = str(error).lower()
    for words, reason in _CONNECTING:
        if any(word in text for word in words):
            return StoreTrouble(reason, away=True)
    return StoreTrouble(AWAY, away=True)


def trouble_at_work(error: BaseException | None) -> StoreTrouble:
    """Say what went wrong on a connection that had been made; `lost` when it broke."""
    code = error.sqlstate if isinstance(error, psycopg.Error) else None
    if code in _BY_CODE:
        return StoreTrouble(_BY_CODE[code])
    broke = isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and code is None
    # 08: the connection; 57P: the server stops or crashed; 25P03: cut off, for it did nothing in a transaction.
    if broke or (code or "").startswith(("08", "57P", "25P03")):
        return StoreTrouble(AWAY, away=True, lost=True)
    return StoreTrouble("the store of the desk cannot be used")
