"""Building an archive, or bringing it up to date: what follows its last sequence is added, and all is settled anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pyarrow.parquet as pq

from projections.archive import Manifest, Piece, add_pieces, locked
from projections.archive.settling import settle
from services.archive.failing import failing
from services.archive.pieces import file_pieces, last_of, ledger_pieces
from services.system import DataDir, SystemUnavailable, WrongUsage, find_system

__all__ = ["Told", "build", "working"]

Told = Callable[[str], None]
"""Told of each step, in words."""
_TELLING: Final = ["position", "recorded_at", "event"]
"""What tells an event from every other."""


def build(directory: Path, data_dir: DataDir, file: str | None, *, anew: bool, memory: str, told: Told) -> Manifest:
    """Build the archive of a ledger, or of a file of events; give its manifest.

    Whatever was written is never read again, however the last build ended. With `anew` all is. Raises a CommandError.
    """
    source = "ledger" if file is None else "file"
    with failing(directory), locked(directory):
        manifest = None if anew else Manifest.read(directory)
        if manifest is None:
            for name in ("ledger", "settled", "manifest.json"):
                _remove(directory / name)
            manifest = Manifest(source)
        if manifest.source != source:
            raise WrongUsage(f"--archive: was made of a {manifest.source}; --anew makes it of another source")
        before = manifest.position
        manifest.remove_others(directory)
        with working(directory) as work:
            manifest = add_pieces(directory, manifest, _told(_pieces(directory, manifest, data_dir, file, work), told))
        if manifest.settled is None or manifest.settled.position != manifest.position or anew:
            told(f"settling {sum(segment.file.rows for segment in manifest.segments)} events")
            manifest = settle(directory, manifest, memory)
        manifest.remove_others(directory)
        told(f"added {manifest.position - before}, up to {manifest.position}")
        return manifest


def _pieces(directory: Path, manifest: Manifest, data_dir: DataDir, file: str | None, work: Path) -> Iterator[Piece]:
    if file is not None:
        return file_pieces(file, work, manifest.position)
    last = last_of(find_system(data_dir))
    if last < manifest.position:
        raise SystemUnavailable("the ledger ends before the archive: it is another one; --anew makes the archive of it")
    if (row := _last_row(directory, manifest)) is not None and not _in_ledger(row, data_dir, work):
        raise SystemUnavailable("the ledger has other events than the archive; --anew makes the archive of it")
    return ledger_pieces(data_dir, work, manifest.position + 1, last)


def _last_row(directory: Path, manifest: Manifest) -> dict[str, Any] | None:
    """Give the last event that an archive holds; None when it holds none."""
    for segment in reversed(manifest.segments):
        if segment.file.rows:
            with pq.ParquetFile(directory / segment.file.path) as file:
                table = file.read_row_group(file.num_row_groups - 1, columns=_TELLING)
            found: dict[str, Any] = table.slice(len(table) - 1).to_pylist()[0]
            return found
    return None


def _in_ledger(row: dict[str, Any], data_dir: DataDir, work: Path) -> bool:
    """Whether a ledger has an event where the archive has it; one that was removed since speaks for no other ledger."""
    for piece in ledger_pieces(data_dir, work, row["position"], row["position"]):
        rows = [each for batch in piece.batches for each in batch.select(_TELLING).to_pylist()]
        return rows == [row] or not piece.messages
    return True


def _told(pieces: Iterator[Piece], told: Told) -> Iterator[Piece]:
    for piece in pieces:
        told(f"read up to {piece.last}")
        yield piece


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def working(directory: Path) -> Iterator[Path]:
    """Give a directory to work in, and remove it; also those that a killed process left."""
    for left in directory.glob("work-*"):
        shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(dir=directory, prefix="work-") as work:
        yield Path(work)
