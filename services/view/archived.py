"""What a view that is built anew can read from the system's archive, and what is left to read from the ledger.

A segment of the archive never changes and holds each valid message as it came, with the recorded time that counts. So
it stands for the ledger's messages of its sequences, when these hold: its file is the one that was written (SHA-256 in
the manifest), the ledger still holds as many messages as the archive has of it, and the last message of every piece is
the ledger's own. What is no valid event is only counted in the archive: it is read from the ledger.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from projections.archive import ArchiveError, Manifest
from projections.archive.manifest import Segment, sha256_of
from projections.live.message import Source, Sources, take
from projections.live.quick import QuickReader
from projections.rebuild import Columns
from services.archive.fresh import last_if_held
from services.archive.pieces import read_sources
from services.system import DataDir, SystemRecord, find_system

__all__ = [
    "FROM_ARCHIVE",
    "Held",
    "Piece",
    "held_segments",
    "pieces_of",
    "quick_reader",
    "read_archived",
    "read_missing",
    "read_piece",
]

FROM_ARCHIVE: Final = "archived-"
"""With what the names of files begin that were read from the archive."""
_AT_ONCE: Final = 4096
_ATTEMPTS: Final = 5
_LIVE: Final = "school"
"""Any desk but the import: the recorded time that the archive has stands, whatever the event says itself."""
_APART: Final = 1000
"""Sequences that are rather read and passed over than asked for anew."""


class Held(NamedTuple):
    """An archive that stands for the beginning of the ledger, its segments linked to."""

    segments: list[tuple[Segment, Path]]
    messages: int
    """How many the ledger has up to `last`."""
    last: int
    """The last sequence that it covers."""


class Piece(NamedTuple):
    """A part of a segment that one process reads in one go: one row group."""

    path: Path
    group: int
    name: str


def held_segments(data_dir: DataDir, record: SystemRecord, directory: Path) -> Held:
    """Give the system's archive, its segments linked to in a directory: a build may join them and remove them.

    Raises ArchiveError, which says why, when there is none that stands for the ledger's beginning, and
    SystemUnavailable when the ledger does not answer.
    """
    for _ in range(_ATTEMPTS):
        manifest = Manifest.read(data_dir.archive)
        if manifest is None or not manifest.segments:
            raise ArchiveError("is not there")
        if manifest.source != "ledger":
            raise ArchiveError("was made of a file")
        if last_if_held(manifest, record) is None:
            raise ArchiveError("is not of this ledger as it is now")
        # A build meanwhile may have joined some of them into others.
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(mode=0o700)
        try:
            linked = [
                (segment, _linked(data_dir.archive / segment.file.path, directory)) for segment in manifest.segments
            ]
        except FileNotFoundError:
            continue
        messages = sum(segment.messages for segment in manifest.segments)
        return Held(linked, messages, manifest.position)
    raise ArchiveError("is not whole")


def _linked(path: Path, directory: Path) -> Path:
    place = directory / path.name
    try:
        os.link(path, place)
    except FileNotFoundError:
        raise
    except OSError:  # on another disk
        shutil.copyfile(path, place)
    return place


def pieces_of(segment: Segment, path: Path) -> list[Piece]:
    """Give the parts of a segment; raises ArchiveError when its file is not the one that was written."""
    if sha256_of(path) != segment.file.sha256:
        raise ArchiveError("is damaged: `archive verify` tells where")
    with pq.ParquetFile(path) as file:
        return [Piece(path, group, f"{FROM_ARCHIVE}{segment.first}-{group}") for group in range(file.num_row_groups)]


@lru_cache
def quick_reader() -> QuickReader:
    """Give the reader of this process: what it learned in one piece serves the next."""
    return QuickReader()


def read_piece(data_dir: Path, directory: Path, piece: Piece) -> int:
    """Read the messages of a piece into columns in a directory; give their number. Runs in a process of its own.

    Raises ArchiveError when the last of them is not what the ledger has there.
    """
    count, last = read_archived(directory, piece)
    if last is not None:
        _compare(data_dir, last)
    return count


def read_archived(directory: Path, piece: Piece) -> tuple[int, Source | None]:
    """Read the messages of a piece into columns, asking no ledger; give their number, and the last of them."""
    columns = Columns(directory / piece.name, quick_reader())
    count, last = 0, Sources()
    with pq.ParquetFile(piece.path) as file:
        names = ["position", "recorded_at", "event"]
        for batch in file.iter_batches(_AT_ONCE, row_groups=[piece.group], columns=names):
            last = _sources(batch)
            columns.read(last)
            count += len(last)
    columns.close()
    return count, last[len(last) - 1] if last else None


def _sources(batch: pa.RecordBatch) -> Sources:
    sources = Sources()
    sources.positions = batch.column("position").to_pylist()
    sources.stamps = batch.column("recorded_at").cast(pa.int64()).to_pylist()
    sources.desks = [_LIVE] * len(batch)
    sources.raws = batch.column("event").cast(pa.binary()).to_pylist()
    return sources


def _compare(data_dir: Path, archived: Source) -> None:
    record = find_system(DataDir(data_dir))
    for sources in read_sources(record, archived.position, archived.position):
        if len(sources) == 1 and sources.raws[0] == archived.raw and take(sources[0]) == take(archived):
            return
    raise ArchiveError("is of another ledger")


def read_missing(data_dir: Path, directory: Path, segment: Segment, path: Path) -> int:
    """Read from the ledger into columns what a segment only counted; give how many. Runs in a process of its own.

    Raises ArchiveError when they are not as many.
    """
    columns = Columns(directory / f"{FROM_ARCHIVE}{segment.first}", quick_reader())
    held = pq.read_table(path, columns=["position"]).column(0).to_numpy()
    missing = np.setdiff1d(np.arange(segment.first, segment.last + 1), held)
    wanted = set(missing.tolist())
    record = find_system(DataDir(data_dir))
    count = 0
    for first, last in _spans(missing):
        for sources in read_sources(record, first, last):
            left = Sources(sources[at] for at, position in enumerate(sources.positions) if position in wanted)
            columns.read(left)
            count += len(left)
    columns.close()
    if count != segment.malformed:
        raise ArchiveError("is not of this ledger as it is now")
    return count


def _spans(missing: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Iterator[tuple[int, int]]:
    """Give stretches of sequences that hold all these."""
    for stretch in np.split(missing, np.flatnonzero(np.diff(missing) > _APART) + 1):
        if len(stretch):
            yield int(stretch[0]), int(stretch[-1])
