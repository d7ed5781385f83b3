"""The schemas in PostgreSQL, brought forward step by step while somebody reads."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import psycopg
import pytest

from projections.live.database import ViewAwayError
from projections.live.postgres import migrating
from projections.live.postgres.connecting import connect
from projections.live.postgres.migrating import COMMON, VIEW, migrate
from projections.live.reading import LiveReader
from projections.live.store import open_any_store
from projections.tables import MEASURES
from tests.projections.rebuild.test_rebuild import contents, follow, with_trouble
from tests.support.postgres import PostgresServer


def schema_of(url: str) -> list[tuple[object, ...]]:
    """Every column and index of ours."""
    with psycopg.connect(url) as asked:
        return [
            *asked.execute(
                "SELECT table_schema, table_name, column_name, data_type, is_nullable FROM information_schema.columns"
                " WHERE table_schema LIKE 'kindinbeeld%' ORDER BY 1, 2, 3"
            ).fetchall(),
            *asked.execute(
                "SELECT schemaname, indexdef FROM pg_indexes WHERE schemaname LIKE 'kindinbeeld%' ORDER BY 1, 2"
            ),
        ]


def test_from_the_first_step_to_the_last(postgres: PostgresServer, tmp_path: Path) -> None:
    """A database at each earlier step comes to what a new one is."""
    new = postgres.database()
    open_any_store(new).datastore.close()
    for taken in range(1, len(COMMON)):
        old = postgres.database()
        with connect(old) as connection:
            migrate(connection, "kindinbeeld_view", COMMON[:taken])
        open_any_store(old).datastore.close()
        assert schema_of(old) == schema_of(new)


def test_a_view_of_an_earlier_step_goes_on_with_what_is_in_it(postgres: PostgresServer, tmp_path: Path) -> None:
    url, messages = postgres.database(), with_trouble(4)
    half = len(messages) // 2
    follow(url, messages[:half], 10)
    with psycopg.connect(url) as asked:
        asked.execute("DROP TABLE kindinbeeld_view_1.recorded")
        asked.execute("DELETE FROM kindinbeeld_view_1.migration WHERE number > 1")
    new = postgres.database()
    open_any_store(new).datastore.close()
    follow(url, messages, 10)
    follow(tmp_path / "beside.sqlite", messages, 10)
    assert schema_of(url) == schema_of(new)
    found, beside = contents(url), contents(tmp_path / "beside.sqlite")
    # Of the weeks in which the first were recorded it knows only what came since: more is not asked of it.
    known = dict(beside.pop("recorded"))
    assert dict(found.pop("recorded")) == {
        week: position for week, position in known.items() if position > messages[half - 1].position
    }
    assert found == beside
    assert len(VIEW) == 2, "a step was added: begin here with a view at each earlier one, and what is in it"


def test_a_later_step_is_taken_while_somebody_reads(
    postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = postgres.database()
    messages = with_trouble(4)
    follow(url, messages[:40], 10)
    reader = LiveReader(url)
    k = reader.recorded_until
    (tmp_path / "next.sql").write_text("ALTER TABLE seen ADD COLUMN more text; CREATE INDEX on seen (owner);")
    monkeypatch.setattr(migrating, "VIEW", (*VIEW, str(tmp_path / "next.sql")))
    upgraded = threading.Event()

    def upgrade() -> None:
        open_any_store(url).datastore.close()
        upgraded.set()

    with reader.moment(k) as moment:
        assert moment.database.execute("SELECT count(*) FROM seen").fetchone()[0]
        threading.Thread(target=upgrade).start()
        # The step waits for this moment to end, and others go on reading meanwhile.
        longest = 0.0
        for _ in range(20):
            begun = time.monotonic()
            other = LiveReader(url)
            assert [list(other.tables(k).rows(table)) for table in MEASURES]
            assert other.set_aside() == other.set_aside()
            other.close()
            longest = max(longest, time.monotonic() - begun)
        assert not upgraded.is_set()
        assert longest < 15
    assert upgraded.wait(120)
    follow(url, messages, 10)
    follow(tmp_path / "beside.sqlite", messages, 10)
    with psycopg.connect(url) as asked:
        assert asked.execute("SELECT count(more) FROM kindinbeeld_view_1.seen").fetchall() == [(0,)]
        assert asked.execute("SELECT max(number) FROM kindinbeeld_view_1.migration").fetchall() == [(len(VIEW) + 1,)]
    found, beside = contents(url), contents(tmp_path / "beside.sqlite")
    found["seen"] = [row[:-1] for row in found["seen"]]
    assert found == beside
    reader.close()


def test_an_earlier_release_does_not_touch_what_a_later_one_wrote(postgres: PostgresServer) -> None:
    url = postgres.database()
    open_any_store(url).datastore.close()
    with psycopg.connect(url) as asked:
        asked.execute("INSERT INTO kindinbeeld_view_1.migration VALUES (99)")
    with pytest.raises(ViewAwayError, match="later release"):
        open_any_store(url)
