"""The same where desks and live view are in PostgreSQL: one of the organisation's, one of the system's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.system import DataDir, find_system
from tests.services.erasure.test_erase import CHILD, REPORT, SIBLING, SOURCE
from tests.services.erasure.test_erase_system import REFUSED, SETTINGS, ended, give, known, running, there
from tests.support.postgres import PostgresServer
from tests.support.reports import lost, report
from tests.support.systems import COMMAND
from tests.support.whole import Whole, fetch, until, whole

NAMES = (CHILD, REPORT, "geweigerd-1")
BY_DESK = (
    report(f"{REPORT}-desk", source=SOURCE, pupil=CHILD, household="gezin-van-deze-twee-1"),
    report("s2", source=SOURCE, pupil=SIBLING),
    lost(1),
)


def begun(
    place: Path, settings: Mapping[str, str], *arguments: str, whom: str | None = None
) -> subprocess.Popen[bytes]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KINDINBEELD_")}
    process = subprocess.Popen(
        [str(COMMAND), *arguments, "--data-dir", str(place)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=kept | dict(settings),
        start_new_session=True,
    )
    assert process.stdin is not None
    process.stdin.write((whom or "").encode())
    process.stdin.close()
    process.stdin = None
    return process


def erase(
    place: Path, settings: Mapping[str, str], *arguments: str, whom: str | None = None
) -> subprocess.CompletedProcess[bytes]:
    process = begun(place, settings, "erase", *arguments, whom=whom)
    out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def in_tables(url: str, names: Sequence[str] = NAMES) -> list[str]:
    """Which of these names stand in a database, whatever the table."""
    with psycopg.connect(url, autocommit=True) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname LIKE 'kindinbeeld%'"
        ).fetchall()
        found = b""
        for (table,) in tables:
            with connection.cursor().copy(f"COPY {table} TO STDOUT (FORMAT BINARY)".encode()) as copy:
                found += b"".join(map(bytes, copy))
    return [name for name in names if name.encode() in found]


def log_of(url: str) -> list[tuple[Any, ...]]:
    """The desk's log, and the next position."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT notification_id, originator_version, topic FROM kindinbeeld_school.stored_events ORDER BY 1"
        ).fetchall()
        return [
            *found,
            *connection.execute(
                "SELECT last_value FROM kindinbeeld_school.stored_events_notification_id_seq"
            ).fetchall(),
        ]


