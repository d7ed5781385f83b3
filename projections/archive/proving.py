"""Proof that an archive is whole, and holds what it was made of."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from projections.archive.digest import Digest
from projections.archive.log import CHUNK, LOG, write_log
from projections.archive.manifest import Manifest, Segment, Settled, sha256_of
from projections.archive.settling import connected
from projections.archive.writing import Piece, batches_in

__all__ = ["Found", "Held", "damaged", "settled_as_said"]


class Found(NamedTuple):
    """A difference, in words without anything of an event."""

    where: str
    what: str


def damaged(directory: Path, manifest: Manifest) -> Iterator[Found]:
    """Hold every file against its checksum, and every segment against the digest of its events."""
    for file in manifest.files:
        path = directory / file.path
        if not path.is_file():
            yield Found(file.path, "is not there")
        elif sha256_of(path) != file.sha256:
            yield Found(file.path, "is not what was written: its checksum differs")
    position = 0
    for segment in manifest.segments:
        if segment.first <= position or segment.last < segment.first:
            yield Found(segment.file.path, "does not follow on the segment before it")
        position = segment.last


class Held:
    """Holds events that are read anew, in their order, against the segments."""

    def __init__(self, manifest: Manifest) -> None:
        """Nothing was read yet."""
        self._segments = manifest.segments
        self._digests = [Digest() for _ in manifest.segments]
        self._last = manifest.position
        self._messages = 0
        self._whole = True
        self._at = 0

    def add(self, piece: Piece) -> None:
        """Take in what was read; what lies behind the last segment is passed over."""
        if piece.first <= self._last < piece.last:
            self._whole = False  # a file that has grown: which of these messages are no events is not told
        elif piece.last <= self._last:
            self._messages += piece.messages
        for batch in piece.batches:
            self._add(batch)

    def _add(self, batch: pa.RecordBatch) -> None:
        positions = batch.column("position").to_numpy()
        while len(positions) and self._at < len(self._segments):
            inside = int(positions.searchsorted(self._segments[self._at].last, side="right"))
            if inside:
                self._digests[self._at].add(batch.slice(0, inside))
            if inside == len(positions):
                return
            batch, positions = batch.slice(inside), positions[inside:]
            self._at += 1

    def differences(self) -> Iterator[Found]:
        """Give the segments that hold something else than what was read."""
        for segment, digest in zip(self._segments, self._digests, strict=True):
            if digest.events != segment.file.rows:
                yield Found(_span(segment), f"holds {segment.file.rows} events, the source {digest.events}")
            elif digest.hexdigest() != segment.digest:
                yield Found(_span(segment), "holds other events than the source")
        messages = sum(segment.messages for segment in self._segments)
        if self._whole and messages != self._messages:
            yield Found("all segments", f"are of {messages} messages, the source has {self._messages}")


def _span(segment: Segment) -> str:
    return f"the segment of {segment.first} to {segment.last}"


_SETTLED: Final = "select pupil, occurred, recorded, until_known, kind, rank, sector, place, household, detail, source"
_SUM: Final = (
    "select count(*), coalesce(sum(hash(report)::hugeint), 0)::varchar from ({0}, position from {1}) as report"
)
_SCHOOLS: Final = (
    "select count(*), coalesce(sum(hash(position, recorded_at, until_known)::hugeint), 0)::varchar from {0} "
    "where kind in ('school-registered', 'week-reported', 'closure-announced')"
)


def settled_as_said(
    directory: Path, manifest: Manifest, work: Path, memory: str, chunk: int = CHUNK
) -> Iterator[Found]:
    """Settle the segments anew, and hold what stands against the settled files; their order is held too."""
    for segment in manifest.segments:
        digest = Digest()
        for batch in batches_in(directory / segment.file.path):
            digest.add(batch)
        if digest.hexdigest() != segment.digest:
            yield Found(_span(segment), "holds other events than its digest says")
    settled = manifest.settled
    if settled is None:
        yield Found("the archive", "was not settled")
        return
    every = [directory / segment.file.path for segment in manifest.segments]
    with connected(every, work, memory, settled.position) as connection:
        connection.execute(files(__package__).joinpath("settle.sql").read_text())
        for name, asked, anew in (
            ("reports", _SUM.format(_SETTLED, "held"), _SUM.format(_SETTLED, "report")),
            ("schools", _SCHOOLS.format("held"), _SCHOOLS.format("standing")),
        ):
            paths = [str(directory / file.path) for file in settled.files[name]]
            connection.read_parquet(paths).create_view("held", replace=True)
            if connection.execute(asked).fetchall() != connection.execute(anew).fetchall():
                yield Found(f"the settled {name}", "are not what stands of the segments")
    yield from _logged_as_said(directory, settled, work, chunk)


def _logged_as_said(directory: Path, settled: Settled, work: Path, chunk: int) -> Iterator[Found]:
    """Write the log of cell changes anew, and hold each row group against that of the archive."""
    held = {name: directory / file.path for name in LOG for file in settled.files.get(name, [])}
    anew = work / "log"
    anew.mkdir()
    written = write_log(work, anew, [directory / file.path for file in settled.files["reports"]], chunk)
    if held and (set(held) != set(written) or not all(_same(held[name], anew / f"{name}.parquet") for name in LOG)):
        yield Found("the log of cell changes", "is not what follows from the settled reports")


def _same(path: Path, other: Path) -> bool:
    with pq.ParquetFile(path) as file, pq.ParquetFile(other) as anew:
        groups = range(file.num_row_groups)
        return file.num_row_groups == anew.num_row_groups and all(
            file.read_row_group(group).equals(anew.read_row_group(group)) for group in groups
        )
