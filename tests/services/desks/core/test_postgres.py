"""Desks on a PostgreSQL that is killed, away or held up: nothing accepted is lost, and everyone is told."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from random import Random

import psycopg
import pytest

from services.desks.answers import DeskUnavailable, Fate
from services.desks.desk import Desk
from services.desks.store import StoreTrouble
from services.system import Settings, WrongUsage
from tests.services.desks.core.test_process import BIN, answers, give
from tests.support.cluster import free_ports
from tests.support.desks import DeskProcess, Sender, assert_all_there_once, desks, fetch_ready, level, load, post
from tests.support.postgres import PostgresServer
from tests.support.proxy import wire
from tests.support.reports import SOURCE, lost, now, visited
from tests.support.systems import COMMAND, RunningLedger
from tests.support.whole import fetch, until

VARIABLE = "KINDINBEELD_DESK_DATABASE"
AWAY = "the database of the desk cannot be reached"


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[PostgresServer]:
    """The server, with nothing of a desk in it, and running again afterwards."""
    postgres.empty()
    yield postgres
    postgres.stop()
    postgres.start()


def under_load(desk: DeskProcess, number: int) -> tuple[Sender, threading.Thread]:
    sender = Sender(desk, load(desk.name, number), times=2)
    thread = threading.Thread(target=sender.run)
    thread.start()
    return sender, thread


def assert_nothing_personal(ledger: RunningLedger, database: PostgresServer) -> None:
    for log in ledger.data_dir.path.parent.glob("*.log"):
        text = log.read_text()
        assert "pupil-" not in text
        assert "Traceback" not in text
        assert database.password not in text


def test_desks_killed_under_load_share_one_database(ledger: RunningLedger, database: PostgresServer) -> None:
    random = Random(3)
    with desks(ledger, "school", "wij", settings={VARIABLE: database.url}) as both:
        until(lambda: all(level(desk) for desk in both))
        loads = [under_load(desk, 60) for desk in both]
        for _ in range(5):
            time.sleep(random.random() * 0.5)
            killed = random.choice(both)
            killed.kill()
            killed.start()
        for _, thread in loads:
            thread.join(120)
            assert not thread.is_alive()
        until(lambda: all(level(desk) for desk in both), patience=180)
    assert_all_there_once(asyncio.run(ledger.stored()), [sender for sender, _ in loads])
    assert_nothing_personal(ledger, database)
    assert not list(ledger.data_dir.desks.glob("*.sqlite"))


def test_the_server_stopped_and_crashed_under_load(ledger: RunningLedger, database: PostgresServer) -> None:
    random = Random(4)
    with desks(ledger, "school", settings={VARIABLE: database.url}) as (school,):
        until(lambda: level(school))
        sender, thread = under_load(school, 120)
        for round in range(4):
            time.sleep(0.3 + random.random() * 0.5)
            (database.crash if round % 2 else database.stop)()
            time.sleep(random.random() * 0.3)
            database.start()
        thread.join(120)
        assert not thread.is_alive()
        # Away for longer it says so, also to who only asks, and is there again by itself.
        database.stop()
        until(lambda: not fetch_ready(school))
        until(lambda: fetch(f"{school.url}health")["reason"] == AWAY)
        status, problem = post(school, lost(100_000))
        assert (status, problem["detail"]) == (503, f"Nothing of this was taken in: {AWAY}.")
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetch(f"{school.url}v1/events?source={SOURCE}")
        assert refused.value.code == 503
        assert AWAY in json.load(refused.value)["detail"]
        database.start()
        until(lambda: fetch_ready(school))
        until(lambda: level(school), patience=180)
    assert_all_there_once(asyncio.run(ledger.stored()), [sender])
    assert_nothing_personal(ledger, database)


@pytest.mark.parametrize("way", ["kindinbeeld", "faststream"])
def test_started_while_the_server_is_away(tmp_path: Path, way: str) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KINDINBEELD_")}
    environment |= {
        "KINDINBEELD_DATA_DIR": str(tmp_path),
        VARIABLE: f"postgresql://me:geheim@127.0.0.1:{free_ports(1)[0]}/x",
    }
    port = str(free_ports(1)[0])
    command: dict[str, list[str | Path]] = {
        "kindinbeeld": [COMMAND, "desk", "school", "--port", "0"],
        "faststream": [BIN / "faststream", "run", "services.school:app", "--port", port],
    }
    done = subprocess.run(list(map(str, command[way])), capture_output=True, env=environment, timeout=60)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 3
    assert f"the desk school has no store: {AWAY}" in said
    assert "Traceback" not in said
    assert "geheim" not in said


@pytest.mark.parametrize("way", ["faststream", "kindinbeeld"])
def test_the_setting_is_all_it_takes(database: PostgresServer, tmp_path: Path, way: str) -> None:
    port = free_ports(1)[0]
    url = f"http://127.0.0.1:{port}/"
    command: dict[str, list[str | Path]] = {
        "faststream": [BIN / "faststream", "run", "services.wij:app", "--port", str(port)],
        "kindinbeeld": [COMMAND, "desk", "wij", "--port", str(port)],
    }
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KINDINBEELD_")}
    environment["KINDINBEELD_DATA_DIR"] = str(tmp_path / "system")
    # The password from where libpq looks for it.
    environment |= {VARIABLE: database.url.replace(f":{database.password}@", "@"), "PGPASSWORD": database.password}
    with subprocess.Popen(list(map(str, command[way])), stdout=-3, stderr=-3, env=environment) as process:
        try:
            until(lambda: answers(url))
            assert give(url, visited("visit"))[0] == 201
        finally:
            process.terminate()
    topics = database.execute("SELECT topic FROM kindinbeeld_wij.stored_events ORDER BY notification_id")
    assert topics == [("kindinbeeld.desk:ReportAccepted",)] * 2


async def test_a_commit_waits_for_the_disk_whatever_the_server_says(postgres: PostgresServer) -> None:
    postgres.execute("ALTER ROLE desks SET synchronous_commit = off")
    try:
        with (
            Desk("school", postgres.environment("commits"), now) as desk,
            desk.store.recorder.datastore.get_connection() as connection,  # type: ignore[attr-defined]
        ):
            assert connection.execute("SHOW synchronous_commit").fetchone() == {"synchronous_commit": "on"}
    finally:
        postgres.execute("ALTER ROLE desks RESET synchronous_commit")


async def test_positions_rise_in_the_order_of_commits_over_gaps(postgres: PostgresServer) -> None:
    store = postgres.environment("gaps")
    with Desk("school", store, now) as one, Desk("school", store, now) as other:
        seen: list[int] = []
        stopped = threading.Event()

        def follow() -> None:
            while not stopped.is_set():
                seen.extend(each.position for each in one.store.outgoing(*_after(seen))[0])

        reader = threading.Thread(target=follow)
        reader.start()
        for number in range(100):
            both = [desk.accept([lost(number), lost(number + 1000)]) for desk in (one, other)]
            await asyncio.gather(*both)  # the one that is second is undone, which leaves a gap
        await asyncio.sleep(0.1)
        stopped.set()
        reader.join()
        assert len(seen) == 200
        assert seen == sorted(seen)


def _after(seen: list[int]) -> tuple[str, int]:
    return "kindinbeeld.desk:ReportAccepted", seen[-1] if seen else 0


async def test_a_source_of_any_text_is_kept(postgres: PostgresServer) -> None:
    with Desk("school", postgres.environment("texts"), now) as desk:
        sources = ["a\0b", "x" * 100_000]
        await desk.accept([json.dumps({"source": source}).encode() for source in sources])
        assert [[each.source for each in desk.reports(source)] for source in sources] == [[each] for each in sources]


async def test_another_that_holds_the_store_is_named(postgres: PostgresServer) -> None:
    store = postgres.environment("held")
    with Desk("school", store, now) as desk, psycopg.connect(postgres.url) as other:
        await desk.accept([lost(1)])
        other.execute(f"LOCK TABLE {store['POSTGRES_SCHEMA']}.stored_events IN SHARE MODE".encode())
        with pytest.raises(DeskUnavailable, match="held by another program") as refused:
            await desk.accept([lost(2)])
        assert not refused.value.unsure
        other.rollback()
        assert [answer.fate for answer in await desk.accept([lost(1), lost(2)])] == [Fate.KNOWN, Fate.ACCEPTED]
        assert desk.problem is None


async def test_who_may_not_come_in_is_told(postgres: PostgresServer) -> None:
    for url, reason in (
        (postgres.url.replace(postgres.password, "another"), "does not let the desk in"),
        (postgres.url.replace("/postgres", "/nothing"), "does not exist"),
    ):
        with pytest.raises(StoreTrouble, match=reason):
            Desk("school", {**postgres.environment("closed"), "POSTGRES_URL": url}, now).start()


async def test_a_commit_whose_answer_was_lost_is_looked_up(postgres: PostgresServer) -> None:
    """The server commits and the connection breaks before it says so: the desk asks again, and knows what is stored."""
    with wire(postgres.port) as between:
        url = postgres.url.replace(f":{postgres.port}/", f":{between.port}/")
        with Desk("school", {**postgres.environment("lost"), "POSTGRES_URL": url}, now) as desk:
            between.cut_at = b"COMMIT"
            assert [answer.fate for answer in await desk.accept([lost(1), lost(2)])] == [Fate.KNOWN] * 2
            assert len(desk.reports(SOURCE)) == 2
            # Where it cannot ask soon it says that it does not know; and counts and carries them when it can.
            until(lambda: desk.backlog == 2)
            woken = threading.Event()
            desk.on_stored = lambda accepted, refused, resolved: woken.set()
            between.cut_at, between.stays_broken = b"COMMIT", True
            with pytest.raises(DeskUnavailable, match=AWAY) as trouble:
                await desk.accept([lost(3)])
            assert trouble.value.unsure
            between.broken = False
            until(lambda: desk.backlog == 3 and desk.problem is None)
            assert woken.is_set()


@pytest.mark.parametrize("value", ["mysql://me:geheim@host/x", "geheim", "postgresql://me:geheim@host:x:y/%zz"])
def test_a_setting_that_cannot_be_used_is_not_shown(value: str) -> None:
    with pytest.raises(WrongUsage, match=f"{VARIABLE}: must be an address of a PostgreSQL database") as refused:
        Settings.from_environment({VARIABLE: value})
    assert "geheim" not in str(refused.value)
    assert "geheim" not in repr(Settings(desk_database="postgresql://me:geheim@host/x"))
