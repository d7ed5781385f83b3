"""The live view built anew beside the one that is there: complete or not at all, and taken over while people look."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from events import event_subject, parse_event
from projections.live.message import Source, Sources, take
from projections.live.reading import LiveReader
from projections.live.store import open_store
from projections.live.view import LiveView
from projections.tables import MEASURES
from services.system import DataDir, SystemRecord, SystemUnavailable
from services.view import rebuilding
from services.view.auditing import compare
from services.view.plain import NotPlainError, read_plainly
from services.view.rebuilding import rebuild
from services.view.switching import former_view, put_into_place, ready_view, working_directory
from tests.projections.live.test_registered import as_an_earlier_release_kept_it
from tests.projections.rebuild.test_rebuild import contents
from tests.support.lines import simulated
from tests.support.systems import RunningLedger


def told(step: str, done: int, of: int) -> None:
    assert 0 <= done <= of, step


def followed(ledger: RunningLedger, database: Path) -> Path:
    """A view that has followed the ledger by hand."""
    store = open_store(database)
    view = LiveView(store)
    entries = asyncio.run(ledger.stored())
    view.take([take(Source(at, stamped, subject.split(".")[2], raw)) for at, stamped, subject, raw in entries])
    view.write()
    store.datastore.close()
    return database


@pytest.fixture
def filled(ledger: RunningLedger) -> RunningLedger:
    """A ledger with a history on two desks, a message that is none, and copies."""
    lines = simulated(7, 600, 600)
    asyncio.run(ledger.store(*lines[:400], desk="import"))
    asyncio.run(ledger.store(*lines[300:], desk="school"))

    async def spoil() -> None:
        async with ledger.connected() as connection:
            js = connection.nc.jetstream()
            await js.publish("kib.events.school.contact-lost", b'{"not": "an event"')
            await js.publish(event_subject("school", parse_event(lines[0]).kind), lines[0], headers={"Some": "header"})

    asyncio.run(spoil())
    return ledger


@pytest.fixture
def view(filled: RunningLedger) -> Iterator[subprocess.Popen[bytes]]:
    """A view that has followed the ledger to its end."""
    process = start(filled)
    yield process
    process.terminate()
    assert process.wait(60) == 0


def start(ledger: RunningLedger, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "services.view", str(ledger.data_dir.path)]
    process = subprocess.Popen(command, env=os.environ | environment)
    caught_up(ledger)
    return process


def caught_up(ledger: RunningLedger) -> None:
    last = asyncio.run(ledger.stored())[-1][0]
    deadline = time.monotonic() + 180
    while position(ledger.data_dir.live_view) < last:
        assert time.monotonic() < deadline, "the view does not follow"
        time.sleep(0.02)


def position(database: Path) -> int:
    try:
        reader = LiveReader(database)
        try:
            return reader.position
        finally:
            reader.close()
    except sqlite3.OperationalError:
        return 0


def test_the_same_as_following_the_ledger(filled: RunningLedger, tmp_path: Path) -> None:
    assert rebuild(filled.data_dir, told, piece=150).position == 702
    assert not working_directory(filled.data_dir).exists()
    assert put_into_place(filled.data_dir)
    assert not put_into_place(filled.data_dir)
    assert contents(filled.data_dir.live_view) == contents(followed(filled, tmp_path / "followed.sqlite"))


def test_a_running_view_takes_it_over_and_goes_on_while_a_reader_looks(
    filled: RunningLedger, view: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    path = filled.data_dir.live_view
    reader = LiveReader(path)
    k = reader.recorded_until
    tables = {table: list(reader.tables(k).rows(table)) for table in MEASURES}
    file = path.stat().st_ino
    done = filled.run("rebuild")
    assert done.returncode == 0, done.stderr
    assert b"cells with the view in place: none differ" in done.stderr
    assert b"the new view is in place" in done.stderr
    assert path.stat().st_ino != file
    assert {table: list(reader.tables(k).rows(table)) for table in MEASURES} == tables
    more = simulated(8, 300)
    asyncio.run(filled.store(*more))
    caught_up(filled)
    assert reader.refresh()
    assert reader.position == 702 + len(more)
    reader.close()
    done = filled.run("rebuild", "--back")
    assert done.returncode == 0, done.stderr
    assert b"of before is in place" in done.stderr
    assert path.stat().st_ino == file
    caught_up(filled)
    assert view.poll() is None, "the view is the same process"
    assert compare(filled.data_dir, filled.record, patience=180).differences == []
    assert contents(path) == contents(followed(filled, tmp_path / "followed.sqlite"))


def damage(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        changed = connection.execute(
            "UPDATE flow SET n = n + 1 WHERE rowid = (SELECT min(rowid) FROM flow WHERE n > 0)"
        )
        assert changed.rowcount == 1


def test_a_view_that_was_wrong_gives_way_to_one_that_the_replay_finds_right(filled: RunningLedger) -> None:
    damage(followed(filled, filled.data_dir.live_view))
    done = filled.run_inside("rebuild", "--wait", "0")
    assert done.returncode == 0, done.stderr
    assert re.search(rb"compared \d+ cells with the view in place: [1-9]\d* differ", done.stderr)
    assert b"the replay of the ledger agrees with the new view" in done.stderr
    assert ready_view(filled.data_dir).exists()
    assert put_into_place(filled.data_dir)
    assert compare(filled.data_dir, filled.record, patience=0).differences == []
    # The wrong one is there for a day, for whoever wants to know.
    assert filled.run_inside("rebuild", "--back", "--wait", "0").returncode == 0
    assert put_into_place(filled.data_dir)
    assert compare(filled.data_dir, filled.record, patience=0).differences
    aged = time.time() - 2 * 86_400
    os.utime(former_view(filled.data_dir), (aged, aged))
    assert not put_into_place(filled.data_dir)
    done = filled.run_inside("rebuild", "--back")
    assert done.returncode == 3
    assert b"no view to go back to" in done.stderr


def test_a_new_view_that_is_wrong_is_not_put_into_place(filled: RunningLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    followed(filled, filled.data_dir.live_view)
    build = rebuilding._build

    def wrong(data_dir: DataDir, directory: Path, database: Path, *rest: Any, **more: Any) -> int:
        position = build(data_dir, directory, database, *rest, **more)
        damage(database)
        return position

    monkeypatch.setattr(rebuilding, "_build", wrong)
    compared = rebuild(filled.data_dir, told).compared
    assert compared is not None
    assert compared.replay is not None
    assert not compared.sound
    assert not ready_view(filled.data_dir).exists()


def test_what_came_while_it_was_built_is_in_it_before_it_takes_over(
    filled: RunningLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = rebuilding._build

    def slow(*given: Any, **more: Any) -> int:
        position = build(*given, **more)
        asyncio.run(filled.store(*simulated(8, 200)))
        followed(filled, filled.data_dir.live_view)
        return position

    monkeypatch.setattr(rebuilding, "_build", slow)
    built = rebuild(filled.data_dir, told)
    assert built.position == 702
    assert built.compared is not None
    assert built.compared.views.differences == []
    assert position(ready_view(filled.data_dir)) == built.compared.views.position > 850
    assert contents(ready_view(filled.data_dir)) == contents(followed(filled, tmp_path / "followed.sqlite"))


def test_an_empty_view_builds_itself_when_the_ledger_is_long(filled: RunningLedger, tmp_path: Path) -> None:
    process = start(filled, KINDINBEELD_REBUILD_FROM="100")
    reader = sqlite3.connect(filled.data_dir.live_view)
    assert reader.execute("SELECT count(*) FROM change").fetchone() == (0,), "it was built, not followed"
    reader.close()
    asyncio.run(filled.store(*simulated(8, 100)))
    caught_up(filled)  # it has begun to follow
    process.terminate()
    assert process.wait(60) == 0
    assert contents(filled.data_dir.live_view) == contents(followed(filled, tmp_path / "followed.sqlite"))


def test_a_view_with_more_ahead_than_behind_builds_itself_anew(filled: RunningLedger, tmp_path: Path) -> None:
    store = open_store(filled.data_dir.live_view)
    early = LiveView(store)
    entries = asyncio.run(filled.stored())[:300]
    early.take([take(Source(at, stamped, subject.split(".")[2], raw)) for at, stamped, subject, raw in entries])
    early.write()
    store.datastore.close()
    file = filled.data_dir.live_view.stat().st_ino
    process = start(filled, KINDINBEELD_REBUILD_FROM="400")
    process.terminate()
    assert process.wait(60) in (0, -signal.SIGTERM)  # it may just have begun anew on the new view
    assert filled.data_dir.live_view.stat().st_ino != file, "402 ahead, 300 behind"
    built = filled.data_dir.live_view.stat().st_ino
    asyncio.run(filled.store(*simulated(8, 500)))
    process = start(filled, KINDINBEELD_REBUILD_FROM="400")
    process.terminate()
    assert process.wait(60) in (0, -signal.SIGTERM)  # it may just have begun anew on the new view
    assert filled.data_dir.live_view.stat().st_ino == built, "500 ahead, 702 behind: it follows"
    assert contents(filled.data_dir.live_view) == contents(followed(filled, tmp_path / "followed.sqlite"))


def test_a_view_that_lacks_what_an_earlier_release_did_not_keep_is_built_anew_beside_itself(
    filled: RunningLedger, tmp_path: Path
) -> None:
    path = followed(filled, filled.data_dir.live_view)
    whole = contents(path)
    as_an_earlier_release_kept_it(path)
    file = path.stat().st_ino
    process = start(filled)
    deadline = time.monotonic() + 180
    while path.stat().st_ino == file:
        assert time.monotonic() < deadline, "it was not built anew"
        assert process.poll() is None
        time.sleep(0.05)
    asyncio.run(filled.store(*simulated(8, 100)))
    caught_up(filled)
    process.terminate()
    assert process.wait(60) == 0
    assert contents(path) == contents(followed(filled, tmp_path / "followed.sqlite"))
    assert contents(path) != whole


def kill_once_there_is(ledger: RunningLedger, pattern: str) -> None:
    """Build, and be killed as soon as there is such a file."""
    building = subprocess.Popen([sys.executable, "-m", "services.view.rebuilding", str(ledger.data_dir.path)])
    deadline = time.monotonic() + 180
    while not any(working_directory(ledger.data_dir).glob(pattern)):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    building.send_signal(signal.SIGKILL)
    assert building.wait() == -signal.SIGKILL


def test_killed_on_the_way_it_leaves_the_old_view_and_begins_again(filled: RunningLedger, tmp_path: Path) -> None:
    old = followed(filled, filled.data_dir.live_view).read_bytes()
    kill_once_there_is(filled, "*.parquet")
    assert not ready_view(filled.data_dir).exists()
    assert not put_into_place(filled.data_dir)
    assert filled.data_dir.live_view.read_bytes() == old
    rebuild(filled.data_dir, told)
    assert not working_directory(filled.data_dir).exists()
    assert put_into_place(filled.data_dir)
    assert contents(filled.data_dir.live_view) == contents(followed(filled, tmp_path / "followed.sqlite"))


def test_reading_plainly_is_reading_the_ledger(filled: RunningLedger) -> None:
    stored = [Source(at, when, subject.split(".")[2], raw) for at, when, subject, raw in asyncio.run(filled.stored())]
    for first, last in ((1, 702), (17, 500), (702, 702), (703, 900)):
        read = [piece[at] for piece in read_plainly(filled.record, first, last) for at in range(len(piece))]
        assert read == stored[first - 1 : last]


@pytest.mark.parametrize("scheme", ["tls", "ws"])
def test_what_is_not_plain_is_not_tried(filled: RunningLedger, scheme: str) -> None:
    address = replace(filled.record.nats, url=filled.record.nats.url.replace("nats:", f"{scheme}:"))
    with pytest.raises(NotPlainError):
        next(read_plainly(replace(filled.record, nats=address), 1, 10))


@pytest.mark.parametrize("error", [NotPlainError, OSError, ValueError])
def test_the_library_reads_what_is_left(
    filled: RunningLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def interrupted(record: SystemRecord, first: int, last: int) -> Iterator[Sources]:
        yield from read_plainly(record, first, 300)
        raise error

    monkeypatch.setattr(rebuilding, "read_plainly", interrupted)
    assert rebuilding._read(filled.data_dir.path, tmp_path, 1, 702) == 702
    read = pq.read_table(tmp_path / "1.events.parquet", columns=["position"]).column(0).to_pylist()
    assert sorted(read) == [at for at in range(1, 703) if at != 701]


def test_of_an_empty_ledger_nothing_is_built(ledger: RunningLedger) -> None:
    with pytest.raises(SystemUnavailable):
        rebuild(ledger.data_dir, told)
    assert not ready_view(ledger.data_dir).exists()
