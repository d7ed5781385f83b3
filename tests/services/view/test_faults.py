"""The live view and the ledger, killed at any moment while events pour in: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import psycopg
import pytest

from deploy.processes import lives
from events import IMPORT_DESK, event_subject, parse_event, to_micros
from projections.evaluation import evaluate
from projections.live.reading import LiveReader
from projections.tables import KEY, MEASURES
from services.ledger import connect
from services.ledger.publishing import Publisher
from services.view.auditing import Outcome, compare
from tests.support.examples import rounds
from tests.support.lines import simulated
from tests.support.systems import RunningLedger

KILLS, KILLS_ON_POSTGRES = rounds(20, every_run=8), rounds(20, every_run=4)


class View:
    """The live view's process, which a test may kill and start again."""

    def __init__(self, ledger: RunningLedger) -> None:
        self.data_dir, self.place = ledger.data_dir.path, ledger.view
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "services.view", str(self.data_dir)])

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait() == -signal.SIGKILL

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(60) == 0, "the view does not stop in order"

    @property
    def position(self) -> int:
        try:
            reader = LiveReader(self.place)
            try:
                return reader.position
            finally:
                reader.close()
        except Exception:
            return 0  # its tables are being made

    def moves(self, after: int, patience: float = 180, over: threading.Event | None = None) -> None:
        """Wait until the view is past `after`, or nothing more is to come."""
        deadline = time.monotonic() + patience
        while self.position <= after and not (over is not None and over.is_set()):
            assert time.monotonic() < deadline, "the view does not move on"
            time.sleep(0.03)


