"""The live view's store on PostgreSQL: rows and position in one transaction, as in SQLite.

Built on the library's tracking recorder for PostgreSQL. One writer at a time: it holds an advisory lock for as long as
its connection stands, so whoever starts after one that was killed waits until the server has ended what that one asked
last, and only then looks where the view is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

from eventsourcing.persistence import IntegrityError, Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from psycopg.rows import dict_row, tuple_row

from projections.fold.cells import Deltas
from projections.live import residents
from projections.live.postgres.arrays import Bigints, Blobs, Texts
from projections.live.postgres.connecting import Connection, connect
from projections.live.postgres.views import current_or_new, schema_of, search_path
from projections.live.store import KEPT_CHANGES, LEDGER, NOTHING_YET, Commit, Seen, pack_changes

__all__ = ["PostgresLiveStore", "open_postgres_store"]

_WRITING: Final = 7_201_642_021
"""Key of the advisory lock of the one that writes a view; its number is the second key."""
_OLD: Final = "position <= (SELECT position FROM change ORDER BY position DESC LIMIT 1 OFFSET %s)"


class _One:
    """The one connection of a store, where the library has a pool: when it breaks, its store is of no use any more."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, wait: bool = False, timeout: float = 0) -> None:
        """Do nothing: it is open."""

    def close(self, timeout: float = 0) -> None:
        """Close it, and let another one write."""
        self._connection.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Lend it."""
        yield self._connection


class _Datastore(PostgresDatastore):
    def __init__(self, connection: Connection, schema: str) -> None:
        super().__init__("", "", "", "", "", schema=schema)
        self.pool = cast("Any", _One(connection))


class PostgresLiveStore(PostgresTrackingRecorder):
    """Reads the states that a batch needs, and writes a batch as one transaction."""

    def __init__(self, connection: Connection, schema: str) -> None:
        """`connection` has the search path set to `schema`."""
        connection.row_factory = dict_row
        self._connection = connection
        super().__init__(_Datastore(connection, schema), tracking_table_name="tracking")
        self.create_table()
        self._written = self.position

    @property
    def position(self) -> int:
        """The sequence of the last ledger message taken in; 0 at the beginning."""
        return self.max_tracking_id(LEDGER) or 0

    @property
    def recorded_until(self) -> int:
        """The latest recorded time taken in, in microseconds; ``NOTHING_YET`` at the beginning."""
        rows = self._rows("SELECT recorded FROM horizon")
        return int(rows[0][0]) if rows else NOTHING_YET

    @property
    def lacks(self) -> bool:
        """Whether an earlier release did not keep something that only the ledger tells: none on PostgreSQL did."""
        return False

    def seen(self, keys: Iterable[bytes]) -> dict[bytes, Seen]:
        """Give what stands under those of the keys that are known."""
        statement = "SELECT key, kind, owner, recorded, position, content FROM seen WHERE key = ANY(%b)"
        return {row[0]: Seen(*row[1:]) for row in self._rows(statement, Blobs(sorted(keys)))}

    def retractions(self, targets: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
        """Give (target, by) of the retractions that name one of the targets."""
        return self._rows("SELECT target, by FROM retraction WHERE target = ANY(%b)", Blobs(sorted(targets)))

    def states(self, table: str, names: Iterable[str]) -> dict[str, bytes]:
        """Give the states of those names of a table that have one."""
        return dict(self._rows(f"SELECT name, state FROM {table} WHERE name = ANY(%b)", Texts(sorted(names))))

    def _rows(self, statement: str, *columns: Any) -> list[tuple[Any, ...]]:
        if columns and not columns[0].items:
            return []
        with self.datastore.get_connection() as connection:
            cursor = connection.cursor(binary=True, row_factory=tuple_row)
            return cursor.execute(statement.encode(), columns).fetchall()

    def commit(self, commit: Commit) -> None:
        """Write everything and the position, or nothing.

        Raises ``eventsourcing.persistence.IntegrityError`` when another one has written meanwhile.
        """
        with self.datastore.transaction(commit=True) as c:
            after = self._max_tracking_id(LEDGER, c) or 0
            if after != self._written:
                raise IntegrityError("another one has written this view")
            self._insert_tracking(c, Tracking(LEDGER, commit.position))
            with self._connection.pipeline():
                to = _Writing(self._connection)
                if commit.recorded_until != NOTHING_YET:
                    to.execute(
                        "INSERT INTO horizon VALUES (1, %s, %s) ON CONFLICT (one) DO UPDATE SET"
                        " recorded = greatest(horizon.recorded, excluded.recorded),"
                        " first_recorded = least(horizon.first_recorded, excluded.first_recorded)",
                        (commit.recorded_until, commit.recorded_from),
                    )
                _write_events(to, commit)
                _write_states(to, commit)
                _write_cells(to, commit.deltas)
                to.rows("resident", [Bigints, Blobs], residents.packed(commit.residents))
                to.execute("DELETE FROM early WHERE latest < %s", (commit.recorded_until,))
                packed = pack_changes(commit.deltas)
                to.execute("INSERT INTO change VALUES (%s, %s, %b)", (commit.position, after, packed))
                to.execute(f"DELETE FROM change WHERE {_OLD}", (KEPT_CHANGES,))
        self._written = commit.position


class _Writing:
    """Statements one after the other, none of which waits for the one before."""

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.cursor()

    def execute(self, statement: str, parameters: Sequence[Any]) -> None:
        self._cursor.execute(statement.encode(), parameters)

    def rows(self, table: str, kinds: Sequence[Any], rows: Iterable[Sequence[Any]], end: str = "") -> None:
        """Insert rows, given with the kind of array of each column; `end`: what to do about those that are there."""
        self.columns(f"INSERT INTO {table} SELECT * FROM", kinds, rows, end)

    def columns(self, begin: str, kinds: Sequence[Any], rows: Iterable[Sequence[Any]], end: str) -> None:
        """Execute a statement over rows as a table."""
        columns = [kind(column) for kind, column in zip(kinds, zip(*rows, strict=True), strict=False)]
        if columns:
            self.execute(f"{begin} unnest({', '.join(['%b'] * len(columns))}) {end}", columns)


def _write_events(to: _Writing, commit: Commit) -> None:
    rows = sorted((key, *seen) for key, seen in commit.seen.items())
    to.rows(
        "seen",
        [Blobs, Bigints, Texts, Bigints, Bigints, Blobs],
        rows,
        "ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, owner = excluded.owner, recorded = excluded.recorded,"
        " position = excluded.position, content = excluded.content",
    )
    to.rows("retraction", [Blobs, Blobs], commit.retractions, "ON CONFLICT DO NOTHING")
    to.columns(
        "DELETE FROM retraction USING",
        [Blobs, Blobs],
        commit.withdrawn,
        "AS gone (target, by) WHERE retraction.target = gone.target AND retraction.by = gone.by",
    )
    # One message may be set aside for one reason only, the last one found, as each row can be changed once.
    aside = {each.position: each for each in commit.set_aside}
    to.rows(
        "set_aside",
        [Bigints, Bigints, Texts, Texts],
        sorted(aside.values()),
        "ON CONFLICT (position) DO UPDATE SET recorded = excluded.recorded, field = excluded.field,"
        " rule = excluded.rule",
    )


def _write_states(to: _Writing, commit: Commit) -> None:
    for table, states in commit.states.items():
        end = "ON CONFLICT (name) DO UPDATE SET state = excluded.state"
        to.rows(table, [Texts, Blobs], sorted(states.items()), end)
    to.rows(
        "early",
        [Texts, Bigints],
        sorted(commit.early.items()),
        "ON CONFLICT (pupil) DO UPDATE SET latest = greatest(early.latest, excluded.latest)",
    )
    apart = sorted(commit.apart.items())
    to.columns(
        "DELETE FROM apart USING",
        [Bigints, Texts],
        [key for key, until in apart if until is None],
        "AS gone (kind, name) WHERE apart.kind = gone.kind AND apart.name = gone.name",
    )
    to.rows(
        "apart",
        [Bigints, Texts, Bigints],
        [(*key, until) for key, until in apart if until is not None],
        "ON CONFLICT (kind, name) DO UPDATE SET until = excluded.until",
    )


def _write_cells(to: _Writing, deltas: Deltas) -> None:
    for table, sums in (("flow", deltas.flow), ("during", deltas.during), ("schools", deltas.coverage)):
        rows = sorted(pair for pair in sums.items() if pair[1])
        to.rows(table, [Bigints, Bigints], rows, f"ON CONFLICT (key) DO UPDATE SET n = {table}.n + excluded.n")
    over = sorted((at, area, n) for (at, area), n in deltas.over_4_weeks.items() if n)
    end = "ON CONFLICT (at, area) DO UPDATE SET n = over_4_weeks.n + excluded.n"
    to.rows("over_4_weeks", [Bigints, Bigints, Bigints], over, end)


def open_postgres_store(url: str) -> PostgresLiveStore:
    """Open, or make, the live view in place for writing, as the only one.

    Waits for one that writes it already. Raises ViewAwayError when the database cannot be used.
    """
    # The ledger is the truth: after a power cut the view may be a moment back, never torn.
    # The server may not know yet how large the tables have become: what is looked up has an index.
    connection = connect(url, "SET synchronous_commit = off", "SET enable_seqscan = off")
    try:
        connection.execute("SELECT pg_advisory_lock(%s)", [_WRITING])
        number = current_or_new(connection)
        connection.execute(search_path(number))
        return PostgresLiveStore(connection, schema_of(number))
    except BaseException:
        connection.close()
        raise
