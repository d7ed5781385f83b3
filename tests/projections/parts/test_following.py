"""A reader that follows the parts has what a new one works out: whatever they come to know of together, and when."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from projections.live.database import open_database
from projections.live.reading import LiveReader
from projections.parts.gate import Gate
from projections.parts.runs import Run, Runs
from projections.parts.summed import SummedDatabase
from tests.projections.evaluation.histories import COUNTED, COVERED, line, random_history
from tests.projections.parts.test_sum import dividing
from tests.support.examples import examples
from tests.support.live import divided, fed_view, messages_of

SEEDS = st.integers(0, 2**32)
CELLS = {"flow": "key", "during": "key", "schools": "key", "over_4_weeks": "at, area"}
ROWS = {
    "household": "name, state",
    "pupil": "name, state",
    "school": "name, state",
    "closure": "name, state",
    "seen": "key, kind, owner, recorded, position, content",
    "apart": "kind, name, until",
    "retraction": "target, by",
    "set_aside": "position, recorded, field, rule",
}


def told(database: Any) -> dict[str, Any]:
    """All that a view is, whatever the order of its rows."""
    with database.snapshot():
        sums = {
            table: {
                row[:-1]: row[-1]
                for row in database.execute(f"SELECT {key}, sum(n) FROM {table} GROUP BY {key}").fetchall()
                if row[-1]
            }
            for table, key in CELLS.items()
        }
        rows = {
            table: Counter(database.execute(f"SELECT {what} FROM {table}").fetchall()) for table, what in ROWS.items()
        }
        return sums | rows | {"tracking": database.execute("SELECT * FROM tracking").fetchall()}


@examples(30)
@given(SEEDS)
def test_what_is_kept_is_what_is_worked_out_anew(seed: int) -> None:
    random = Random(seed)
    lines = [line(event).encode() for event in random_history(seed, [*COUNTED, *COVERED])]
    lines += random.choices(lines, k=len(lines) // 4)
    random.shuffle(lines)
    messages = messages_of(lines)
    with divided(dividing(seed)), fed_view() as fed:
        followed = open_database(fed.place)
        assert isinstance(followed, SummedDatabase)
        reader = LiveReader(fed.place)
        begin = 0
        while begin < len(messages):
            end = begin + random.choice((1, 3, 12, 40))
            fed.feed(messages[begin:end], [random.choice((1, 5, 50))])
            begin = end
            if random.random() < 0.2:
                continue  # it is not looked at each time
            fresh = open_database(fed.place)
            assert told(followed) == told(fresh)
            fresh.close()
            # The cells of a reader that adds what changed are those that are there.
            anew = LiveReader(fed.place)
            k = reader.recorded_until
            followed_tables, read_tables = reader.tables(k), anew.tables(k)
            for table in ("counts", "coverage"):
                assert list(followed_tables.rows(table)) == list(read_tables.rows(table))
            anew.close()
        followed.close()
        reader.close()


def test_where_all_parts_are_level_nobody_is_held_up() -> None:
    """And where nothing came since, nothing is worked out."""
    lines = [line(event).encode() for event in random_history(3, COUNTED)]
    with divided(dividing(3)), fed_view() as fed:
        fed.feed(messages_of(lines), [50])
        database = open_database(fed.place)
        Gate._set(Gate(fed.path), 0)  # as of a reader that is looking just now: it would be waited for
        for _ in range(2):
            with database.snapshot():
                assert database.held == 0
        database.close()


@examples(50)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 5), st.integers(0, 8)), max_size=40), max_size=12)
)
def test_runs_give_all_that_is_known_under_a_key(pieces: list[list[tuple[int, int, int]]]) -> None:
    runs, known = Runs(), list[tuple[int, int, int]]()
    for piece in pieces:
        keys, positions, parts = ([row[at] for row in piece] for at in range(3))
        rows = Run(np.array(keys, np.uint64), np.array(positions, np.int64), np.array(parts, np.uint8))
        runs.add(rows)
        known += piece
        met = Counter(
            (int(new), int(key), int(position), int(part))
            for each in runs.meeting(rows.keys)
            for new, key, position, part in zip(each.new, *each.known, strict=True)
        )
        assert met == Counter((at, *row) for at, (key, *_) in enumerate(piece) for row in known if row[0] == key)
