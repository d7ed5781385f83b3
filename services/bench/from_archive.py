"""A system that begins behind an archive: its view is built of the archive alone, and its ledger goes on behind it.

Filling a ledger with a hundred million messages takes hours, and fifty gigabytes. What follows from it is made here by
the steps in which it is made anyway: segments from the events, the live view from the segments.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from events import EVENTS_STREAM
from projections.archive import Manifest, add_pieces
from projections.rebuild import build
from services.archive.pieces import file_pieces
from services.bench.context import Bench
from services.bench.figures import NotMeasured
from services.bench.systems import bare_ledger, set_up_address
from services.ledger import connect
from services.system import DataDir
from services.system.pool import processes
from services.view.archived import pieces_of, read_archived
from services.view.switching import ready_view

__all__ = ["begin_behind"]


def begin_behind(bench: Bench, events: Path, place: Path) -> None:
    """Make the data directory of a system whose view knows the events of a file, and whose ledger begins behind them.

    Raises NotMeasured when not every event came through.
    """
    archive = bench.place("archive")
    try:
        with TemporaryDirectory(dir=archive) as pieces:
            manifest = add_pieces(archive, Manifest("file"), file_pieces(events, Path(pieces)))
        bench.say("the live view is built from the archive of these")
        known = _build(archive, manifest, place)
        if known != manifest.position:
            raise NotMeasured("not every event of the archive came into the live view")
    finally:
        shutil.rmtree(archive)
    with bare_ledger(place) as data_dir:
        asyncio.run(_go_on_behind(data_dir, manifest.position))


def _build(archive: Path, manifest: Manifest, place: Path) -> int:
    """Build the view and lay it ready for the system; give its position."""
    ready = ready_view(DataDir(place))
    ready.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(dir=archive) as work, processes() as pool:
        directory = Path(work)
        pieces = [piece for segment in manifest.segments for piece in pieces_of(segment, archive / segment.file.path)]
        for read in [pool.submit(read_archived, directory, piece) for piece in pieces]:
            read.result()
        position = build(directory, directory / "live.sqlite", pool)
        (directory / "live.sqlite").replace(ready)
    return position


async def _go_on_behind(data_dir: DataDir, position: int) -> None:
    """Have the next message of an empty ledger follow on a sequence."""
    async with await connect(set_up_address(data_dir), name="benchmark") as ledger:
        await ledger.nc.jetstream().purge_stream(EVENTS_STREAM, seq=position + 1)
