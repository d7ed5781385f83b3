"""The archive of a system as a source for others: when it tells all that the ledger tells, as of some instant.

Where an archive is kept current, a few events are always missing in it. As of an instant before any of those was
recorded they make no difference: so they are read, and when the earliest of them was recorded tells how far the
archive reaches.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, NamedTuple

from projections.archive import Archive, ArchiveError, Manifest
from services.archive.pieces import as_archive, ledger_pieces
from services.ledger.asking import stream_info
from services.ledger.connecting import connect
from services.system import DataDir, SystemRecord

if TYPE_CHECKING:
    from nats.js.api import StreamState

__all__ = ["Kept", "begin_with", "fresh_archive", "kept_archive", "last_if_held", "link_to"]

_TAIL: Final = 50_000
"""Messages behind the archive that are read to know how far it reaches; with more it is to be built first."""


class Kept(NamedTuple):
    """An archive, and what it tells."""

    archive: Archive
    position: int
    """The ledger's last sequence: up to there all is known."""
    reaches: int | None
    """The last instant (microseconds) as of which it tells what the ledger tells; None: as of every instant."""


def kept_archive(data_dir: DataDir, record: SystemRecord) -> Kept | None:
    """Give the system's archive and how far it reaches; None when there is none, or it is to be built first.

    It holds nothing that was removed from the ledger since. Raises SystemUnavailable when the ledger does not answer.
    """
    try:
        archive = Archive(data_dir.archive)
    except ArchiveError:
        return None
    position, last = archive.settled.position, last_if_held(archive.manifest, record)
    if last is None or archive.manifest.position != position or last - position > _TAIL:
        return None
    return Kept(archive, last, None if last == position else _before(data_dir, position + 1, last))


def fresh_archive(data_dir: DataDir, record: SystemRecord, as_of: int) -> Kept | None:
    """Give the system's archive if it tells, as of an instant in microseconds, what the ledger tells. See above."""
    kept = kept_archive(data_dir, record)
    return None if kept is None or (kept.reaches is not None and as_of > kept.reaches) else kept


def begin_with(data_dir: DataDir, record: SystemRecord, directory: Path) -> None:
    """Let an archive that is to be built elsewhere begin with what the system's holds, where it holds anything.

    Its segments are only linked to, for as long as nobody builds the system's archive: who finds one gone begins anew.
    """
    with suppress(ArchiveError):
        manifest = Manifest.read(data_dir.archive)
        if manifest is not None and last_if_held(manifest, record) is not None:
            link_to(data_dir.archive, manifest, directory).write(directory)


def link_to(archive: Path, manifest: Manifest, directory: Path) -> Manifest:
    """Have a directory hold the segments of an archive, as links; give what its manifest would say, of a ledger."""
    for segment in manifest.segments:
        path = directory / segment.file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(archive / segment.file.path)
    return Manifest("ledger", manifest.segments)


def last_if_held(manifest: Manifest, record: SystemRecord) -> int | None:
    """Give the ledger's last sequence if all that an archive holds is in it; None when it is not."""
    state = asyncio.run(_state(record))
    held = sum(segment.messages for segment in manifest.segments)
    missing = state.last_seq - manifest.position
    whole = manifest.source == "ledger" and missing >= 0 and held + missing == state.messages
    return state.last_seq if whole else None


def _before(data_dir: DataDir, first: int, last: int) -> int | None:
    """Give the last instant before any event of the ledger from `first` to `last` was recorded; None without any."""
    import pyarrow.compute as pc

    earliest: list[int] = []
    with TemporaryDirectory(prefix="kindinbeeld-") as work:
        for piece in ledger_pieces(data_dir, Path(work), first, last):
            earliest += [
                pc.min(batch.column("recorded_at")).cast("int64").as_py() for batch in piece.batches if len(batch)
            ]
    return min(earliest) - 1 if earliest else None


async def _state(record: SystemRecord) -> StreamState:
    async with await connect(as_archive(record).nats, name="archive") as ledger:
        return (await stream_info(ledger.nc)).state
