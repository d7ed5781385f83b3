"""The live view on PostgreSQL: what its tests say of SQLite, said again with few examples on a real server."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
from eventsourcing.persistence import PersistenceError
from hypothesis import given, settings
from hypothesis import strategies as st

import deploy.postgres_server
from projections.live.database import ViewAwayError
from projections.live.store import open_any_store
from tests.projections.evaluation.histories import COUNTED, COVERED, line
from tests.projections.evaluation.oracle import Oracle, Said
from tests.projections.live import test_definition, test_moment, test_registered
from tests.projections.live.again import said, told_beside_the_tables
from tests.support.live import FedView, fed_view, messages_of, views_on
from tests.support.postgres import PostgresServer

FEW = settings(max_examples=3, deadline=None)
SEEDS = st.integers(0, 2**32)


@pytest.fixture(autouse=True, scope="module")
def on_postgres(postgres: PostgresServer) -> Iterator[None]:
    with views_on(postgres):
        yield


@pytest.mark.parametrize(("table", "kinds"), [("counts", COUNTED), ("coverage", COVERED)])
@FEW
@given(SEEDS)
def test_as_the_oracle_in_any_order(table: str, kinds: list[str], seed: int) -> None:
    said(test_definition.test_as_the_oracle_in_any_order_any_number_of_times_and_any_pieces)(table, kinds, seed)


@FEW
@given(SEEDS, st.data())
def test_what_was_written_before_a_crash_is_counted_once(seed: int, data: st.DataObject) -> None:
    said(test_definition.test_what_was_written_before_a_crash_is_counted_once)(seed, data)


@FEW
@given(SEEDS)
def test_a_reader_that_follows_sees_what_a_new_one_sees(seed: int) -> None:
    said(test_definition.test_a_reader_that_follows_sees_what_a_new_one_sees)(seed)
    said(test_registered.test_a_reader_that_follows_sees_what_a_new_one_sees)(seed)


@settings(max_examples=1, deadline=None)
@given(SEEDS)
def test_what_is_told_beside_the_tables(seed: int) -> None:
    told_beside_the_tables(seed)


def test_a_late_report_a_retraction_a_move_and_a_closure_made_shorter() -> None:
    test_moment.test_a_late_report_a_retraction_a_move_and_a_closure_made_shorter()


def test_a_closure_may_be_called_what_postgresql_cannot_hold() -> None:
    opened = test_definition.instant_of(2020, 5, 4)
    names = ["one\0two", "one\x01two", "one\x010two", "é\x011"]
    events = [
        replace(test_definition.announced(name, date(2020, 5, 4 + at), date(2020, 5, 10), opened + at), id=f"c{at}")
        for at, name in enumerate(names)
    ]
    with fed_view() as fed:
        fed.feed(messages_of(line(event).encode() for event in events), [1])
        fed.restart()
        fed.feed(messages_of([line(events[0]).encode()], len(events)), [1])
        assert [closure.name for closure in fed.reader.closures()] == names


def test_only_one_writes_and_a_second_waits() -> None:
    with fed_view() as fed, ThreadPoolExecutor(1) as pool:
        second = pool.submit(open_any_store, fed.place)
        events = test_definition.announced("one", date(2020, 5, 4), date(2020, 5, 10), 5)
        fed.feed(messages_of([line(events).encode()]), [1])
        assert not second.done()
        fed.store.datastore.close()
        store = second.result(60)
        assert store.position == 1
        store.datastore.close()


def shown_by(fed: FedView, k: int) -> str:
    """What its reader shows, as soon as it is there again."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return fed.csv("counts", k)
        except ViewAwayError:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_while_the_server_is_away_a_reader_says_so_and_then_goes_on(tmp_path: Path) -> None:
    """Commits of the last moment before a crash may be gone, and are taken in again: nothing is shown twice."""
    server = deploy.postgres_server.PostgresServer(tmp_path)
    url = server.start()
    opened = test_definition.instant_of(2020, 5, 4)
    said = [test_definition.announced("one", date(2020, 5, 4), date(2020, 5, 10), opened)]
    for n in (1, 2, 3):
        lost = test_definition.contact(f"pupil--{n}") | {"municipality": "GM0014"}
        said.append(Said(test_definition.SOURCE, f"lost-{n}", "contact-lost", opened + n, opened + n, lost))
    messages = messages_of(line(event).encode() for event in said)
    k = opened + 9
    try:
        with psycopg.connect(url, autocommit=True) as server_settings:
            server_settings.execute("ALTER SYSTEM SET wal_writer_delay = '10s'")  # so that the last commits are lost
            server_settings.execute("SELECT pg_reload_conf()")
        fed = FedView(url)
        fed.feed(messages[:3], [1])
        assert fed.csv("counts", k) == Oracle(said[:3], k).counts()
        os.kill(server.pid or 0, signal.SIGQUIT)
        while server.pid:
            time.sleep(0.01)
        with pytest.raises(ViewAwayError) as away:
            fed.reader.refresh()
        with pytest.raises(PersistenceError) as cut_off:
            fed.feed(messages[3:], [1])
        for told in (away, cut_off):
            assert url.split(":")[2].partition("@")[0] not in str(told.value)
            assert "pupil" not in str(told.value)
        assert server.start() == url, "on its port again"
        fed.restart()
        assert fed.view.position < 3
        assert shown_by(fed, k) == Oracle(said[: fed.view.position], k).counts()
        fed.feed(messages, [2])
        assert shown_by(fed, k) == Oracle(said, k).counts()
        fed.close()
    finally:
        server.stop()
