"""The sum of the parts as one database: whoever reads a live view reads this as any other.

The parts are attached, and each table of a view is a view over theirs with what puts their sum right beside it. What is
read in a snapshot stands at one position of the ledger, to which all workers bring their parts at a reader's request.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from projections.live.database import Rows, ViewAwayError, ViewReplacedError
from projections.parts.attaching import POSITION, attached, positions
from projections.parts.dividing import ALL
from projections.parts.fixing import Fixing
from projections.parts.gate import Gate
from projections.parts.keeping import NOWHERE, Keeping
from projections.parts.overlaps import Overlaps
from projections.parts.placing import in_place

__all__ = ["SummedDatabase"]

_STATES: Final = ("pupil", "household", "school", "closure")
_SEEN: Final = "key, kind, owner, recorded, position, content"

_TABLES: Final = (
    *(f"fix_{table} (key INTEGER PRIMARY KEY, n INTEGER)" for table in ("flow", "during", "schools")),
    "fix_over_4_weeks (at INTEGER, area INTEGER, n INTEGER, PRIMARY KEY (at, area))",
    *(f"fix_{table} (name TEXT PRIMARY KEY, state BLOB)" for table in _STATES),
    "fix_apart (kind INTEGER, name TEXT, until INTEGER, PRIMARY KEY (kind, name))",
    f"fix_seen ({_SEEN})",
    "fix_withdrawn (by BLOB)",
    "fix_set_aside (position INTEGER, recorded INTEGER, field TEXT, rule TEXT)",
    # What lies between the positions at which this was read, for whoever follows: as each part has of its commits.
    "change (position INTEGER PRIMARY KEY, after INTEGER, deltas BLOB)",
)


def _all(columns: str, table: str, where: str = "") -> str:
    return " UNION ALL ".join(f"SELECT {columns} FROM p{part}.{table} {where}" for part in ALL)


def _with_fix(columns: str, table: str, without: str = "", fixed: str = "") -> str:
    return f"{_all(columns, table, without)} UNION ALL SELECT {columns} FROM fix_{table} {fixed}"


_VIEWS: Final = {
    # That of the farthest part: a snapshot brings all others there.
    "tracking": "SELECT 'ledger' AS application_name, max(position) AS notification_id FROM ("
    + " UNION ALL ".join(f"SELECT ({POSITION.format(part=part)}) AS position" for part in ALL)
    + ")",
    "horizon": "SELECT max(recorded) AS recorded, min(first_recorded) AS first_recorded FROM"
    f" ({_all('recorded, first_recorded', 'horizon')})",
    **{table: _with_fix("key, n", table) for table in ("flow", "during", "schools")},
    "over_4_weeks": _with_fix("at, area, n", "over_4_weeks"),
    **{
        table: _with_fix(
            "name, state",
            table,
            f"WHERE name NOT IN (SELECT name FROM fix_{table})",
            "WHERE state IS NOT NULL",
        )
        for table in _STATES
    },
    "apart": _with_fix(
        "kind, name, until",
        "apart",
        "WHERE (kind, name) NOT IN (SELECT kind, name FROM fix_apart)",
        "WHERE until IS NOT NULL",
    ),
    "seen": _with_fix(_SEEN, "seen", "WHERE key NOT IN (SELECT key FROM fix_seen)"),
    "retraction": _all("target, by", "retraction", "WHERE by NOT IN (SELECT by FROM fix_withdrawn)"),
    "early": _all("pupil, latest", "early"),
    "resident": _all("place, pupils", "resident"),
    "recorded": "SELECT monday, max(position) AS position FROM"
    f" ({_all('monday, position', 'recorded')}) GROUP BY monday",
    "set_aside": _with_fix("position, recorded, field, rule", "set_aside"),
}


class SummedDatabase:
    """The parts in a directory, read as one. Raises one of `UNREADABLE` where they cannot be read."""

    holding = "instr(state, ?) > 0"

    def __init__(self, directory: Path) -> None:
        """Open the parts that are in place; raises as everything else here does when some are not there."""
        self._directory = directory
        self.held: float | None = 0.0
        self._open(in_place(directory))

    def _open(self, those: Path) -> None:
        self._db, self._those, self._gate = _opened(those), those, Gate(those)
        self._forget()

    def _forget(self) -> None:
        """Begin anew with what stands beside the parts."""
        self._at = NOWHERE
        self._overlaps, self._fixing = Overlaps(), Fixing()

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> Rows:
        """Ask something of the sum."""
        return self._db.execute(statement, parameters)

    def positions(self) -> list[int]:
        """Give how far each part is."""
        return positions(self._db)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read one position of the ledger, to which the workers come. Raises ViewAwayError when one does not."""
        self.held = 0.0
        places = self._begin()
        if len(places) > 1:
            self._db.execute("ROLLBACK")
            begun = time.monotonic()
            with self._gate.level(self._positions_in_place):
                places = self._begin()
            self.held = time.monotonic() - begun
        try:
            if len(places) > 1:
                raise ViewAwayError("the workers of the live view are at different places of the ledger")
            self._bring(places.pop())
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        try:
            yield
        finally:
            self._db.execute("COMMIT")  # of what stands beside the parts: they themselves are only read

    def _positions_in_place(self) -> list[int]:
        """Give how far each part is. Raises ViewReplacedError where nobody brings these any further."""
        if in_place(self._directory) != self._those:
            raise ViewReplacedError("other parts of the live view were put into the place of these")
        return self.positions()

    def follow(self) -> bool:
        """Go over to parts that were put into the place of these; tell whether there were any."""
        those, before = in_place(self._directory), self._db
        if those == self._those:
            return False
        self._open(those)
        before.close()
        return True

    def close(self) -> None:
        """Let go of the parts."""
        self._db.close()

    def _begin(self) -> set[int]:
        """Open a snapshot of each part, by asking how far it is; give where they are: one place, or several."""
        self._db.execute("BEGIN")
        try:
            return set(self.positions())
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def _bring(self, at: int) -> None:
        """Bring what stands beside the parts to where they are."""
        if at == self._at:
            return
        try:
            keeping = Keeping(self._db)
            if self._at == NOWHERE:
                keeping.empty()
            self._overlaps.read(self._db)
            overlaps = self._overlaps
            change = self._fixing.bring(self._db, overlaps.heads, overlaps.households, overlaps.touched)
            keeping.keep(change)
            keeping.note(self._at, at, change)
        except BaseException:
            self._forget()
            raise
        self._at = at


def _opened(those: Path) -> sqlite3.Connection:
    database = attached(those)
    try:
        database.execute("PRAGMA temp_store = MEMORY")
        for table in _TABLES:
            database.execute(f"CREATE TEMP TABLE {table}")
        for name, statement in _VIEWS.items():
            database.execute(f"CREATE TEMP VIEW {name} AS {statement}")
    except BaseException:
        database.close()
        raise
    return database
