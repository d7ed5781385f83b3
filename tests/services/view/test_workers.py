"""Several workers keep the live view: added, taken away and killed while events pour in, and never a number changes."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from events import ABOUT, IMPORT_DESK, parse_event, part_of_event
from projections.parts import ALL, part_names
from services.bench.catching_up import position_of
from services.view.auditing import compare
from services.view.parts.worker import parts_of
from tests.services.view.test_faults import assert_equal, pouring
from tests.support.examples import rounds
from tests.support.lines import simulated
from tests.support.systems import COMMAND, RunningLedger, running_ledger

CHANGES = rounds(24, every_run=4)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    """A ledger of which several workers keep the view: each test has its own, for its whole table is looked at."""
    with running_ledger(tmp_path / "system", workers=2) as running:
        yield running


class Workers:
    """The processes that keep the view, of which a test starts and ends some."""

    def __init__(self, ledger: RunningLedger) -> None:
        self._data_dir = ledger.data_dir
        self.running: dict[tuple[int, int], subprocess.Popen[bytes]] = {}

    def start(self, number: int, of: int) -> None:
        command = [str(COMMAND), "view", "--part", f"{number}/{of}", "--data-dir", str(self._data_dir)]
        self.running[number, of] = subprocess.Popen(command)

    def end(self, which: tuple[int, int], how: int = signal.SIGTERM) -> None:
        process = self.running.pop(which)
        process.send_signal(how)
        assert process.wait(60) in ((0, -how) if how == signal.SIGTERM else (-how,))  # it may not listen yet

    def moves(self, over: threading.Event, patience: float = 180) -> None:
        """Wait until some part has moved on, or nothing more is to come."""
        before, deadline = self._positions(), time.monotonic() + patience
        while self._positions() <= before and not over.is_set():
            assert time.monotonic() < deadline, "no part moves on"
            time.sleep(0.02)

    def _positions(self) -> int:
        return sum(position_of(path) for path in part_names(self._data_dir.view_parts))

    def become(self, number: int, random: Random) -> None:
        """Go over to so many workers: the new ones wait for the parts that the old ones let go of one by one."""
        old = list(self.running)
        for each in range(1, number + 1):
            if (each, number) not in self.running:
                self.start(each, number)
        for which in old:
            if which[1] != number:
                self.end(which, random.choice((signal.SIGTERM, signal.SIGKILL)))


@pytest.fixture
def workers(ledger: RunningLedger) -> Iterator[Workers]:
    running = Workers(ledger)
    yield running
    for process in running.running.values():
        process.kill()
        process.wait()


def test_every_part_has_one_worker_however_many_there_are() -> None:
    for number in range(1, len(ALL) + 1):
        assert sorted(part for worker in range(number) for part in parts_of(worker, number)) == list(ALL)


def test_workers_added_taken_away_and_killed_under_load(
    ledger: RunningLedger, workers: Workers, tmp_path: Path
) -> None:
    """Half of it names its part in the subject, as `import` has it for several workers; of the rest none does."""
    random = Random(11)
    lines = simulated(6, 6_000)
    old, new = lines[::2], lines[1::2]
    workers.start(1, 1)
    file = tmp_path / "new.ndjson"
    file.write_bytes(b"\n".join(new) + b"\n")
    with pouring(ledger, old, a_second=150) as over:
        for change in range(CHANGES):
            workers.moves(over)
            time.sleep(random.random())
            if change % 2:
                which = random.choice(list(workers.running))
                workers.end(which, signal.SIGKILL)
                workers.start(*which)
            else:
                workers.become(random.choice([each for each in (1, 2, 3) if (1, each) not in workers.running]), random)
            if change == 1:
                imported = ledger.run_inside("import", file)
                assert imported.returncode == 0, imported.stderr
            if change == 2:
                # In the middle of it all: a table of one position, which the replay of that position equals.
                assert compare(ledger.data_dir, ledger.record, patience=120).differences == []
    assert over.is_set()
    assert_exact(ledger, lines, tmp_path)
    subjects = [subject.split(".") for _, _, subject, _ in asyncio.run(ledger.stored())]
    assert sum(len(words) == 5 for words in subjects) > len(new) / 2


def assert_exact(ledger: RunningLedger, lines: list[bytes], tmp_path: Path) -> None:
    """The sum of the parts equals the replay, what `evaluate` gives, and what `counts` prints."""
    assert_equal(ledger, lines, tmp_path)
    assert all(path.stat().st_size > 0 for path in part_names(ledger.data_dir.view_parts))


def test_the_part_in_a_subject_is_that_of_the_event(ledger: RunningLedger, tmp_path: Path) -> None:
    lines = simulated(7, 500)
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(lines) + b"\n")
    before = len(asyncio.run(ledger.stored()))
    assert ledger.run_inside("import", file).returncode == 0
    stored = asyncio.run(ledger.stored())[before:]
    assert len(stored) > 400
    for _, _, subject, raw in stored:
        event = parse_event(raw)
        part = part_of_event(event)
        said = event.kind if part is None else f"{ABOUT[event.kind]}.{part}"
        assert subject == f"kib.events.{IMPORT_DESK}.{said}"


@pytest.mark.parametrize(
    ("part", "words"), [("0/2", "must be I/N"), ("3/2", "must be I/N"), ("1/10", "must be I/N"), ("x", "must be I/N")]
)
def test_a_worker_that_cannot_be_is_refused(ledger: RunningLedger, part: str, words: str) -> None:
    refused = ledger.run_inside("view", "--part", part)
    assert refused.returncode == 2
    assert words in refused.stderr.decode()
