"""The live view's own database: rows and position in one transaction.

Built on the tracking recorder of the eventsourcing library; the position is the sequence of
the last ledger message taken in. The library refuses a position that was passed already, so
two followers by mistake, or one that starts again, cannot count an event twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from eventsourcing.persistence import Tracking
from eventsourcing.sqlite import SQLiteCursor, SQLiteDatastore, SQLiteTrackingRecorder

from projections.fold.cells import Deltas
from projections.live import residents
from projections.live.database import Place
from projections.live.schema import SCHEMA
from projections.live.storing import KEPT_CHANGES, LEDGER, NOTHING_YET, Commit, Seen, Store, pack_changes
from projections.live.upgrading import add_what_is_missing

_CHUNK: Final = 512
_CACHE_KIB: Final = 65_536
_LEVEL_KIB: Final = 16_384
"""What SQLite keeps of the database at most while the view is level with the ledger, in KiB."""


class LiveStore(SQLiteTrackingRecorder):
    """Reads the states that a batch needs, and writes a batch as one transaction."""

    cache_kib = _CACHE_KIB

    def construct_create_table_statements(self) -> list[str]:
        """Add the view's tables to the library's tracking table."""
        return [*super().construct_create_table_statements(), *SCHEMA]

    @property
    def position(self) -> int:
        """The sequence of the last ledger message taken in; 0 at the beginning."""
        return self.max_tracking_id(LEDGER) or 0

    @property
    def recorded_until(self) -> int:
        """The latest recorded time taken in, in microseconds; ``NOTHING_YET`` at the beginning."""
        with self.datastore.transaction(commit=False) as c:
            c.execute("SELECT recorded FROM horizon")
            row = c.fetchone()
        return NOTHING_YET if row is None else int(row[0])

    @property
    def lacks(self) -> bool:
        """Whether an earlier release did not keep something that only the ledger tells: build the view anew."""
        with self.datastore.transaction(commit=False) as c:
            c.execute("SELECT count(*) FROM lacking")
            return bool(c.fetchone()[0])

    def waits(self, beside: Path) -> bool:
        """Tell whether a view that was built anew waits to be put into place: its being there is all."""
        return beside.exists()

    def expect(self, *, many: bool) -> None:
        """Keep more, or less, of the database at hand, and give back what is not."""
        with self.datastore.get_connection(commit=False) as connection:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA cache_size = -{self.cache_kib if many else min(self.cache_kib, _LEVEL_KIB)}")
            if not many:
                cursor.execute("PRAGMA shrink_memory")

    def seen(self, keys: Iterable[bytes]) -> dict[bytes, Seen]:
        """Give what stands under those of the keys that are known."""
        rows = self._select("SELECT key, kind, owner, recorded, position, content FROM seen WHERE key IN", keys)
        return {row[0]: Seen(*row[1:]) for row in rows}

    def retractions(self, targets: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
        """Give (target, by) of the retractions that name one of the targets."""
        return [(row[0], row[1]) for row in self._select("SELECT target, by FROM retraction WHERE target IN", targets)]

    def states(self, table: str, names: Iterable[str]) -> dict[str, bytes]:
        """Give the states of those names of a table that have one."""
        return {row[0]: row[1] for row in self._select(f"SELECT name, state FROM {table} WHERE name IN", names)}

    def _select(self, statement: str, keys: Iterable[Any]) -> list[tuple[Any, ...]]:
        # In the order of the keys, pages of the table are read once each.
        wanted = sorted(keys)
        found: list[tuple[Any, ...]] = []
        if not wanted:
            return found
        with self.datastore.transaction(commit=False) as c:
            for begin in range(0, len(wanted), _CHUNK):
                chunk = wanted[begin : begin + _CHUNK]
                # Few lengths: a statement of each is kept, ready to be used again.
                chunk += chunk[-1:] * ((1 << (len(chunk) - 1).bit_length()) - len(chunk))
                c.execute(f"{statement} ({','.join('?' * len(chunk))})", chunk)
                found.extend(tuple(row) for row in c.fetchall())
        return found

    def commit(self, commit: Commit) -> None:
        """Write everything and the position, or nothing.

        Raises ``eventsourcing.persistence.IntegrityError`` when the position was passed already.
        """
        with self.datastore.transaction(commit=True) as c:
            after = self._max_tracking_id(LEDGER, c) or 0
            self._insert_tracking(c, Tracking(LEDGER, commit.position))
            if commit.recorded_until != NOTHING_YET:
                c.execute(
                    "INSERT INTO horizon VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET"
                    " recorded = max(recorded, excluded.recorded),"
                    " first_recorded = min(first_recorded, excluded.first_recorded)",
                    (commit.recorded_until, commit.recorded_from),
                )
            _write_events(c, commit)
            for table, states in commit.states.items():
                # Not replaced: a row stays where it is.
                c.executemany(
                    f"INSERT INTO {table} VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET state = excluded.state",
                    sorted(states.items()),
                )
            _write_cells(c, commit.deltas)
            c.executemany(
                "INSERT INTO recorded VALUES (?, ?) ON CONFLICT DO UPDATE SET position = excluded.position",
                sorted(commit.weeks.items()),
            )
            c.executemany(residents.INSERT, residents.packed(commit.residents))
            _write_apart(c, commit.apart)
            c.executemany(
                "INSERT INTO early VALUES (?, ?) ON CONFLICT DO UPDATE SET latest = max(latest, excluded.latest)",
                sorted(commit.early.items()),
            )
            c.execute("DELETE FROM early WHERE latest < ?", (commit.recorded_until,))
            c.execute("INSERT INTO change VALUES (?, ?, ?)", (commit.position, after, pack_changes(commit.deltas)))
            c.execute(
                "DELETE FROM change WHERE position <="
                " (SELECT position FROM change ORDER BY position DESC LIMIT 1 OFFSET ?)",
                (KEPT_CHANGES,),
            )
            self._write_more(c, commit)

    def _write_more(self, c: SQLiteCursor, commit: Commit) -> None:
        """Write, in the same transaction, what a store of another kind keeps beside."""


def _write_events(c: SQLiteCursor, commit: Commit) -> None:
    rows = sorted((key, *seen) for key, seen in commit.seen.items())
    c.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?, ?)", rows)
    c.executemany("INSERT OR IGNORE INTO retraction VALUES (?, ?)", commit.retractions)
    c.executemany("DELETE FROM retraction WHERE target = ? AND by = ?", commit.withdrawn)
    c.executemany("INSERT OR REPLACE INTO set_aside VALUES (?, ?, ?, ?)", commit.set_aside)


def _write_cells(c: SQLiteCursor, deltas: Deltas) -> None:
    for table, sums in (("flow", deltas.flow), ("during", deltas.during), ("schools", deltas.coverage)):
        c.executemany(
            f"INSERT INTO {table} VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
            sorted(pair for pair in sums.items() if pair[1]),
        )
    c.executemany(
        "INSERT INTO over_4_weeks VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
        sorted((at, area, n) for (at, area), n in deltas.over_4_weeks.items() if n),
    )


def _write_apart(c: SQLiteCursor, apart: Mapping[tuple[int, str], int | None]) -> None:
    rows = sorted(apart.items())
    c.executemany("DELETE FROM apart WHERE kind = ? AND name = ?", (key for key, until in rows if until is None))
    c.executemany(
        "INSERT OR REPLACE INTO apart VALUES (?, ?, ?)", ((*key, until) for key, until in rows if until is not None)
    )


def open_any_store(place: Place) -> Store:
    """Open, or make, the live view's database for writing, wherever it is."""
    if isinstance(place, Path):
        return open_store(place)
    from projections.live.postgres.store import open_postgres_store

    return open_postgres_store(place)


def open_store(path: Path, kind: type[LiveStore] = LiveStore, *, cache_kib: int = _CACHE_KIB) -> LiveStore:
    """Open, or make, the live view's database for writing: an SQLite file."""
    datastore = SQLiteDatastore(str(path), pool_size=1, max_overflow=0)
    with datastore.get_connection(commit=True) as connection:
        # The ledger is the truth: after a power cut the view may be a moment back, never torn.
        for setting in ("synchronous = NORMAL", f"cache_size = -{cache_kib}", "journal_size_limit = 67108864"):
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA {setting}")
            # To its end: SQLite keeps a file open for as long as a statement of a closed connection is under way.
            cursor.fetchall()
    add_what_is_missing(datastore)
    store = kind(datastore)
    store.cache_kib = cache_kib
    store.create_table()
    return store
