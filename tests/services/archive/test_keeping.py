"""`kindinbeeld archive follow`: the archive grows with the ledger, forgets with it, and is used before it has all."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.streams import make_streams
from events import EVENTS_STREAM, format_instant, parse_event
from projections.archive import Manifest
from services.archive.fresh import begin_with, fresh_archive, kept_archive
from services.archive.measuring import told
from tests.projections.evaluation.histories import COUNTED, COVERED, line, random_history
from tests.projections.evaluation.oracle import Oracle
from tests.support.systems import COMMAND, RunningLedger
from tests.support.whole import until

HISTORY = sorted(random_history(23, [*COUNTED, *COVERED], ties=False), key=lambda event: event.recorded)
LINES = [line(event).encode() for event in HISTORY]
HALF = len(LINES) // 2
NEXT = HISTORY[HALF].recorded
"""When the first event that the archive lacks was recorded."""


@contextmanager
def following(ledger: RunningLedger, log: Path, every: str = "1s") -> Iterator[subprocess.Popen[bytes]]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KINDINBEELD_")}
    environment |= {"KINDINBEELD_ARCHIVE_EVERY": every, "KINDINBEELD_LOG_FORMAT": "json"}
    command = [str(COMMAND), "archive", "follow", "--data-dir", str(ledger.data_dir)]
    with log.open("ab") as errors, subprocess.Popen(command, stderr=errors, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def manifest(ledger: RunningLedger) -> Manifest | None:
    return Manifest.read(ledger.data_dir.archive)


def position(ledger: RunningLedger) -> int:
    found = manifest(ledger)
    return 0 if found is None or found.settled is None else found.settled.position


def messages(ledger: RunningLedger) -> int:
    found = manifest(ledger)
    return 0 if found is None else sum(segment.messages for segment in found.segments)


def looked(metrics: Path) -> float:
    return looked_of(metrics.read_text())


def looked_of(text: str) -> float:
    """When it was last looked how far the archive is."""
    return float(text.partition("\nkib_archive_looked_timestamp_seconds ")[2].split()[0])


@pytest.mark.timeout(300)
async def test_it_grows_with_the_ledger_and_forgets_with_it(ledger: RunningLedger, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with following(ledger, log) as process:
        await ledger.store(*LINES[:HALF])
        await asyncio.to_thread(until, lambda: position(ledger) == HALF, 120)
        # Told once the build has ended.
        metrics = ledger.data_dir.archive_metrics
        await asyncio.to_thread(until, lambda: metrics.exists() and told(metrics)["position"] == HALF, 120)
        assert (told(metrics)["eventsBehind"], told(metrics)["failures"]) == (0, 0)
        text = metrics.read_text()
        assert float(text.partition("\nkib_archive_wait_seconds ")[2].split()[0]) >= 1
        # It tells that it looks, also when nothing changes: one that was killed does not.
        await asyncio.to_thread(until, lambda: looked(metrics) > looked_of(text), 60)
        second = await asyncio.to_thread(ledger.run, "archive", "follow")
        assert (second.returncode, second.stderr.count(b"another process keeps the archive")) == (3, 1)

        async with ledger.connected() as connected:
            await connected.nc.jetstream().delete_msg(EVENTS_STREAM, 2)  # a child's right to be forgotten
        assert await asyncio.to_thread(fresh_archive, ledger.data_dir, ledger.record, NEXT - 1) is None
        await asyncio.to_thread(until, lambda: messages(ledger) == HALF - 1 and position(ledger) == HALF, 120)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 60) == 0
    assert not metrics.exists()
    assert ledger.run_inside("archive", "verify").returncode == 0
    names = {getattr(parse_event(each).data, "pupil", None) for each in LINES} - {None}
    assert not [name for name in names if str(name) in log.read_text()]


async def another_ledger(ledger: RunningLedger, *lines: bytes) -> None:
    """Put another ledger in the place of this one, as one that was restored."""
    async with ledger.connected() as connected:
        await connected.nc.jetstream().delete_stream(EVENTS_STREAM)
        await make_streams(connected.nc)
    await ledger.store(*lines)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("why", ["longer", "damaged", "file"])
async def test_an_archive_that_cannot_be_kept_counts_as_failing(
    ledger: RunningLedger, tmp_path: Path, why: str
) -> None:
    await ledger.store(*LINES[:HALF])
    assert ledger.run_inside("archive", "build").returncode == 0
    written = ledger.data_dir.archive / "manifest.json"
    if why == "longer":
        await another_ledger(ledger, *LINES[: HALF - 1])
    elif why == "damaged":
        written.write_bytes(written.read_bytes()[:-9])
    else:
        written.write_text(written.read_text().replace('"ledger"', '"file"', 1))
    before = written.read_bytes()
    log, metrics = tmp_path / "log", ledger.data_dir.archive_metrics
    with following(ledger, log):
        await asyncio.to_thread(until, lambda: metrics.exists() and told(metrics)["failures"] == 1, 120)
        failing = "\nkib_archive_failing_seconds "
        await asyncio.to_thread(
            until, lambda: float(metrics.read_text().partition(failing)[2].split()[0]) >= 2 and log.read_text(), 60
        )
        said = [each for each in log.read_text().splitlines() if "not kept current" in each]
        assert len(said) == 1
        assert {"longer": "more than the ledger", "damaged": "cannot be read", "file": "of a file"}[why] in said[0]
        assert written.read_bytes() == before
        # Somebody builds it by hand: all is well again.
        assert (await asyncio.to_thread(ledger.run, "archive", "build", "--anew")).returncode == 0
        await asyncio.to_thread(until, lambda: f"{failing}0\n" in metrics.read_text(), 60)
        assert told(metrics)["eventsBehind"] == 0


async def test_what_a_restored_ledger_has_is_not_added_to_the_archive_of_the_one_before(ledger: RunningLedger) -> None:
    await ledger.store(*LINES[:HALF])
    assert ledger.run_inside("archive", "build").returncode == 0
    before = manifest(ledger)
    # Of a backup that lacked the last events; it has gone on since, and is longer than the archive.
    await another_ledger(ledger, *LINES[: HALF - 3], *LINES[HALF:])
    built = ledger.run_inside("archive", "build")
    assert (built.returncode, built.stderr.count(b"other events than the archive")) == (3, 1)
    assert manifest(ledger) == before
    assert ledger.run_inside("archive", "build", "--anew").returncode == 0
    async with ledger.connected() as connected:
        await connected.nc.jetstream().delete_msg(EVENTS_STREAM, len(LINES) - 3)  # the last: no other ledger for that
    assert ledger.run_inside("archive", "build").returncode == 0


async def test_an_archive_that_lacks_the_last_events_tells_what_was_known_before(
    ledger: RunningLedger, tmp_path: Path
) -> None:
    await ledger.store(*LINES[:HALF])
    assert ledger.run_inside("archive", "build").returncode == 0
    await ledger.store(*LINES[HALF:])
    kept = await asyncio.to_thread(kept_archive, ledger.data_dir, ledger.record)
    assert kept is not None
    assert (kept.position, kept.reaches) == (len(LINES), NEXT - 1)

    def counted(at: int) -> str:
        return ledger.run_inside("counts", "--as-of", format_instant(at), "--format", "csv").stdout.decode()

    for at in (NEXT - 1, NEXT, HISTORY[-1].recorded):
        fresh = await asyncio.to_thread(fresh_archive, ledger.data_dir, ledger.record, at)
        assert (fresh is not None) is (at < NEXT)
        assert await asyncio.to_thread(counted, at) == Oracle(HISTORY, at).counts()

    # Another archive takes over what this one has, and leaves it as it is.
    before = manifest(ledger)
    (elsewhere := tmp_path / "elsewhere").mkdir()
    await asyncio.to_thread(begin_with, ledger.data_dir, ledger.record, elsewhere)
    built = ledger.run_inside("archive", "build", "--archive", elsewhere)
    assert f"added {len(LINES) - HALF}," in built.stderr.decode()
    assert ledger.run_inside("archive", "verify", "--archive", elsewhere).returncode == 0
    assert manifest(ledger) == before
    assert ledger.run_inside("archive", "verify").returncode == 0

    # An old report that is imported late may change any table as of before it came.
    await ledger.store(LINES[0])
    assert await asyncio.to_thread(fresh_archive, ledger.data_dir, ledger.record, HISTORY[0].recorded) is None
