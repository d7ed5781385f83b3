"""The importer's index: the first recorded stands, position and rows together, damage is no end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ledger.known import KnownEvents, Place
from tests.support.examples import examples


def key(number: int) -> bytes:
    return blake2b(b"%d" % number, digest_size=16).digest()


def place(position: int = 1) -> Place:
    return Place("EVENTS", "2020-03-16", 0, position, key(position))


@pytest.fixture
def known(tmp_path: Path) -> Iterator[KnownEvents]:
    known = KnownEvents(tmp_path / "index.sqlite")
    yield known
    known.close()


@examples(20)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 20), st.integers(-(2**40), 2**52), st.integers(0, 3)), max_size=30),
        max_size=5,
    )
)
def test_of_each_event_the_copy_recorded_first_is_found(batches: list[list[tuple[int, int, int]]]) -> None:
    with TemporaryDirectory() as directory:
        check_first_recorded(Path(directory), batches)


def check_first_recorded(directory: Path, batches: list[list[tuple[int, int, int]]]) -> None:
    known = KnownEvents(directory / "index.sqlite")
    expected: dict[bytes, tuple[int, bytes]] = {}
    for batch in batches:
        known.write(place(), [(key(number), (recorded, key(content))) for number, recorded, content in batch])
        for number, recorded, _ in batch:
            expected[key(number)] = min(expected.get(key(number), (recorded, b"")), (recorded, b""))
    found = known.look_up([key(number) for number in range(25)])
    assert {each: recorded for each, (recorded, _) in found.items()} == {e: r for e, (r, _) in expected.items()}
    known.close()


def test_nothing_is_found_in_an_empty_one(known: KnownEvents) -> None:
    assert known.look_up([]) == {}
    assert known.look_up([key(1)]) == {}
    assert known.place("EVENTS") is None


def test_many_are_looked_up_at_once(known: KnownEvents) -> None:
    many = {key(number): (number, key(-number)) for number in range(40_000)}
    known.write(place(), many.items())
    assert known.look_up(sorted(many)) == many


def test_rejected_lines_are_kept_apart(known: KnownEvents) -> None:
    known.write(place(3), rejected=[key(1), key(2), key(2)])
    assert known.look_up_rejected([key(number) for number in range(5)]) == {key(1), key(2)}
    assert known.look_up([key(1)]) == {}


def test_it_lasts_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    known = KnownEvents(path)
    known.write(place(9), [(key(1), (5, key(2)))])
    known.close()
    assert path.stat().st_mode & 0o777 == 0o600
    again = KnownEvents(path)
    assert again.look_up([key(1)]) == {key(1): (5, key(2))}
    assert again.place("EVENTS") == place(9)
    again.forget()
    assert again.look_up([key(1)]) == {}
    assert again.place("EVENTS") is None
    again.close()


def test_rows_and_position_come_together_or_not_at_all(known: KnownEvents) -> None:
    known.write(place(1), [(key(1), (1, key(1)))])
    with pytest.raises(sqlite3.Error):
        known.write(Place("EVENTS", None, 0, 2, None), [(key(2), (2, key(2)))])  # type: ignore[arg-type]
    assert known.look_up([key(2)]) == {}
    assert known.place("EVENTS") == place(1)


def test_a_damaged_one_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    path.write_bytes(b"no database at all, " * 1000)
    known = KnownEvents(path)
    assert known.place("EVENTS") is None
    known.close()


def test_where_it_cannot_be_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"."):
        KnownEvents(tmp_path / "absent" / "index.sqlite")
