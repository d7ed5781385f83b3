"""Writing into the tables of a view on PostgreSQL: each table by one statement, however many rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from projections.fold.cells import Deltas
from projections.live import residents
from projections.live.postgres.arrays import Bigints, Blobs, Texts
from projections.live.postgres.connecting import Connection
from projections.live.storing import Commit

__all__ = ["COLUMNS", "Writing", "write_commit"]

COLUMNS: Final = {
    "seen": (Blobs, Bigints, Texts, Bigints, Bigints, Blobs),
    "retraction": (Blobs, Blobs),
    "pupil": (Texts, Blobs),
    "household": (Texts, Blobs),
    "school": (Texts, Blobs),
    "closure": (Texts, Blobs),
    "flow": (Bigints, Bigints),
    "during": (Bigints, Bigints),
    "schools": (Bigints, Bigints),
    "over_4_weeks": (Bigints, Bigints, Bigints),
    "early": (Texts, Bigints),
    "resident": (Bigints, Blobs),
    "apart": (Bigints, Texts, Bigints),
    "set_aside": (Bigints, Bigints, Texts, Texts),
    "recorded": (Bigints, Bigints),
    "horizon": (Bigints, Bigints, Bigints),
}
"""By table, what is in its columns. What readers follow by (`change`) is not among them."""


class Writing:
    """Statements one after the other, none of which waits for the one before."""

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.cursor()

    def execute(self, statement: str, parameters: Sequence[Any]) -> None:
        """Execute one."""
        self._cursor.execute(statement.encode(), parameters)

    def rows(self, table: str, rows: Iterable[Sequence[Any]], end: str = "") -> None:
        """Insert rows; `end`: what to do about those that are there."""
        self.columns(f"INSERT INTO {table} SELECT * FROM", COLUMNS[table], rows, end)

    def columns(self, begin: str, kinds: Sequence[Any], rows: Iterable[Sequence[Any]], end: str) -> None:
        """Execute a statement over rows as a table."""
        columns = [kind(column) for kind, column in zip(kinds, zip(*rows, strict=True), strict=False)]
        if columns:
            self.execute(f"{begin} unnest({', '.join(['%b'] * len(columns))}) {end}", columns)


def write_commit(to: Writing, commit: Commit) -> None:
    """Write what a commit holds, apart from its position."""
    _write_events(to, commit)
    _write_states(to, commit)
    _write_cells(to, commit.deltas)
    to.rows("resident", residents.packed(commit.residents))
    end = "ON CONFLICT (monday) DO UPDATE SET position = excluded.position"
    to.rows("recorded", sorted(commit.weeks.items()), end)


def _write_events(to: Writing, commit: Commit) -> None:
    rows = sorted((key, *seen) for key, seen in commit.seen.items())
    to.rows(
        "seen",
        rows,
        "ON CONFLICT (key) DO UPDATE SET kind = excluded.kind, owner = excluded.owner, recorded = excluded.recorded,"
        " position = excluded.position, content = excluded.content",
    )
    to.rows("retraction", commit.retractions, "ON CONFLICT DO NOTHING")
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
        sorted(aside.values()),
        "ON CONFLICT (position) DO UPDATE SET recorded = excluded.recorded, field = excluded.field,"
        " rule = excluded.rule",
    )


def _write_states(to: Writing, commit: Commit) -> None:
    for table, states in commit.states.items():
        end = "ON CONFLICT (name) DO UPDATE SET state = excluded.state"
        to.rows(table, sorted(states.items()), end)
    to.rows(
        "early",
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
        [(*key, until) for key, until in apart if until is not None],
        "ON CONFLICT (kind, name) DO UPDATE SET until = excluded.until",
    )


def _write_cells(to: Writing, deltas: Deltas) -> None:
    for table, sums in (("flow", deltas.flow), ("during", deltas.during), ("schools", deltas.coverage)):
        rows = sorted(pair for pair in sums.items() if pair[1])
        to.rows(table, rows, f"ON CONFLICT (key) DO UPDATE SET n = {table}.n + excluded.n")
    over = sorted((at, area, n) for (at, area), n in deltas.over_4_weeks.items() if n)
    end = "ON CONFLICT (at, area) DO UPDATE SET n = over_4_weeks.n + excluded.n"
    to.rows("over_4_weeks", over, end)
