"""`kindinbeeld archive`: each event of the ledger exactly once, whatever happened on the way, and proof of it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from events import EVENTS_STREAM, format_instant, parse_instant
from projections.archive import Archive, Manifest, add_pieces, locked
from services.archive.fresh import fresh_archive
from services.archive.pieces import file_pieces
from tests.projections.archive.making import csv_of
from tests.projections.evaluation.histories import COUNTED, COVERED, line, random_history
from tests.projections.evaluation.oracle import Oracle
from tests.support.inside import run_inside
from tests.support.lines import line as made_line
from tests.support.systems import RunningLedger

HISTORY = random_history(11, [*COUNTED, *COVERED], ties=False)
LINES = [line(event).encode() for event in HISTORY]
K = max(event.recorded for event in HISTORY) + 1


def shown(ledger: RunningLedger) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ledger.run_inside("archive", "show", "--format", "json").stdout)
    return found


async def test_the_ledger_s_events_each_once_and_proof_of_it(ledger: RunningLedger) -> None:
    half = len(LINES) // 2
    middle = format_instant(sorted(event.recorded for event in HISTORY)[half])

    def counted(*of: str) -> bytes:
        return ledger.run_inside("counts", "--as-of", middle, "--format", "csv", *of).stdout

    def fresh() -> bool:
        return fresh_archive(ledger.data_dir, ledger.record, K) is not None

    await ledger.store(*LINES[:half], *LINES[:3])
    async with ledger.connected() as connected:
        await connected.nc.jetstream().publish("kib.events.school.contact-lost", b"no event")
    assert ledger.run_inside("archive", "build").returncode == 0
    await ledger.store(*LINES[half:])
    assert not await asyncio.to_thread(fresh)
    await ledger.store(made_line(7, recorded=None), desk="school")
    for _ in range(2):  # the second time there is nothing to add
        assert ledger.run_inside("archive", "build").returncode == 0
    assert await asyncio.to_thread(fresh)
    expected = Oracle(HISTORY, parse_instant(middle)).counts().encode()
    assert counted() == expected
    header, *rows_then = expected.splitlines(keepends=True)
    place = rows_then[0].split(b",")[0]
    assert counted("--municipality", place.decode()) == header + b"".join(r for r in rows_then if r.startswith(place))
    entries = await ledger.stored()
    told = shown(ledger)
    assert (told["position"], told["messages"], told["malformed"]) == (entries[-1][0], len(entries), 1)
    assert told["segments"] == 1  # small ones were joined
    archive = Archive(ledger.data_dir.archive)
    [segment] = archive.manifest.segments
    rows = pq.read_table(archive.directory / segment.file.path)
    texts = {sequence: raw for sequence, _, _, raw in entries}
    assert {row["position"]: row["event"].encode() for row in rows.to_pylist()} == {
        sequence: raw for sequence, raw in texts.items() if raw != b"no event"
    }
    stamped = entries[-1][1]
    assert rows.to_pylist()[-1]["recorded_at"].timestamp() == pytest.approx(stamped / 1e6)
    assert csv_of("counts", archive.table("counts", K)) == Oracle(HISTORY, K).counts()
    verified = ledger.run_inside("archive", "verify")
    assert (verified.returncode, verified.stdout) == (0, b"")

    async with ledger.connected() as connected:
        await connected.nc.jetstream().delete_msg(EVENTS_STREAM, 2)  # a child's right to be forgotten
    assert not await asyncio.to_thread(fresh)
    verified = ledger.run_inside("archive", "verify")
    assert verified.returncode == 1
    assert verified.stdout.startswith(b"the segment of 1 to ")
    assert ledger.run_inside("archive", "build", "--anew").returncode == 0
    assert ledger.run_inside("archive", "verify").returncode == 0
    assert str(texts[2]).encode() not in b"".join(p.read_bytes() for p in archive.directory.rglob("*.parquet"))

    for path in ledger.data_dir.archive.rglob("reports*.parquet"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    verified = ledger.run_inside("archive", "verify")
    assert (verified.returncode, verified.stdout.endswith(b"its checksum differs\n")) == (1, True)


KILLED = """
import os, signal, sys
from pathlib import Path
from projections.archive import manifest, writing
from projections.archive import Manifest, add_pieces, locked
from projections.archive.settling import settle
from services.archive.fresh import fresh_archive
from services.archive.pieces import file_pieces
left = int(sys.argv[3])
def sync(descriptor):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    os.fsync(descriptor)
manifest.sync = writing.sync = sync
directory = Path(sys.argv[2])
with locked(directory):
    known = Manifest.read(directory) or Manifest("file")
    pieces = list(file_pieces(sys.argv[1], directory, known.position))
    settle(directory, add_pieces(directory, known, pieces, 20))
