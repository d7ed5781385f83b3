"""A live view that was rebuilt is the one that following the ledger gives, and goes on as it does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.fold.reports import Report, lives_in
from projections.live import residents
from projections.live.database import Place, open_database
from projections.live.message import Message
from projections.live.store import open_any_store
from projections.live.view import LiveView
from projections.live.warming import read_tree
from projections.parts.building import InTurn
from projections.rebuild import Columns, build
from tests.projections.evaluation.histories import COUNTED, COVERED, line, random_history
from tests.support.examples import examples
from tests.support.lines import simulated
from tests.support.live import messages_of

SEEDS = st.integers(0, 2**32)
EXAMPLES = examples(20)
NOTHING = (b"\x80", b"\x90")

TABLES = {
    "seen": "SELECT * FROM seen ORDER BY key",
    "retraction": "SELECT * FROM retraction ORDER BY target, by",
    "pupil": "SELECT * FROM pupil ORDER BY name",
    "school": "SELECT * FROM school ORDER BY name",
    "closure": "SELECT * FROM closure ORDER BY name",
    "flow": "SELECT * FROM flow WHERE n <> 0 ORDER BY key",
    "during": "SELECT * FROM during WHERE n <> 0 ORDER BY key",
    "schools": "SELECT * FROM schools WHERE n <> 0 ORDER BY key",
    "over_4_weeks": "SELECT * FROM over_4_weeks WHERE n <> 0 ORDER BY at, area",
    "set_aside": "SELECT * FROM set_aside ORDER BY position",
    "early": "SELECT * FROM early ORDER BY pupil",
    "apart": "SELECT * FROM apart ORDER BY kind, name",
    "recorded": "SELECT * FROM recorded ORDER BY monday",
    "horizon": "SELECT * FROM horizon",
    "tracking": "SELECT * FROM tracking WHERE application_name = 'ledger'",
}


def contents(database: Place) -> dict[str, list[Any]]:
    """All that decides anything in the database of a view."""
    connection = open_database(database)
    found = {table: connection.execute(sql).fetchall() for table, sql in TABLES.items()}
    # The members of a household come in no order; one that has none any more may be there or not.
    households = connection.execute("SELECT * FROM household ORDER BY name").fetchall()
    found["household"] = [(name, msgspec.msgpack.decode(state)) for name, state in households if state not in NOTHING]
    found["resident"] = sorted(residents_of(connection))
    connection.close()
    return found


def made_of(database: Path) -> dict[str, str]:
    """The tables and indexes of a view, as they were made."""
    connection = sqlite3.connect(database)
    found = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
    connection.close()
    return found


def residents_of(connection: residents.Asked, *, all_rows: bool = False) -> set[tuple[int, str]]:
    """Who is found in which place by what a history still names; or all that the table has."""
    places = [place for (place,) in connection.execute("SELECT DISTINCT place FROM resident")]
    listed = {(place, name) for place in places for name in residents.of(connection, place)}
    named = {
        (place, name)
        for name, state in connection.execute("SELECT name, state FROM pupil")
        for report in msgspec.msgpack.decode(state, type=list[Report])
        if (place := lives_in(report)) is not None
    }
    assert named <= listed
    return listed if all_rows else named


def follow(database: Place, messages: Sequence[Message], size: int) -> None:
    """Take the messages in as they come, in pieces."""
    store = open_any_store(database)
    view = LiveView(store)
    for begin in range(0, len(messages), size):
        view.take(messages[begin : begin + size])
        view.write()
    store.datastore.close()


class AtOnce(InTurn):
    """Has each task done before the next is given: as for a process that was kept waiting while all others ended."""

    def __init__(self) -> None:
        self.files: list[Path] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.files += [each for each in args if isinstance(each, Path) and each.suffix == ".sqlite"]
        return super().submit(fn, *args, **kwargs)


def write_columns(directory: Path, messages: Sequence[Message], pieces: int) -> None:
    """Write the messages as columns into a new directory, in pieces."""
    directory.mkdir()
    size = len(messages) // pieces + 1
    for begin in range(0, max(len(messages), 1), size):
        columns = Columns(directory / str(begin))
        columns.add(messages[begin : begin + size])
        columns.close()


def rebuild(directory: Path, messages: Sequence[Message], pieces: int = 2, pool: Executor | None = None) -> Path:
    """Write the messages as columns, in pieces, and build the database of them."""
    write_columns(directory, messages, pieces)
    database = directory / "new.sqlite"
    with pool or ThreadPoolExecutor(1) as here:
        position = build(directory, database, here, parts=3)
    assert position == (messages[-1].position if messages else 0)
    return database


def with_trouble(seed: int) -> list[Message]:
    """Events in the order of some ledger: copies, other contents, displaced ones, retractions, malformed messages."""
    random = Random(seed)
    said = random_history(seed, [*COUNTED, *COVERED])
    lines = [line(event).encode() for event in said]
    lines += random.sample(lines, random.randint(0, len(lines)))
    # Other contents under a key that is known, recorded at any time: most of them displace or are set aside.
    for _ in range(random.randint(0, 12)):
        one, other = random.choice(said), random.choice(said)
        lines.append(line(replace(other, source=one.source, id=one.id)).encode())
    lines += [random.choice(lines)[:-2] for _ in range(random.randint(0, 2))]
    random.shuffle(lines)
    return messages_of(lines)


@EXAMPLES
@given(SEEDS)
def test_the_same_as_following_the_ledger(seed: int) -> None:
    random = Random(seed)
    messages = with_trouble(seed)
    cut = random.randint(0, len(messages))
    with TemporaryDirectory() as temporary:
        directory = Path(temporary)
        rebuilt = rebuild(directory / "work", messages[:cut], random.randint(1, 3))
        followed = directory / "followed.sqlite"
        follow(followed, messages[:cut], random.choice((1, 7, 1000)))
        assert contents(rebuilt) == contents(followed)
        assert made_of(rebuilt) == made_of(followed)
        connection = sqlite3.connect(rebuilt)
        assert residents_of(connection, all_rows=True) == residents_of(connection)
        connection.close()
        for database in (rebuilt, followed):
            follow(database, messages, random.choice((1, 7, 1000)))
        assert contents(rebuilt) == contents(followed)


def test_the_golden_history(golden: Path, tmp_path: Path) -> None:
    messages = messages_of((golden / "random.ndjson").read_bytes().splitlines())
    follow(tmp_path / "followed.sqlite", messages, 100)
    assert contents(rebuild(tmp_path / "work", messages)) == contents(tmp_path / "followed.sqlite")


def test_parts_that_all_end_at_once(tmp_path: Path) -> None:
    messages = with_trouble(5)
    follow(tmp_path / "followed.sqlite", messages, 100)
    pool = AtOnce()
    assert contents(rebuild(tmp_path / "work", messages, pool=pool)) == contents(tmp_path / "followed.sqlite")
    assert len(set(pool.files)) == len(pool.files), "two tasks would write one file at the same time"


@pytest.mark.parametrize("lines", [[], [b"{}"]])
def test_of_nothing(lines: list[bytes], tmp_path: Path) -> None:
    messages = messages_of(lines)
    follow(tmp_path / "followed.sqlite", messages, 100)
    assert contents(rebuild(tmp_path / "work", messages)) == contents(tmp_path / "followed.sqlite")


def test_the_keys_of_what_comes_next_find_room(tmp_path: Path) -> None:
    """Without any, nearly each of them would have a page divided."""
    messages = messages_of(simulated(4, 20_000))
    database = rebuild(tmp_path / "work", messages)
    pages, random = read_tree(database, "seen_key"), Random(4)
    assert pages > 100
    connection = sqlite3.connect(database)
    for number in range(len(messages) // 20):
        row = (random.randbytes(16), 1, "", 0, number, b"")
        connection.execute("INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?)", row)
    connection.commit()
    connection.close()
    assert read_tree(database, "seen_key") == pages


def test_a_view_of_an_earlier_release_gets_what_it_did_not_keep(tmp_path: Path) -> None:
    for seed in range(6):
        messages = messages_of(line(event).encode() for event in random_history(seed, [*COUNTED, *COVERED]))
        kept, old = tmp_path / f"kept-{seed}.sqlite", tmp_path / f"old-{seed}.sqlite"
        follow(kept, messages, 50)
        follow(old, messages[:20], 50)
        connection = sqlite3.connect(old)
        for table in ("resident", "apart"):
            connection.execute(f"DROP TABLE {table}")
        connection.close()
        follow(old, messages, 50)
        assert contents(old) == contents(kept)
