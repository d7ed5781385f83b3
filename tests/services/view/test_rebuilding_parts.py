"""The parts of the live view built anew beside those in place, which workers go on with and readers look at."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from events import part_of
from projections.live.message import Source, take
from projections.parts import in_place, part_names
from projections.parts.gate import Gate
from projections.parts.placing import placed
from services.system import DataDir, SystemUnavailable
from services.view import rebuilding
from services.view.auditing import compare
from services.view.bringing import bring
from services.view.rebuilding import rebuild
from services.view.switching import go_back, put_into_place, waits, working_directory
from tests.projections.rebuild.test_rebuild import contents
from tests.services.view.test_faults import pouring
from tests.services.view.test_rebuilding import damage, kill_once_there_is, told
from tests.services.view.test_workers import Workers
from tests.support.lines import simulated
from tests.support.live import Parts
from tests.support.looking import Looking
from tests.support.systems import RunningLedger, running_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    """A ledger with a history, of which several workers keep the view."""
    with running_ledger(tmp_path / "system", workers=2) as running:
        asyncio.run(running.store(*simulated(7, 600, 600), desk="import"))
        yield running


@pytest.fixture
def workers(ledger: RunningLedger) -> Iterator[Workers]:
    """Two of them, level with the ledger."""
    running = Workers(ledger)
    for number in (1, 2):
        running.start(number, 2)
    level(ledger)
    yield running
    for process in running.running.values():
        process.kill()
        process.wait()


def level(ledger: RunningLedger) -> None:
    assert compare(ledger.data_dir, ledger.record, patience=180).differences == []


def kept(ledger: RunningLedger) -> Path:
    """Parts that have followed the ledger, and no worker that runs."""
    followed(ledger, ledger.data_dir.view_parts)
    return ledger.data_dir.view_parts


def followed(ledger: RunningLedger, directory: Path) -> Path:
    parts = Parts(directory, part_of)
    stored = asyncio.run(ledger.stored())
    parts.take([take(Source(at, stamped, subject.split(".")[2], raw)) for at, stamped, subject, raw in stored])
    parts.write()
    parts.close()
    return directory


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in part_names(directory)}


def test_built_and_taken_over_and_gone_back_to_under_load_while_others_look(
    ledger: RunningLedger, workers: Workers
) -> None:
    directory = ledger.data_dir.view_parts
    processes = dict(workers.running)
    look = Looking(directory)
    more = simulated(8, 2_000)
    with pouring(ledger, more, a_second=150), look.looking():
        done = ledger.run_inside("rebuild")
        assert done.returncode == 0, done.stderr
        assert b"cells with the view in place: none differ" in done.stderr
        assert b"the new view is in place" in done.stderr
        assert placed(directory) == (1, 0)
        done = ledger.run_inside("rebuild", "--back")
        assert done.returncode == 0, done.stderr
        assert placed(directory) == (0, 1)
        done = ledger.run_inside("rebuild", "--back")
        assert done.returncode == 0, done.stderr
        assert placed(directory) == (1, 0)
    assert look.errors == []
    assert look.went_back == [], "no position that was seen is left behind"
    assert look.looks > 20
    level(ledger)
    assert workers.running == processes
    assert all(process.poll() is None for process in processes.values()), "they are the same"
    of_before = files(directory)
    asyncio.run(ledger.store(*simulated(9, 100)))
    level(ledger)
    assert files(directory) == of_before, "nobody writes to those of before"


def test_wrong_parts_give_way_to_what_the_replay_finds_right(ledger: RunningLedger) -> None:
    directory = kept(ledger)
    damage(part_names(directory)[0])
    done = ledger.run_inside("rebuild")
    assert done.returncode == 0, done.stderr
    assert b"the replay of the ledger agrees with the new view" in done.stderr
    assert not waits(ledger.data_dir)
    level(ledger)
    go_back(ledger.data_dir, told)
    assert compare(ledger.data_dir, ledger.record, patience=0).differences, "the wrong ones are there for a day"
    aged = time.time() - 2 * 86_400
    os.utime(directory / "in-place", (aged, aged))
    assert not put_into_place(ledger.data_dir)
    assert [path.name for path in directory.iterdir() if path.is_dir()] == []
    done = ledger.run_inside("rebuild", "--back")
    assert done.returncode == 3
    assert b"no view to go back to" in done.stderr


def test_those_of_before_go_after_a_day_though_they_lie_in_the_directory_itself(ledger: RunningLedger) -> None:
    directory = kept(ledger)
    rebuild(ledger.data_dir, told)
    aged = time.time() - 2 * 86_400
    os.utime(directory / "in-place", (aged, aged))
    put_into_place(ledger.data_dir)
    assert not [path for path in part_names(directory) if path.exists()]
    level(ledger)


def test_new_parts_that_are_wrong_are_not_put_into_place(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = kept(ledger)
    build = rebuilding._build

    def wrong(data_dir: DataDir, place: Path, built: Path, *rest: Any, **more: Any) -> int:
        position = build(data_dir, place, built, *rest, **more)
        damage(part_names(built)[2])
        return position

    monkeypatch.setattr(rebuilding, "_build", wrong)
    compared = rebuild(ledger.data_dir, told).compared
    assert compared is not None
    assert not compared.sound
    assert placed(directory) == (0, None)
    assert in_place(directory) == directory


def test_killed_on_the_way_it_leaves_those_in_place_and_begins_again(ledger: RunningLedger, tmp_path: Path) -> None:
    directory = kept(ledger)
    before = files(directory)
    kill_once_there_is(ledger, "part-*/*.parquet")
    assert files(directory) == before
    (directory / "7").mkdir()  # as one that was killed when it had just brought them there
    rebuild(ledger.data_dir, told)
    assert not working_directory(ledger.data_dir).exists()
    assert placed(directory) == (1, 0)
    assert not (directory / "7").exists()
    for old, new in zip(part_names(followed(ledger, tmp_path / "parts")), part_names(in_place(directory)), strict=True):
        assert contents(new) == contents(old)


def test_where_the_ledger_is_away_while_the_gate_is_shut_those_of_before_stay(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = kept(ledger)

    def away(data_dir: DataDir, place: Path, until: int, patience: float | None = None) -> None:
        if patience is not None:
            assert Gate(directory).limit() == -1, "nobody folds meanwhile"
            raise SystemUnavailable("the ledger does not answer")
        bring(data_dir, place, until)

    monkeypatch.setattr("services.view.parts.switching.bring", away)
    with pytest.raises(SystemUnavailable):
        rebuild(ledger.data_dir, told)
    assert Gate(directory).limit() is None
    assert in_place(directory) == directory
    level(ledger)


def test_parts_that_lack_what_an_earlier_release_did_not_keep_are_built_anew_by_the_view(
    ledger: RunningLedger, workers: Workers
) -> None:
    directory = ledger.data_dir.view_parts
    with closing(sqlite3.connect(part_names(directory)[0], timeout=30)) as part, part:
        part.execute("INSERT INTO lacking VALUES ('pupils')")
    view = subprocess.Popen([sys.executable, "-m", "services.view", str(ledger.data_dir.path)])
    try:
        deadline = time.monotonic() + 180
        while in_place(directory) == directory:
            assert time.monotonic() < deadline
            assert view.poll() is None
            time.sleep(0.05)
        asyncio.run(ledger.store(*simulated(8, 100)))
        level(ledger)
    finally:
        view.terminate()
    assert view.wait(60) == 0
