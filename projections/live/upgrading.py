"""Adding to a view's database what an earlier release did not keep: made once, from the states that are in it.

What those do not tell is written down as lacking. The view goes on without it, and is built anew beside that.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

from eventsourcing.sqlite import SQLiteCursor, SQLiteDatastore

from projections.fold import household, pupil
from projections.fold.reports import lives_in
from projections.live import residents, states
from projections.live.schema import HOUSEHOLD_APART, PUPIL_APART, SCHEMA

_SOME: Final = 10_000


def add_what_is_missing(datastore: SQLiteDatastore) -> None:
    """Bring the tables to those of this release, in one transaction; a database that has none yet stays as it is."""
    with datastore.transaction(commit=True) as c:
        c.execute("SELECT name FROM sqlite_master")
        there = {row[0] for row in c.fetchall()}
        if "pupil" not in there or {"apart", "schools"} <= there:
            return
        for statement in SCHEMA:
            c.execute(statement)
        if "apart" not in there:
            _fill(c)
        if "coverage" in there:
            _widen(c)


def _widen(c: SQLiteCursor) -> None:
    """Make room in the keys of coverage, of four columns, for the registered pupils, which were not kept."""
    c.execute("INSERT INTO schools SELECT (key >> 2 << 3) | (key & 3), n FROM coverage")
    c.execute("DROP TABLE coverage")
    c.execute("UPDATE change SET deltas = NULL")  # they have the former keys: readers read all anew
    c.execute("INSERT INTO lacking SELECT 'pupils' WHERE EXISTS (SELECT 1 FROM school)")


def _fill(c: SQLiteCursor) -> None:
    after = ""
    while True:
        c.execute("SELECT name, state FROM pupil WHERE name > ? ORDER BY name LIMIT ?", (after, _SOME))
        rows = [(str(row[0]), states.history(row[1])) for row in c.fetchall()]
        if not rows:
            break
        after = rows[-1][0]
        lives: defaultdict[int, set[str]] = defaultdict(set)
        for name, history in rows:
            for place in map(lives_in, history):
                if place is not None:
                    lives[place].add(name)
        c.executemany(residents.INSERT, residents.packed(lives))
        for name, history in rows:
            until = household.pupil_apart_until(pupil.segments(history))
            if until is not None:
                c.execute("INSERT INTO apart VALUES (?, ?, ?)", (PUPIL_APART, name, until))
    c.execute("SELECT name, state FROM household")
    for row in c.fetchall():
        spans = [span for member in states.members(row[1]).values() for span in member]
        until = household.apart_until(spans)
        if until is not None:
            c.execute("INSERT INTO apart VALUES (?, ?, ?)", (HOUSEHOLD_APART, str(row[0]), until))