@contextmanager
def reading(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody who reads a desk's table in a transaction: it cannot be dropped meanwhile."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT count(*) FROM kindinbeeld_school.stored_events")
        yield connection
        connection.rollback()


def filled(system: Whole, desk: str, tmp_path: Path) -> list[bytes]:
    """A history, and what the desk takes in and refuses; give the tables."""
    file = tmp_path / "history.ndjson"
    file.write_text("".join(json.dumps(each) + "\n" for each in ended()))
    assert system.run("import", file).returncode == 0
    file.unlink()
    assert [each["fate"] for each in give(desk, REFUSED, *BY_DESK)] == ["rejected", *["accepted"] * 3]
    until(lambda: fetch(f"{desk}health")["backlog"] == 0)
    return known(system)


@pytest.mark.timeout(400)
def test_a_system_with_its_tables_in_postgresql_forgets_a_pupil(postgres: PostgresServer, tmp_path: Path) -> None:
    place, url = tmp_path / "system", postgres.database()
    settings = SETTINGS | {"KINDINBEELD_DATABASE": url}
    with running(place, settings) as (system, desk):
        before = filled(system, desk, tmp_path)
    assert in_tables(url) == list(NAMES)
    log = log_of(url)
    with psycopg.connect(url, application_name="kindinbeeld"):  # a desk somewhere else
        refused = erase(place, settings, "--pupils", "-", "--yes", whom=CHILD)
    assert (refused.returncode, b"connected to the database" in refused.stderr) == (3, True), refused.stderr

    # Killed after the one moment, before anything was put over.
    with reading(url):
        killed = begun(place, settings, "erase", "--pupils", "-", "--yes", whom=CHILD)
        until((place / "erasing" / "ready").exists)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.communicate()
    assert log_of(url) == log
    starting = begun(place, settings, "desk", "school", "--port", "0")
    assert b"erase --finish" in starting.communicate(timeout=60)[1]
    other = SETTINGS | {"KINDINBEELD_DATABASE": postgres.database()}
    for wrong, words in ((other, b"another database"), (SETTINGS, b"KINDINBEELD_DATABASE does not name")):
        done = erase(place, wrong, "--finish")
        assert (done.returncode, words in done.stderr) == (3, True), done.stderr
    done = erase(place, settings, "--finish")
    assert done.returncode == 0, done.stderr
    assert b"the database rewrote its statistics, wrote a checkpoint" in done.stderr
    assert (in_tables(url), there(place)) == ([], [])
    assert not list(place.glob("erasing*"))
    # Every position is as it was; what was refused is left out, and its position is not given to another.
    assert log_of(url) == [each for each in log if "Refused" not in str(each)]

    # Once more, nothing being left to do, with all that the proof says.
    proof = tmp_path / "proof.json"
    done = erase(place, settings, "--pupils", "-", "--yes", "--proof", str(proof), whom=CHILD)
    assert done.returncode == 0, done.stderr
    proved = json.loads(proof.read_text())
    assert (proved["holds"], proved["tables_left"], proved["events_rewritten"]) == (True, [], 0)
    assert proved["tables_searched"] > 5

    with running(place, settings) as (system, desk):
        until(lambda: system.run("audit").returncode == 0)
        assert known(system) == before
        assert [each["fate"] for each in give(desk, *BY_DESK[1:], lost(2))] == ["known", "known", "accepted"]
        until(lambda: fetch(f"{desk}health")["backlog"] == 0)
        assert in_tables(url) == []
    everyone = erase(place, settings, "--everyone", "--yes")
    assert everyone.returncode == 0, everyone.stderr
    assert in_tables(url, (SIBLING, "lost-1", "lost-2")) == []


@pytest.mark.timeout(400)
def test_a_system_with_a_postgresql_of_its_own_forgets_a_pupil(tmp_path: Path) -> None:
    place = tmp_path / "system"
    up = ("up", "--port", "0", "--postgres")
    with whole(place, *up, settings=SETTINGS) as system:
        system.ready()
        before = filled(system, f"{find_system(DataDir(place)).desks['school'].rstrip('/')}/", tmp_path)
        assert system.stop() == 0
    assert there(place) == list(NAMES)
    password = (place / "postgres" / "password").read_text()
    due = erase(place, {"KINDINBEELD_RETENTION_DAYS": "30"}, "--due")
    assert b"due since 2020-07-01" in due.stderr, due.stderr
    # Killed somewhere on the way: its servers may have outlived it.
    killed = begun(place, {}, "erase", "--pupils", "-", "--yes", whom=CHILD)
    until((place / "erasing" / "system" / "postgres" / "data").exists)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert there(place) == list(NAMES)
    proof = tmp_path / "proof.json"
    done = erase(place, {}, "--pupils", "-", "--yes", "--proof", str(proof), whom=CHILD)
    assert done.returncode == 0, done.stderr
    proved = json.loads(proof.read_text())
    assert (proved["holds"], proved["files_left"], proved["tables_left"]) == (True, [], [])
    assert (proved["facts_of_desks"], proved["events_rewritten"]) == (2, 7)
    assert there(place) == []
    assert (place / "postgres" / "password").read_text() == password
    with whole(place, *up, settings=SETTINGS) as system:
        system.ready()
        until(lambda: system.run("audit").returncode == 0)
        assert known(system) == before
        desk = f"{find_system(DataDir(place)).desks['school'].rstrip('/')}/"
        assert [each["fate"] for each in give(desk, *BY_DESK[1:])] == ["known", "known"]
        assert system.stop() == 0
    assert there(place) == []
