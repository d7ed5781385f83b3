"""The registered pupils of the schools that a row of the coverage expects: in any order, and after an upgrade."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from projections.fold.cells import CLAIMED
from projections.live.reading import LiveReader
from projections.live.tables import Tables
from projections.tables import MEASURES
from tests.projections.evaluation.histories import COUNTED, COVERED, line, random_history, random_moments
from tests.projections.evaluation.oracle import Oracle
from tests.support.examples import examples
from tests.support.live import FedView, fed_view, known_at, messages_of

SEEDS = st.integers(0, 2**32)
EXAMPLES = examples(20)
KINDS = [*COVERED, "school-registered", "school-registered", *COUNTED[:2]]


def registered(tables: Tables) -> dict[tuple[str, str, str], tuple[int, int]]:
    stating, pupils = tables.register["schools_stating_pupils"], tables.register["pupils"]
    assert not np.any(pupils[stating == 0])
    return {
        (tables.places[p], tables.sectors[s], tables.weeks[w]): (int(stating[p, s, w]), int(pupils[p, s, w]))
        for p, s, w in np.argwhere(stating != 0)
    }


@EXAMPLES
@given(SEEDS)
def test_they_are_those_of_the_schools_that_are_expected(seed: int) -> None:
    random = Random(seed)
    said = random_history(seed, KINDS, ties=False)
    k = random_moments(seed, said, 1)[0]
    messages = messages_of(line(event).encode() for event in random.sample(said, len(said)))
    with fed_view() as fed:
        known = known_at(messages, k)
        fed.feed(known, [random.randint(1, 9) for _ in known])
        if random.random() < 0.5:
            fed.reader.tables(k)
        assert registered(fed.reader.tables(k)) == Oracle(said, k).registered()


@EXAMPLES
@given(SEEDS)
def test_a_reader_that_follows_sees_what_a_new_one_sees(seed: int) -> None:
    messages = messages_of(line(event).encode() for event in random_history(seed, KINDS))
    with fed_view() as fed:
        for begin in range(0, len(messages), 7):
            fed.feed(messages[begin : begin + 7], [7])
            k = fed.reader.recorded_until
            new = LiveReader(fed.place)
            assert registered(fed.reader.tables(k)) == registered(new.tables(k))
            new.close()


def as_an_earlier_release_kept_it(path: Path) -> None:
    """Take out of a database what came with the registered pupils."""
    database = sqlite3.connect(path)
    with database:
        states = database.execute("SELECT name, state FROM school").fetchall()
        for name, state in states:
            without = [statement[:10] for statement in msgspec.msgpack.decode(state)]
            database.execute("UPDATE school SET state = ? WHERE name = ?", (msgspec.msgpack.encode(without), name))
        database.execute("CREATE TABLE coverage (key INTEGER PRIMARY KEY, n INTEGER NOT NULL)")
        database.execute(
            "INSERT INTO coverage SELECT (key >> 3 << 2) | (key & 7), n FROM schools WHERE (key & 7) <= ?", (CLAIMED,)
        )
        database.execute("DROP TABLE schools")
        database.execute("DROP TABLE lacking")
    database.close()


@examples(10)
@given(SEEDS)
def test_a_view_of_an_earlier_release_goes_on_without_them_and_says_so(seed: int) -> None:
    messages = messages_of(line(event).encode() for event in random_history(seed, KINDS))
    half = len(messages) // 2
    with TemporaryDirectory() as directory, fed_view() as kept:
        kept.feed(messages[:half], [5])
        path = Path(directory) / "old.sqlite"
        old = FedView(path)
        old.feed(messages[:half], [5])
        assert not old.store.lacks
        old.close()
        as_an_earlier_release_kept_it(path)
        old = FedView(path)
        k = kept.reader.recorded_until
        has_schools = sqlite3.connect(path).execute("SELECT count(*) FROM school").fetchone()[0] > 0
        assert old.store.lacks == has_schools
        assert registered(old.reader.tables(k)) == {}
        for view in (kept, old):
            view.feed(messages[half:], [3])
        k = kept.reader.recorded_until
        for table in MEASURES:
            assert old.csv(table, k) == kept.csv(table, k)
        if not has_schools:
            assert registered(old.reader.tables(k)) == registered(kept.reader.tables(k))
        old.close()
