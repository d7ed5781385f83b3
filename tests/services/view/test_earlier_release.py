"""A new version of the projection takes the place of one that an earlier release wrote, and that one takes it back."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from projections.live.postgres.connecting import connect
from projections.live.postgres.views import current
from projections.live.reading import LiveReader
from services.view.switching import former_view, waits
from tests.projections.live.test_registered import as_an_earlier_release_kept_it
from tests.services.view.test_faults import View, assert_equal
from tests.services.view.test_rebuilding import followed
from tests.support.lines import simulated
from tests.support.postgres import PostgresServer
from tests.support.systems import RunningLedger, running_ledger
from tests.support.whole import until


def registered_pupils(path: Path) -> int:
    """What an earlier release did not keep."""
    with closing(LiveReader(path)) as reader:
        return int(reader.tables(reader.recorded_until).register["pupils"].sum())


def tables_of(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


def begun_by_an_earlier_release(ledger: RunningLedger) -> tuple[list[bytes], int]:
    """Have events in the ledger and in a view as an earlier release kept it; give them, and which file that is."""
    lines, path = simulated(7, 600), ledger.data_dir.live_view
    asyncio.run(ledger.store(*lines, desk="import"))
    as_an_earlier_release_kept_it(followed(ledger, path))
    return lines, path.stat().st_ino


@pytest.mark.timeout(400)
def test_it_is_built_beside_compared_put_into_place_and_gone_back_from(
    ledger: RunningLedger, view: View, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lines, file = begun_by_an_earlier_release(ledger)
    path, more = ledger.data_dir.live_view, simulated(8, 300)
    view.start()  # it goes on with the earlier one, in this release's tables
    until(lambda: path.stat().st_ino != file)
    said = "".join(capfd.readouterr())
    assert "comparing with the view in place" in said
    asyncio.run(ledger.store(*more, desk="import"))
    assert_equal(ledger, lines + more, tmp_path)
    all_pupils = registered_pupils(path)
    for of_before in (True, False):
        done = ledger.run_inside("rebuild", "--back")
        assert done.returncode == 0, done.stderr
        assert b"the view of before is in place" in done.stderr
        assert_equal(ledger, lines + more, tmp_path)
        assert (path.stat().st_ino == file) is of_before
        assert (registered_pupils(path) < all_pupils) is of_before, "of before: only those that were told since"


@pytest.mark.timeout(400)
def test_one_that_no_process_of_this_release_has_opened_is_brought_to_its_tables_when_gone_back_to(
    ledger: RunningLedger, view: View, tmp_path: Path
) -> None:
    lines, file = begun_by_an_earlier_release(ledger)
    path, more = ledger.data_dir.live_view, simulated(8, 300)
    done = ledger.run_inside("rebuild", "--wait", "6")
    assert done.returncode == 0, done.stderr
    assert b"not compared: " in done.stderr
    assert b"no live view runs: it is laid ready" in done.stderr
    view.start()
    until(lambda: not waits(ledger.data_dir))
    assert former_view(ledger.data_dir).stat().st_ino == file
    assert "coverage" in tables_of(former_view(ledger.data_dir)), "it is as it was left"
    asyncio.run(ledger.store(*more, desk="import"))
    assert_equal(ledger, lines + more, tmp_path)
    all_pupils = registered_pupils(path)
    done = ledger.run_inside("rebuild", "--back")
    assert done.returncode == 0, done.stderr
    assert path.stat().st_ino == file
    assert_equal(ledger, lines + more, tmp_path)
    assert registered_pupils(path) < all_pupils


@pytest.mark.timeout(400)
def test_on_postgresql_one_of_an_earlier_release_is_gone_back_to_and_one_of_a_later_is_refused(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url, lines, more = postgres.database(), simulated(7, 600), simulated(8, 300)
    with running_ledger(tmp_path / "system", database=url) as ledger:
        view = View(ledger)
        asyncio.run(ledger.store(*lines, desk="import"))
        view.start()
        try:
            view.moves(len(lines) - 1)
            assert ledger.run_inside("rebuild").returncode == 0
            with psycopg.connect(url) as asked:  # what an earlier release left
                asked.execute("DROP TABLE kindinbeeld_view_1.recorded")
                asked.execute("DELETE FROM kindinbeeld_view_1.migration WHERE number > 1")
            asyncio.run(ledger.store(*more, desk="import"))
            done = ledger.run_inside("rebuild", "--back")
            assert done.returncode == 0, done.stderr
            assert in_place(url) == 1
            assert_equal(ledger, lines + more, tmp_path)
            with psycopg.connect(url) as asked:
                asked.execute("INSERT INTO kindinbeeld_view_2.migration VALUES (99)")
            done = ledger.run_inside("rebuild", "--back")
            assert done.returncode == 3
            assert b"a later release has written the live view in this database" in done.stderr
            assert in_place(url) == 1
            assert_equal(ledger, lines + more, tmp_path)
        finally:
            view.stop()


def in_place(url: str) -> int | None:
    with connect(url) as connection:
        return current(connection)
