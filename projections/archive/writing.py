"""Events into immutable segments, in the order of the ledger, each exactly once.

A segment is written under another name, flushed to the disk and renamed; then the manifest names it. Whoever is killed
on the way leaves a file that no manifest names: it is removed, and its messages are read again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from projections.archive.digest import Digest
from projections.archive.manifest import ArchiveError, File, Manifest, Segment, sha256_of, sync
from projections.durable import fsync_directory
from projections.evaluation.columns import write_parquet

__all__ = ["SEGMENT", "Piece", "add_pieces", "batches_in", "finish"]

SEGMENT: Final = 1_000_000
"""Messages of one segment at most, about."""


@dataclass(frozen=True)
class Piece:
    """Messages with sequences from ``first`` to ``last``: those that are valid events, as columns in their order."""

    first: int
    last: int
    messages: int
    batches: Iterable[pa.RecordBatch]


def add_pieces(directory: Path, manifest: Manifest, pieces: Iterable[Piece], size: int = SEGMENT) -> Manifest:
    """Append what follows the last sequence of an archive, segment by segment; give its new manifest.

    The pieces follow on each other. At the end small segments are joined, so that there are never many.
    """
    waiting: list[Piece] = []
    for piece in pieces:
        waiting.append(piece)
        if sum(each.messages for each in waiting) >= size:
            manifest = _append(directory, manifest, waiting)
            waiting = []
    if waiting and waiting[-1].last > manifest.position:
        manifest = _append(directory, manifest, waiting)
    return _compacted(directory, manifest, size)


def batches_in(path: Path) -> Iterable[pa.RecordBatch]:
    """Give the events in a file of the archive, or of `export`."""
    try:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches()
    except (OSError, pa.ArrowException):
        raise ArchiveError(f"{path.name} cannot be read") from None


def finish(path: Path, place: Path, rows: int, directory: Path) -> File:
    """Have a file on the disk itself, give it its name, and describe it."""
    with path.open("rb+") as file:
        sync(file.fileno())
    path.chmod(0o600)
    checksum = sha256_of(path)
    path.replace(place)
    fsync_directory(place.parent)
    return File(place.relative_to(directory).as_posix(), rows, place.stat().st_size, checksum)


def _append(directory: Path, manifest: Manifest, pieces: list[Piece]) -> Manifest:
    messages = sum(piece.messages for piece in pieces)
    batches = (batch for piece in pieces for batch in piece.batches)
    segment = _written(directory, pieces[0].first, pieces[-1].last, messages, batches)
    manifest = replace(manifest, segments=(*manifest.segments, segment))
    manifest.write(directory)
    return manifest


def _written(directory: Path, first: int, last: int, messages: int, batches: Iterable[pa.RecordBatch]) -> Segment:
    digest = Digest()

    def through() -> Iterable[pa.RecordBatch]:
        for batch in batches:
            digest.add(batch)
            yield batch

    place = directory / "ledger" / f"{first:012}-{last:012}.parquet"
    place.parent.mkdir(exist_ok=True, mode=0o700)
    partial = place.with_suffix(".part")
    rows = write_parquet(through(), partial)
    file = finish(partial, place, rows, directory)
    return Segment(file, first, last, messages, messages - rows, digest.hexdigest())


def _compacted(directory: Path, manifest: Manifest, size: int) -> Manifest:
    """Join the last segments while each is at most twice what follows it: a few remain, however often one appends."""
    segments = list(manifest.segments)
    joined = 1
    following = segments[-1].messages if segments else 0
    while joined < len(segments):
        before = segments[-joined - 1].messages
        if before > 2 * following or before + following > size:
            break
        following += before
        joined += 1
    if joined < 2:
        return manifest
    parts = segments[-joined:]
    batches = (batch for part in parts for batch in batches_in(directory / part.file.path))
    whole = _written(directory, parts[0].first, parts[-1].last, following, batches)
    manifest = replace(manifest, segments=(*segments[:-joined], whole))
    manifest.write(directory)
    for part in parts:
        (directory / part.file.path).unlink()
    return manifest
