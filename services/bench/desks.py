"""A desk: single reports and batches over HTTP, stored durably, and its relay after an outage of the ledger."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from events import EVENTS_STREAM
from services.bench.context import Bench
from services.bench.crisis import Crisis
from services.bench.figures import RATE, Figure, NotMeasured, Target, percentile
from services.bench.load import Load, Plan
from services.bench.processes import COMMAND, environment, running
from services.bench.saving import save_aggregates
from services.bench.systems import bare_ledger, set_up_address
from services.desks.desk import Desk
from services.ledger import connect
from services.ledger.asking import stream_info
from services.system import DataDir
from services.system.clock import real_now

A_SECOND: Final = 1000
SINGLE: Final = Target(50.0)
BATCH: Final = 100
BATCHES: Final = Target(10_000, at_least=True)
RELAY: Final = Target(20_000, at_least=True)
_SECONDS, _QUICK_SECONDS = 10, 4
_BATCHED, _QUICK_BATCHED = 100_000, 40_000
_WAITING: Final = 1_000_000
_CONNECTIONS: Final = 64
_BATCH_CONNECTIONS: Final = 8
_LONGEST: Final = 600.0
_FILLED: Final = 2000


def single(bench: Bench) -> Iterator[Figure]:
    """Ten seconds (four when quick, fewer with few events) are counted, after one that is not."""
    seconds = _QUICK_SECONDS if bench.asked.quick else _SECONDS
    counted = min(seconds * A_SECOND, bench.asked.events)
    bench.say("single reports to a desk")
    with _desk_beside_ledger(bench) as port:
        load = _load(bench, Plan(port, counted + A_SECOND, _CONNECTIONS, rate=A_SECOND, skip=A_SECOND))
    ensure_all(load, "201", counted + A_SECOND)
    pace = (counted + A_SECOND) / load.seconds
    note = f"{counted:,} at {pace:,.0f}/s over {_CONNECTIONS} connections, each on the disk when answered"
    for name, share in (("50", 0.50), ("99", 0.99)):
        label = f"a single report to a desk at {A_SECOND:,}/s, {name} of 100 answered within"
        target = SINGLE if name == "99" and bench.judged else None
        yield Figure(f"desk-single-p{name}", label, "ms", percentile(load.waited, share), target, note * (name == "99"))
    yield Figure("desk-single-max", "a single report to a desk, the slowest", "ms", max(load.waited))


def batches(bench: Bench) -> Iterator[Figure]:
    """100,000 reports (40,000 when quick), a hundred in a request, and as many aggregates saved by the library."""
    number = min(_QUICK_BATCHED if bench.asked.quick else _BATCHED, bench.asked.events) // BATCH * BATCH
    bench.say("reports in batches to a desk")
    with _desk_beside_ledger(bench) as port:
        _load(bench, Plan(port, 5, _BATCH_CONNECTIONS, BATCH))  # what is loaded and made at the first use
        load = _load(bench, Plan(port, number // BATCH, _BATCH_CONNECTIONS, BATCH))
    ensure_all(load, "accepted", number)
    yield Figure(
        "desk-batch",
        f"reports to a desk in batches of {BATCH}",
        RATE,
        number / load.seconds,
        BATCHES if bench.judged else None,
        f"{number:,} in {load.seconds:.1f} s over {_BATCH_CONNECTIONS} connections: checked, stored, relayed meanwhile",
    )
    bench.say("the eventsourcing library's own save")
    few = number // 10
    crisis = Crisis()
    seconds = save_aggregates([crisis.report()[1] for _ in range(few)], BATCH, bench.place("library"))
    yield Figure(
        "library-save",
        f"eventsourcing's save of {BATCH} aggregates at a time, SQLite",
        RATE,
        few / seconds,
        note=f"{few:,}, nothing checked, no HTTP; flushed to the disk as the desk's",
    )


def relay(bench: Bench) -> Iterator[Figure]:
    """A million reports wait (100,000 when quick), the ledger comes back."""
    number = min(bench.asked.events, _WAITING)
    place = bench.place("outage")
    data_dir = DataDir(place)
    bench.say(f"filling a desk with {number:,} reports")
    data_dir.desks.mkdir(parents=True, mode=0o700)
    asyncio.run(_fill(data_dir.desks / "school.sqlite", number))
    bench.say("the ledger is back")
    with running_desk(place), bare_ledger(place):
        seconds, counted, held = asyncio.run(_until_carried(data_dir, number))
    if held != number:
        raise NotMeasured(f"the ledger holds {held:,} of {number:,} reports")
    yield Figure(
        "relay",
        f"a desk's relay after an outage, {number:,} reports waiting",
        RATE,
        counted / seconds,
        RELAY if bench.judged else None,
        f"{seconds:.1f} s from the first in the ledger to the last; each there once",
    )


@contextmanager
def _desk_beside_ledger(bench: Bench) -> Iterator[int]:
    place = bench.place("desk")
    with bare_ledger(place), running_desk(place) as port:
        yield port


@contextmanager
def running_desk(place: Path, settings: Mapping[str, str] = {}) -> Iterator[int]:
    """Run the desk `school` as a person would; gives its port. Raises NotMeasured when it does not get ready."""
    log = place / "desk.log"
    with running([*COMMAND, "desk", "school", "--port", "0"], place, log, settings) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        word, _, url = process.stdout.readline().decode().strip().partition(" ")
        if word != "ready":
            raise NotMeasured("the desk does not get ready")
        yield int(urlsplit(url).port or 0)


def _load(bench: Bench, plan: Plan) -> Load:
    """Give reports from a process of its own."""
    command = [sys.executable, "-m", "services.bench.load", json.dumps(asdict(plan))]
    try:
        done = subprocess.run(
            command, capture_output=True, env=environment(bench.directory), timeout=_LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        raise NotMeasured("the desk does not answer in time") from None
    if done.returncode:
        raise NotMeasured("the reports could not be given: the desk closed the connection or could not be reached")
    return Load(**json.loads(done.stdout))


def ensure_all(load: Load, answer: str, number: int) -> None:
    """Raise NotMeasured unless all reports, `number` of them, were answered like this."""
    if load.answers != {answer: number}:
        told = ", ".join(f"{name}: {count:,}" for name, count in sorted(load.answers.items()))
        raise NotMeasured(f"not every report was accepted: {told}")


async def _fill(path: Path, number: int) -> None:
    crisis = Crisis()
    with Desk("school", path, real_now) as desk:
        while number:
            some = min(number, _FILLED)
            await desk.accept([crisis.report()[1] for _ in range(some)])
            number -= some


async def _until_carried(data_dir: DataDir, number: int) -> tuple[float, int, int]:
    """Give the seconds from the first seen in the ledger to the last, how many came in them, how many are there."""
    deadline = time.monotonic() + _LONGEST
    first, begun, last = 0, 0.0, 0
    async with await connect(set_up_address(data_dir), name="benchmark") as ledger:
        while time.monotonic() < deadline:
            state = (await stream_info(ledger.nc, EVENTS_STREAM)).state
            now = time.perf_counter()
            if state.last_seq and not begun:
                first, begun = state.last_seq, now
            last = state.last_seq
            if last >= number:
                return max(now - begun, 1e-9), number - first, state.messages
            await asyncio.sleep(0.02)
    raise NotMeasured(f"the relay has carried {last:,} of {number:,} reports")
