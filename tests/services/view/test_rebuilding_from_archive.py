"""A live view built anew from the archive and what follows it in the ledger is the one that following gives."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from events import EVENTS_STREAM
from projections.archive import ArchiveError, Manifest
from projections.evaluation import columns
from services.archive import pieces
from services.view.archived import held_segments, pieces_of
from services.view.rebuilding import rebuild
from services.view.switching import put_into_place, working_directory
from tests.projections.evaluation.histories import COUNTED, COVERED, line, random_history
from tests.projections.rebuild.test_rebuild import contents
from tests.services.view.test_rebuilding import followed
from tests.support.systems import RunningLedger, running_ledger

MALFORMED = b'{"not": "an event"'


def troubled(seed: int) -> list[bytes]:
    """Lines with copies, other contents under one key, retractions and messages that are no events."""
    random = Random(seed)
    said = random_history(seed, [*COUNTED, *COVERED])
    lines = [line(event).encode() for event in said]
    lines += random.sample(lines, len(lines) // 3)
    lines += [line(replace(random.choice(said), source=one.source, id=one.id)).encode() for one in said[:12]]
    lines += [MALFORMED] * 3
    random.shuffle(lines)
    return [MALFORMED, *lines, MALFORMED]


def store(ledger: RunningLedger, lines: Sequence[bytes]) -> None:
    """Publish lines, events or not, some as from a desk and some as an import: then its own recorded time counts."""

    async def publish() -> None:
        async with ledger.connected() as connection:
            js = connection.nc.jetstream()
            for number, raw in enumerate(lines):
                desk = "school" if number % 7 == 3 else "import"
                await js.publish(f"kib.events.{desk}.contact-lost", raw)

    asyncio.run(publish())


def archived(ledger: RunningLedger) -> None:
    done = ledger.run_inside("archive", "build")
    assert done.returncode == 0, done.stderr


def built_as_followed(ledger: RunningLedger, directory: Path) -> dict[str, int]:
    """Build the view anew, hold it against one that followed, and give how much was read in each step."""
    read: dict[str, int] = {}

    def told(step: str, done: int, of: int) -> None:
        assert 0 <= done <= of, step
        if step.startswith("reading"):
            read[step] = done

    position = rebuild(ledger.data_dir, told, compare=False, piece=150).position
    assert position == asyncio.run(ledger.stored())[-1][0]
    assert put_into_place(ledger.data_dir)
    assert contents(ledger.data_dir.live_view) == contents(followed(ledger, directory / "followed.sqlite"))
    assert not working_directory(ledger.data_dir).exists()
    return read


@pytest.mark.parametrize("seed", [1, 2])
def test_the_beginning_from_the_archive_and_the_rest_from_the_ledger(
    ledger: RunningLedger, tmp_path: Path, seed: int
) -> None:
    lines = troubled(seed)
    cut = Random(seed).randint(1, len(lines) - 1)
    store(ledger, lines[:cut])
    archived(ledger)
    store(ledger, lines[cut:])
    read = built_as_followed(ledger, tmp_path)
    assert read == {"reading from the archive": cut, "reading from the ledger": len(lines) - cut}


def test_an_archive_that_has_all_of_it_in_several_segments_and_pieces(
    ledger: RunningLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "_PIECE", 100)
    monkeypatch.setattr(columns, "_ROW_GROUP", 100)
    lines = troubled(4)
    begin = 0
    for cut in (len(lines) * 7 // 10, len(lines) * 9 // 10, len(lines)):
        store(ledger, lines[begin:cut])
        archived(ledger)
        begin = cut
    manifest = Manifest.read(ledger.data_dir.archive)
    assert manifest is not None
    assert len(manifest.segments) > 1
    assert built_as_followed(ledger, tmp_path) == {"reading from the archive": len(lines)}


def test_nothing_of_the_archive_is_read_where_that_is_asked_for(ledger: RunningLedger) -> None:
    lines = troubled(5)
    store(ledger, lines)
    archived(ledger)
    for options, words in (([], b"reading from the archive: "), (["--from-ledger"], b"reading from the ledger: ")):
        done = ledger.run_inside("rebuild", "--wait", "0", *options)
        assert done.returncode == 0, done.stderr
        assert (b"from the archive" in done.stderr) == (not options)
        assert words in done.stderr


@pytest.fixture
def other(tmp_path: Path) -> Iterator[RunningLedger]:
    """Another system."""
    with running_ledger(tmp_path / "other") as running:
        yield running


def test_the_archive_of_another_ledger_is_not_used(ledger: RunningLedger, other: RunningLedger, tmp_path: Path) -> None:
    lines = troubled(6)
    store(other, lines)
    archived(other)
    store(ledger, [lines[-2], *lines[1:-2], lines[0], lines[-1]])
    shutil.copytree(other.data_dir.archive, ledger.data_dir.archive)
    read = built_as_followed(ledger, tmp_path)
    assert read.pop("reading from the archive") < len(lines)
    assert list(read.values()) == [len(lines)]
    assert "(the archive is " in next(iter(read))


def of_a_file(ledger: RunningLedger) -> None:
    path = ledger.data_dir.path / "events.ndjson"
    path.write_bytes(b"\n".join(raw for raw in troubled(7) if raw != MALFORMED) + b"\n")
    assert ledger.run_inside("archive", "build", "--anew", "--from", path).returncode == 0


def removed_from_the_ledger(ledger: RunningLedger) -> None:
    async def remove() -> None:
        async with ledger.connected() as connection:
            await connection.nc.jetstream().delete_msg(EVENTS_STREAM, 2)

    asyncio.run(remove())


def damaged(ledger: RunningLedger) -> None:
    [path] = (ledger.data_dir.archive / "ledger").iterdir()
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)


def gone(ledger: RunningLedger) -> None:
    [path] = (ledger.data_dir.archive / "ledger").iterdir()
    path.unlink()


def unreadable(ledger: RunningLedger) -> None:
    (ledger.data_dir.archive / "manifest.json").write_text("{")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (of_a_file, "was made of a file"),
        (removed_from_the_ledger, "is not of this ledger as it is now"),
        (damaged, "is damaged"),
        (gone, "is not whole"),
        (unreadable, "its manifest cannot be read"),
        (lambda ledger: shutil.rmtree(ledger.data_dir.archive), "is not there"),
    ],
)
def test_an_archive_that_does_not_stand_for_the_ledger_says_why(
    ledger: RunningLedger, tmp_path: Path, spoil: object, why: str
) -> None:
    assert callable(spoil)
    store(ledger, troubled(8)[:60])
    archived(ledger)
    spoil(ledger)

    def look() -> None:
        for segment, path in held_segments(ledger.data_dir, ledger.record, tmp_path / "held").segments:
            pieces_of(segment, path)

    with pytest.raises(ArchiveError, match=why):
        look()


def test_segments_that_a_build_joins_meanwhile_are_read_to_their_end(ledger: RunningLedger, tmp_path: Path) -> None:
    store(ledger, troubled(9))
    archived(ledger)
    held = held_segments(ledger.data_dir, ledger.record, tmp_path / "held")
    [path] = (ledger.data_dir.archive / "ledger").iterdir()
    whole = path.read_bytes()
    path.unlink()
    assert [linked.read_bytes() for _, linked in held.segments] == [whole]
    with pytest.raises(ArchiveError):
        held_segments(ledger.data_dir, ledger.record, tmp_path / "held")