@contextmanager
def pouring(ledger: RunningLedger, lines: list[bytes], a_second: int) -> Iterator[threading.Event]:
    """Publish the lines at a pace in a thread; the event that it gives is set when all are in the ledger."""
    over = threading.Event()

    async def pour() -> None:
        async with await connect(ledger.server.address, patient=True) as connection, Publisher[None](connection) as to:
            for begin in range(0, len(lines), a_second // 50):
                for line in lines[begin : begin + a_second // 50]:
                    await to.publish(event_subject(IMPORT_DESK, parse_event(line).kind), line, None)
                await asyncio.sleep(0.02)
            await to.drain()
        over.set()

    thread = threading.Thread(target=asyncio.run, args=(pour(),))
    thread.start()
    try:
        yield over
    finally:
        thread.join(120)
    assert over.is_set()


def assert_exact(ledger: RunningLedger, lines: list[bytes], tmp_path: Path) -> None:
    """The tables are those of the events as they were sent, each of them once in the ledger."""
    assert assert_equal(ledger, lines, tmp_path).position == len(lines)


def assert_equal(ledger: RunningLedger, lines: list[bytes], tmp_path: Path) -> Outcome:
    """The live tables equal the replay of the ledger, and what `evaluate` gives of the events as they were sent."""
    outcome = compare(ledger.data_dir, ledger.record, patience=180)
    assert outcome.rows > 100
    assert outcome.differences == []
    sent = tmp_path / "sent.ndjson"
    sent.write_bytes(b"\n".join(lines) + b"\n")
    reader = LiveReader(ledger.view)
    tables = reader.tables(outcome.as_of)
    reader.close()
    for table in MEASURES:
        assert list(tables.rows(table)) == list(evaluate(sent, outcome.as_of, table).rows())
    return outcome


def assert_shared(ledger: RunningLedger) -> None:
    """The tables for others hold what `counts` prints, of the same moment."""
    assert ledger.database is not None
    with psycopg.connect(ledger.database, autocommit=True) as connection:
        deadline = time.monotonic() + 120
        while True:
            [(position, as_of)] = connection.execute("SELECT position, as_of FROM kindinbeeld.state").fetchall()
            if position == asyncio.run(ledger.stored())[-1][0]:
                break
            assert time.monotonic() < deadline
            time.sleep(0.1)
        connection.execute("SET ROLE kindinbeeld_reader")
        reader = LiveReader(ledger.database)
        tables, closures = reader.tables(to_micros(as_of)), reader.closures()
        reader.close()
        for table, measures in MEASURES.items():
            columns = ", ".join((*KEY, *measures))
            rows = connection.execute(f"SELECT {columns} FROM kindinbeeld.{table} ORDER BY 1, 2, 3".encode()).fetchall()
            assert rows == list(tables.rows(table))
        shared = connection.execute("SELECT name, starts, until FROM kindinbeeld.closures ORDER BY 2, 1").fetchall()
        assert shared == [(each.name, each.starts, each.until) for each in closures]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT count(*) FROM kindinbeeld_view_1.pupil")


@pytest.mark.timeout(300)
def test_the_view_killed_at_random_moments(kept_anywhere: RunningLedger, tmp_path: Path) -> None:
    ledger, random = kept_anywhere, Random(20)
    view = View(ledger)
    kills = KILLS if ledger.database is None else KILLS_ON_POSTGRES
    lines = simulated(3, 20_000)
    with pouring(ledger, lines, a_second=400) as over:
        for _ in range(kills):
            before = view.position
            view.start()
            view.moves(before, over=over)
            time.sleep(random.random() * 0.3)
            view.kill()
    view.start()
    assert_exact(ledger, lines, tmp_path)
    if ledger.database is not None:
        assert_shared(ledger)
    view.stop()


@pytest.mark.timeout(300)
def test_the_ledger_killed_in_the_middle(ledger: RunningLedger, view: View, tmp_path: Path) -> None:
    random = Random(7)
    lines = simulated(4, 12_000)
    view.start()
    with pouring(ledger, lines, a_second=2_000) as over:
        for seen in (0, 3_000, 6_000):  # of more than 11,000: on a slow machine too, some are still to come
            view.moves(seen)
            time.sleep(random.random() * 0.5)
            ledger.server.kill()
            ledger.server.start()
        assert over.wait(120)
    stored = len({raw for _, _, _, raw in asyncio.run(ledger.stored())})
    assert stored == len(set(lines))
    outcome = compare(ledger.data_dir, ledger.record, patience=180)
    assert outcome.differences == []
    assert outcome.position >= len(lines)
    assert view.process is not None
    assert view.process.poll() is None, "the view outlives the ledger's restart"


def test_a_malformed_message_is_set_aside_and_stops_nothing(ledger: RunningLedger, view: View) -> None:
    lines = simulated(5, 300)

    async def fill() -> None:
        async with await connect(ledger.server.address) as connection:
            js = connection.nc.jetstream()
            await js.publish(event_subject(IMPORT_DESK, "contact-lost"), b'{"not": "an event"')
            for line in lines[:100]:
                await js.publish(event_subject(IMPORT_DESK, "contact-lost"), line)
            await js.publish("kib.events.nobody.nothing", b"\xff\x00")
            await js.publish("kib.events.strange", lines[100])
            await js.publish(event_subject(IMPORT_DESK, "contact-lost"), lines[101])

    asyncio.run(fill())
    view.start()
    view.moves(103)
    reader = LiveReader(ledger.view)
    aside = reader.set_aside()
    reader.close()
    assert [each.position for each in aside] == [1, 102]
    assert aside[0].field == "line"
    assert aside[0].rule
    assert compare(ledger.data_dir, ledger.record, patience=180).differences == []
    listed = ledger.run("rejected")
    assert listed.returncode == 0
    assert [line.split()[1:3] for line in listed.stdout.decode().splitlines()[1:]] == [
        ["(ledger)", "1"],
        ["(ledger)", "102"],
    ]


def test_the_view_ends_its_reader_when_it_is_killed(ledger: RunningLedger, view: View) -> None:
    asyncio.run(ledger.store(*simulated(5, 200)))
    view.start()
    view.moves(0)
    assert view.process is not None
    children = children_of(view.process.pid)
    assert children
    view.kill()
    deadline = time.monotonic() + 180
    while any(lives(pid) for pid in children):
        assert time.monotonic() < deadline, "the reader outlives the view"
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = [int(child) for child in listed]
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return sorted(set(found))
