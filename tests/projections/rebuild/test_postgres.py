"""A view that was built in a file and taken over into PostgreSQL: the same, put into place under readers."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from projections.live.postgres.connecting import connect
from projections.live.postgres.copying import copy_beside
from projections.live.postgres.views import begin_view, lay_ready, put_into_place, ready, waits_in
from projections.live.reading import LiveReader
from projections.tables import MEASURES
from tests.projections.rebuild.test_rebuild import contents, follow, rebuild, with_trouble
from tests.support.postgres import PostgresServer


@pytest.mark.parametrize("seed", [2, 5])
def test_the_same_as_the_file_and_as_following(postgres: PostgresServer, tmp_path: Path, seed: int) -> None:
    url = postgres.database()
    messages = with_trouble(seed)
    cut = len(messages) * 2 // 3
    follow(url, messages[: cut // 2], 20)
    reader = LiveReader(url)
    k = messages_end = reader.recorded_until
    assert reader.refresh()
    before = {table: list(reader.tables(k).rows(table)) for table in MEASURES}
    built = rebuild(tmp_path / "work", messages[:cut])
    number = copy_beside(built, url)
    assert not waits_in(url)
    with connect(url) as connection:
        lay_ready(connection, number)
    assert waits_in(url)
    assert not reader.refresh(), "what waits is nobody's yet"
    assert {table: list(reader.tables(messages_end).rows(table)) for table in MEASURES} == before
    with connect(url) as connection:
        put_into_place(connection, number)
    assert not waits_in(url)
    assert contents(url) == contents(built)
    assert reader.refresh()
    file = LiveReader(built)
    k = file.recorded_until
    assert [list(reader.tables(k).rows(table)) for table in MEASURES] == [
        list(file.tables(k).rows(table)) for table in MEASURES
    ]
    for place in (url, built):
        follow(place, messages, 7)
    assert contents(url) == contents(built)
    reader.close()
    file.close()


def test_what_was_begun_and_left_is_of_no_use_to_anyone(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.database()
    messages = with_trouble(3)
    follow(url, messages, 50)
    whole = contents(url)
    with connect(url) as connection:
        left = begin_view(connection)
        assert ready(connection) is None
        assert contents(url) == whole
        assert begin_view(connection) == left, "nothing of the one before is left"
    with psycopg.connect(url) as asked:
        views = asked.execute("SELECT state FROM kindinbeeld_view.view ORDER BY number").fetchall()
    assert views == [("current",), ("building",)]
    follow(url, messages, 50)
    assert contents(url) == whole
