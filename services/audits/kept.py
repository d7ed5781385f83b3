"""What came of audits, kept in the data directory: when, of what, and whether any cell differed.

It holds numbers of cells only: not which ones differed, and nothing of what they say.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Any, Final

from events.times import format_instant
from projections.written import reading

__all__ = ["MOST_KEPT", "Audit", "AuditLog"]

MOST_KEPT: Final = 2_000
"""Audits that are kept; the oldest go first."""
_PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit. Instants are microseconds since 1970-01-01T00:00Z, by the clock of the system."""

    ended: int
    as_of: int
    """As of when both tables stood."""
    position: int
    """The ledger's sequence up to which both had read."""
    events: int
    cells: int
    """How many were compared."""
    differences: int
    """In how many of them the two programs disagreed."""
    seconds: float
    """How long it took, in real time."""

    @property
    def equal(self) -> bool:
        """Whether live equals replay."""
        return self.differences == 0

    def told(self) -> dict[str, Any]:
        """Give it as JSON has it."""
        instants = {"ended": format_instant(self.ended), "asOf": format_instant(self.as_of)}
        return instants | {name: value for name, value in asdict(self).items() if name not in ("ended", "as_of")}


_NAMES: Final = tuple(field.name for field in fields(Audit))
_TABLE: Final = f"CREATE TABLE IF NOT EXISTS audit (number INTEGER PRIMARY KEY AUTOINCREMENT, {', '.join(_NAMES)})"


class AuditLog:
    """The audits of one system, for any number of processes. Every method raises OSError or sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        """Point at the database; it is made with the first audit."""
        self._path = path.absolute()

    def add(self, audit: Audit) -> None:
        """Keep an audit; it is on the disk when this returns."""
        with closing(sqlite3.connect(self._path, timeout=_PATIENCE, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute(_TABLE)
            places = ", ".join("?" * len(_NAMES))
            database.execute(f"INSERT INTO audit ({', '.join(_NAMES)}) VALUES ({places})", astuple(audit))
            database.execute("DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?", (MOST_KEPT,))
            database.execute("COMMIT")

    def last(self) -> Audit | None:
        """Give the newest one; None when there was none."""
        return next(iter(self._read("ORDER BY number DESC LIMIT 1")), None)

    def history(self) -> list[Audit]:
        """Give all that are kept, the oldest first."""
        return self._read("ORDER BY number")

    def _read(self, which: str) -> list[Audit]:
        with reading(self._path, "audit", _PATIENCE) as database:
            rows = database.execute(f"SELECT {', '.join(_NAMES)} FROM audit {which}").fetchall() if database else []
        return [Audit(*row) for row in rows]
