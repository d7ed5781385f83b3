"""Catching up: the real process of the live view from position 0 to the end of a ledger, durably.

From the moment on that the ledger gave out its first message, until the last is in a committed transaction.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from events import EVENTS_STREAM
from projections.live.database import UNREADABLE, Database, Place, open_database
from services.bench.context import Bench, Filled
from services.bench.figures import RATE, Figure, NotMeasured, Target
from services.bench.processes import LONGEST, Usage, run
from services.bench.systems import live_view, set_up_address
from services.ledger import Ledger, connect
from services.system import DataDir
from services.view.switching import ready_view

TARGET: Final = Target(40_000, at_least=True)
REBUILD: Final = Target(120.0)
LARGE: Final = 10_000_000
JUDGED_FROM: Final = 500_000
"""Fewer events are caught up with in a few seconds, most of which is starting."""
_POSITION: Final = "SELECT max(notification_id) FROM tracking WHERE application_name = 'ledger'"
_LOOK: Final = 0.01
_START: Final = 120.0


def catch_up(bench: Bench) -> Iterator[Figure]:
    """As `up` does it on a view that knows nothing yet: by the quicker of the two ways."""
    events = bench.filled.events
    bench.say(f"catching up on {events:,} events")
    took = _from_nothing(bench)
    target = TARGET if events >= JUDGED_FROM else None
    rate = events / took.seconds
    yield Figure("catch-up", f"catching up on {events:,} events", RATE, rate, target, took.note)


def follow(bench: Bench) -> Iterator[Figure]:
    """By following only: every event folded as it comes."""
    events = bench.filled.events
    bench.say(f"following {events:,} events")
    took = _from_nothing(bench, rebuild_from=10**12)
    yield Figure(
        "follow", f"following {events:,} events, each in its turn", RATE, events / took.seconds, None, took.note
    )


def rebuild(bench: Bench) -> Iterator[Figure]:
    """By building it at once, through the columnar query."""
    events = bench.filled.events
    bench.say(f"building a live view of {events:,} events")
    took = _from_nothing(bench, rebuild_from=1)
    large = bench.asked.events >= LARGE
    note = took.note if large else f"{took.note}; the target, {REBUILD.value:.0f} s, is about 10,000,000 events"
    label = f"live view of {events:,} events, built at once"
    yield Figure("rebuild", label, "s", took.seconds, REBUILD if large else None, note)
    yield Figure("rebuild-rate", "building at once", RATE, events / took.seconds)
    yield from _by_command(bench)


def _by_command(bench: Bench) -> Iterator[Figure]:
    """The command, from its start to its end: all from the ledger, then what an archive has from that."""
    filled = bench.filled
    bench.say("the same by the command, from the ledger and from an archive")
    options = ["rebuild", "--wait", "0"]
    took = run([*options, "--from-ledger"], filled.data_dir.path)
    label = f"`rebuild` of {filled.events:,} events from the ledger"
    yield Figure("rebuild-from-ledger", label, "s", took.seconds, None, took.note)
    built = run(["archive", "build"], filled.data_dir.path)
    try:
        took = run(options, filled.data_dir.path)
    finally:
        shutil.rmtree(filled.data_dir.archive)
        ready_view(filled.data_dir).unlink(missing_ok=True)  # nobody else is to find it
    label = f"`rebuild` of {filled.events:,} events from the archive and the ledger"
    note = f"{took.note}; archive built in {built.seconds:.0f} s before"
    yield Figure("rebuild-from-archive", label, "s", took.seconds, None, note)


class Took(NamedTuple):
    """How long it took from the first message that was given out, and a note with what else it took."""

    seconds: float
    note: str


def _from_nothing(bench: Bench, rebuild_from: int | None = None) -> Took:
    filled = bench.filled
    for file in filled.data_dir.path.glob(f"{filled.data_dir.live_view.name}*"):
        file.unlink()
    return timed(filled, filled.data_dir.live_view, rebuild_from)


def timed(filled: Filled, place: Place, rebuild_from: int | None = None) -> Took:
    """Run the process of a live view that knows nothing yet, on a ledger, until it has all of it."""
    known = asyncio.run(others(filled.data_dir))
    begun = time.perf_counter()
    with live_view(filled.data_dir, rebuild_from) as pid, Usage(pid) as usage:
        reading, done = asyncio.run(_watch(filled, place, known))
    held = (
        "" if usage.peak is None else f"; {usage.processor_seconds:.1f} s of processor time, {usage.peak / 1e6:,.0f} MB"
    )
    return Took(done - reading, f"{done - reading:.1f} s, {reading - begun:.1f} s of start before{held}")


async def _watch(filled: Filled, place: Place, known: set[str]) -> tuple[float, float]:
    """Give when reading began, by someone who is not one of `known`, and when the position was the ledger's last."""
    await reading_begun(filled.data_dir, known)
    reading = time.perf_counter()
    asked: Database | None = None
    while True:
        try:
            asked = asked or open_database(place)
            asked.follow()  # a view that is built at once is put into the place of the empty one
            if (asked.execute(_POSITION).fetchone()[0] or 0) >= filled.events:
                break
        except UNREADABLE:
            asked = None  # it is being made, or put into its place
        if time.perf_counter() - reading > LONGEST:
            raise NotMeasured("the live view does not catch up")
        await asyncio.sleep(_LOOK)
    done = time.perf_counter()
    asked.close()
    return reading, done


async def reading_begun(data_dir: DataDir, known: set[str]) -> None:
    """Wait until the ledger has given messages to someone who is not one of `known`."""
    deadline = time.perf_counter() + _START
    async with await connect(set_up_address(data_dir), name="benchmark") as ledger:
        while not {name for name, given in (await _readers(ledger)).items() if given} - known:
            if time.perf_counter() > deadline:
                raise NotMeasured("the live view does not begin to read")
            await asyncio.sleep(_LOOK)


async def others(data_dir: DataDir) -> set[str]:
    """Give who reads the ledger already: one that has ended is known for a while."""
    async with await connect(set_up_address(data_dir), name="benchmark") as ledger:
        return set(await _readers(ledger))


async def _readers(ledger: Ledger) -> dict[str, int]:
    """Give who reads the ledger, and how many messages each was given."""
    readers = await ledger.nc.jetstream().consumers_info(EVENTS_STREAM)
    return {reader.name: reader.delivered.consumer_seq if reader.delivered else 0 for reader in readers}


def position_of(database: Path) -> int:
    """Read the position of a live view; 0 while it has none."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as db:
            row = db.execute("SELECT max(notification_id) FROM tracking").fetchone()
    except sqlite3.OperationalError:
        return 0
    return int(row[0] or 0)
