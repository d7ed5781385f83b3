"""Desks, ledger and live view, killed at random under load: everything accepted is counted, exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from projections.evaluation import evaluate
from projections.live.reading import LiveReader
from projections.tables import MEASURES
from services.desks.answers import DeskUnavailable, Fate
from services.desks.desk import Desk
from services.desks.relay import Relay
from services.view.auditing import compare
from tests.support.desks import (
    THEN,
    Sender,
    assert_all_there_once,
    desks,
    fetch_ready,
    level,
    load,
    post,
)
from tests.support.examples import rounds
from tests.support.reports import MARCH, OTHER, SOURCE, lost, report
from tests.support.systems import RunningLedger
from tests.support.whole import until

ROUNDS = rounds(50, every_run=20)


class View:
    """The live view's process."""

    def __init__(self, data_dir: Path) -> None:
        self.command = [sys.executable, "-m", "services.view", str(data_dir)]
        self.log = data_dir.parent / "view.log"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stderr=log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def view(ledger: RunningLedger) -> Iterator[View]:
    view = View(ledger.data_dir.path)
    view.start()
    yield view
    view.process.terminate()
    view.process.wait(60)


async def opened(ledger: RunningLedger) -> None:
    """A closure that runs, and a school in it."""
    begun = (datetime.now(UTC) - timedelta(days=21)).date().isoformat()
    await ledger.store(
        report("closed", "closure-announced", **{"from": begun}, occurredAt=THEN),
        report("is", "school-registered", occurredAt=THEN),
        desk="coordinator",
    )


def assert_exact(ledger: RunningLedger, entries: list[tuple[int, int, str, bytes]], tmp_path: Path) -> None:
    """The live tables equal the replay, and what `evaluate` gives of an export."""
    outcome = compare(ledger.data_dir, ledger.record, patience=180)
    assert outcome.position == entries[-1][0]
    assert outcome.rows > 0
    assert outcome.differences == []
    exported = tmp_path / "exported.ndjson"
    exported.write_bytes(ledger.run("export").stdout)
    reader = LiveReader(ledger.data_dir.live_view)
    tables = reader.tables(outcome.as_of)
    reader.close()
    for table in MEASURES:
        assert list(tables.rows(table)) == list(evaluate(exported, outcome.as_of, table).rows())


_ORPHAN = re.compile(r"Traceback [^\n]+\n  File \"<string>\", line 1, in <module>\n(?: [^\n]*\n)+EOFError[^\n]*\n")


@pytest.mark.timeout(400)
def test_everything_killed_in_random_order_under_load(ledger: RunningLedger, view: View, tmp_path: Path) -> None:
    random = Random(5)
    asyncio.run(opened(ledger))
    with desks(ledger, "school", "wij") as (school, wij):
        senders = [
            Sender(school, load("school", 260), times=3),
            # The same ids with another content: whoever comes first is accepted, the other is told of the conflict.
            Sender(school, [[raw.replace(b'"po"', b'"so"') for raw in batch] for batch in load("school", 120)][::-1]),
            Sender(wij, load("wij", 260), times=3),
        ]
        threads = [threading.Thread(target=sender.run) for sender in senders]
        for thread in threads:
            thread.start()

        def restart_ledger() -> None:
            ledger.server.kill()
            time.sleep(random.random() * 0.3)
            ledger.server.start()

        for _ in range(ROUNDS):
            time.sleep(random.random() * 0.6)
            what = random.choice(["school", "wij", "ledger", "view"])
            if what == "ledger":
                restart_ledger()
            else:
                part: Any = {"school": school, "wij": wij, "view": view}[what]
                part.kill()
                time.sleep(random.random() * 0.2)
                part.start()
        for thread in threads:
            thread.join(180)
            assert not thread.is_alive()
        assert "accepted" in senders[0].fates
        assert "known" in senders[0].fates
        assert "conflict" in senders[0].fates | senders[1].fates
        until(lambda: all(level(desk) for desk in (school, wij)), patience=120)
    entries = asyncio.run(ledger.stored())
    assert_all_there_once(entries, senders)
    assert_exact(ledger, entries, tmp_path)
    logged = "".join((tmp_path / f"{name}.log").read_text() for name in ("school", "wij", "view"))
    assert "pupil-" not in logged
    # What a view had just begun to start when it was killed says so in Python's own words, and ends.
    assert "Traceback" not in _ORPHAN.sub("", logged)


@contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[Path]:
    """A disk of its own of so many megabytes at `path`; skips where this user may not make one."""
    path.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)], capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("this user may not make a disk")
    try:
        yield path
    finally:
        subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_full_disk_stops_taking_in_and_loses_nothing(ledger: RunningLedger) -> None:
    with small_disk(ledger.data_dir.desks, 4) as disk, desks(ledger, "school") as (school,):
        until(lambda: school.give([lost(0)]) is not None)
        until(lambda: level(school))
        ledger.server.kill()
        filler = disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(b"x" * 4096)
                file.flush()
                if os.statvfs(disk).f_bavail * 4096 < 600_000:
                    break
        accepted = [lost(0)]
        refused = None
        for begin in range(1, 20_000, 20):
            batch = [lost(number) for number in range(begin, begin + 20)]
            if school.give(batch) is None:
                refused = batch
                break
            accepted += batch
        assert refused is not None, "the disk never got full"
        status, problem, tried = 201, None, iter(range(20_000, 30_000))
        while status == 201:  # less than a batch may still find room
            single = lost(next(tried))
            status, problem = post(school, single)
            accepted += [single] if status == 201 else []
        assert status == 503
        assert "disk" in json.dumps(problem)
        assert not fetch_ready(school)
        # Killed with a full disk it comes back with all that it accepted, and goes on when there is room again.
        filler.unlink()
        school.kill()
        ledger.server.start()
        school.start()
        until(lambda: school.give(refused) is not None)
        accepted += refused
        until(lambda: level(school))
        assert [raw for *_, raw in asyncio.run(ledger.stored())] == accepted


async def test_after_a_full_disk_the_same_process_goes_on(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 2) as disk:
        filler = disk / "filler"
        filler.write_bytes(b"x" * 500_000)
        with Desk("school", disk / "school.sqlite", lambda: MARCH) as desk:
            number, reason = 0, ""
            while not reason:
                try:
                    await desk.accept([lost(each) for each in range(number, number + 50)])
                    number += 50
                except DeskUnavailable as error:
                    reason = error.reason
            assert reason == desk.problem == "the disk of the desk is full"
            stored = desk.backlog
            assert stored == number > 0
            filler.unlink()
            answers = await desk.accept([lost(each) for each in range(number + 50)])
            assert [answer.fate for answer in answers] == [Fate.KNOWN] * number + [Fate.ACCEPTED] * 50
            assert desk.problem is None


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_an_hour_off(ledger: RunningLedger, tmp_path: Path, hours: int) -> None:
    """What a desk refuses because a clock is wrong is kept, and can be given again once it is right."""
    skew = hours * 3_600_000_000
    clock = [time.time_ns() // 1000 + skew]
    said = datetime.now(UTC).isoformat(timespec="seconds")
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat(timespec="seconds")
    with Desk("school", tmp_path / "school.sqlite", lambda: clock[0]) as desk, Relay(desk, lambda: ledger.record):
        honest, early = lost(1, occurredAt=said), lost(2, occurredAt=ahead, source=OTHER)
        fates = [answer.fate for answer in await desk.accept([honest])]
        assert fates == [Fate.REJECTED if hours < 0 else Fate.ACCEPTED]
        clock[0] = time.time_ns() // 1000
        assert (await desk.accept([early]))[0].fate is Fate.REJECTED
        for each in desk.rejected():
            assert each.rule == "is later than now by more than 5 minutes"
            if each.source == SOURCE:
                assert (await desk.resend(each.position)).fate is Fate.ACCEPTED
        clock[0] += 3_600_000_000
        until(lambda: desk.carried.certain and desk.backlog == 0)
        assert [raw for *_, raw in await ledger.stored()] == [honest]
