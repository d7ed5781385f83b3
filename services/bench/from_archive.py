"""A system that begins behind an archive: its view is built of the archive alone, and its ledger goes on behind it.

Filling a ledger with a hundred million messages takes hours, and fifty gigabytes. What follows from it is made here by
the steps in which it is made anyway: segments from the events, the live view from the segments.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from events import EVENTS_STREAM
from projections.archive import ArchiveError, Manifest, locked
from projections.archive.settling import settle
from projections.rebuild import build
from services.archive.fresh import link_to
from services.bench.context import Bench
from services.bench.figures import NotMeasured
from services.bench.systems import bare_ledger, set_up_address
from services.ledger import connect
from services.system import DataDir
from services.system.pool import processes
from services.view.archived import pieces_of, read_archived
from services.view.switching import ready_view

__all__ = ["begin_behind", "last_lines"]

_LAST: Final = 2
"""Segments at the end, of a million events or so each, among whose events there are enough of those that were last."""


def begin_behind(bench: Bench, archive: Path, place: Path) -> None:
    """Make the data directory of a system whose view knows the events of an archive, and whose ledger goes on behind.

    Raises NotMeasured when not every event came through.
    """
    manifest = _manifest(archive)
    bench.say("the live view is built from an archive of these")
    work = bench.place("building")
    try:
        known = _build(archive, manifest, work, place)
    finally:
        shutil.rmtree(work)
    if known != manifest.position:
        raise NotMeasured("not every event of the archive came into the live view")
    bench.say("the archive is settled, as a running system has it")
    _settle(archive, manifest, DataDir(place).archive)
    with bare_ledger(place) as data_dir:
        asyncio.run(_go_on_behind(data_dir, manifest.position))


def last_lines(archive: Path) -> Iterator[bytes]:
    """Give the last events of an archive, some of a million or two, in its order."""
    for segment in _manifest(archive).segments[-_LAST:]:
        with pq.ParquetFile(archive / segment.file.path) as file:
            for batch in file.iter_batches(columns=["event"]):
                yield from batch.column(0).cast(pa.binary()).to_pylist()


def _manifest(archive: Path) -> Manifest:
    manifest = Manifest.read(archive)
    if manifest is None:
        raise ArchiveError("is not there")
    return manifest


def _build(archive: Path, manifest: Manifest, directory: Path, place: Path) -> int:
    """Build the view in a directory to work in and lay it ready for the system; give its position."""
    ready = ready_view(DataDir(place))
    ready.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with processes() as pool:
        pieces = [piece for segment in manifest.segments for piece in pieces_of(segment, archive / segment.file.path)]
        for read in [pool.submit(read_archived, directory, piece) for piece in pieces]:
            read.result()
        position = build(directory, directory / "live.sqlite", pool)
    (directory / "live.sqlite").replace(ready)
    return position


def _settle(archive: Path, manifest: Manifest, directory: Path) -> None:
    """Give a system the archive of what its view knows; the segments are only linked to."""
    linked = link_to(archive, manifest, directory)
    with locked(directory):
        settle(directory, linked)


async def _go_on_behind(data_dir: DataDir, position: int) -> None:
    """Have the next message of an empty ledger follow on a sequence."""
    async with await connect(set_up_address(data_dir), name="benchmark") as ledger:
        await ledger.nc.jetstream().purge_stream(EVENTS_STREAM, seq=position + 1)