"""


def test_whoever_is_killed_leaves_an_archive_that_is_brought_up_to_date(tmp_path: Path) -> None:
    file, place = tmp_path / "events.ndjson", tmp_path / "archive"
    position = 0
    # Before a segment is on the disk, before the manifest names it, while it is settled.
    for number, kill in enumerate((1, 2, 4), start=1):
        file.write_bytes(b"".join(each + b"\n" for each in LINES[: 25 * number]))
        arguments = [sys.executable, "-c", KILLED, str(file), str(place), str(kill)]
        assert subprocess.run(arguments, env=os.environ | {"PYTHONPATH": str(Path.cwd())}).returncode == -9
        found = Manifest.read(place)
        assert (found.position if found else 0) >= position
        position = found.position if found else 0
    file.write_bytes(b"".join(each + b"\n" for each in LINES))
    for command in ("build", "verify"):
        ran = run_inside("archive", command, "--archive", place, "--from", file, data_dir=tmp_path / "none")
        assert ran.returncode == 0, ran.stderr
    archive = Archive(place)
    belong = {place / each.path for each in archive.manifest.files}
    assert {path for path in place.rglob("*") if path.is_file()} == {*belong, place / "manifest.json", place / "lock"}
    k = max(event.recorded for event in HISTORY) + 1
    assert csv_of("counts", archive.table("counts", k)) == Oracle(HISTORY, k).counts()
    assert csv_of("coverage", archive.table("coverage", k)) == Oracle(HISTORY, k).coverage()


def test_an_archive_that_was_not_settled_to_its_end_or_whose_file_has_grown_is_no_difference(tmp_path: Path) -> None:
    file, place = tmp_path / "events.ndjson", tmp_path / "archive"
    options = ("--archive", place, "--from", file)
    file.write_bytes(b"\n".join([*LINES[:20], b"no event"]))
    assert run_inside("archive", "build", *options, data_dir=tmp_path / "none").returncode == 0
    file.write_bytes(b"\n".join([*LINES[:20], b"no event", *LINES[20:]]))
    assert run_inside("archive", "verify", *options, data_dir=tmp_path / "none").returncode == 0
    with locked(place):  # the segments grow and are joined, and then there is no power
        known = Manifest.read(place)
        assert known is not None
        grown = add_pieces(place, known, list(file_pieces(file, tmp_path, known.position)))
    assert (len(grown.segments), grown.segments[0].malformed) == (1, 1)
    assert run_inside("archive", "verify", *options, data_dir=tmp_path / "none").returncode == 0


def test_a_file_of_another_content_is_found(tmp_path: Path) -> None:
    file, place = tmp_path / "events.ndjson", tmp_path / "archive"
    file.write_bytes(b"\n".join(LINES))
    assert sum(piece.messages for piece in file_pieces(file, tmp_path)) == len(LINES)
    options = ("--archive", place, "--from", file)
    assert run_inside("archive", "build", *options, data_dir=tmp_path / "none").returncode == 0
    file.write_bytes(b"\n".join([*LINES[:-1], made_line(1)]))
    verified = run_inside("archive", "verify", *options, data_dir=tmp_path / "none")
    assert (verified.returncode, verified.stdout.endswith(b"holds other events than the source\n")) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["show"], 3),
        (["verify"], 3),
        (["build", "--from", "/no/such/file"], 2),
        (["build", "--from", "-", "--memory", "much"], 2),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path: Path, arguments: list[str], status: int) -> None:
    ran = run_inside("archive", *arguments, "--archive", tmp_path / "none", data_dir=tmp_path)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (status, 1)
