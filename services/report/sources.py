"""Where a report's events come from: an archive, a file of events, or the ledger of a running system."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow.compute as pc
import pyarrow.parquet as pq

from projections.archive import Archive, ArchiveError
from projections.archive.digest import Digest
from services.archive.building import build
from services.archive.failing import failing
from services.system import DataDir, SystemUnavailable, find_system

__all__ = ["checksum", "opened"]

_COLUMNS: Final = ["position", "recorded_at", "event"]


@contextmanager
def opened(
    file: str | None, directory: Path | None, data_dir: DataDir, memory: str, told: Callable[[str], None]
) -> Iterator[Archive]:
    """Open the archive in `directory`, or one made for the time being of `file` or of the system's ledger.

    With neither: the system's archive; where there is none, its ledger while it runs. Raises a CommandError.
    """
    if file is None:
        place = data_dir.archive if directory is None else directory
        try:
            archive = Archive(place)
        except ArchiveError as error:
            if directory is not None or not _runs(data_dir):
                raise SystemUnavailable(f"the archive in {place} {error}") from None
        else:
            with failing(place):
                yield archive
            return
    with TemporaryDirectory(prefix="kindinbeeld-") as temporary:
        place = Path(temporary) / "archive"
        build(place, data_dir, file, anew=False, memory=memory, told=told)
        with failing(place):
            yield Archive(place)


def _runs(data_dir: DataDir) -> bool:
    try:
        find_system(data_dir)
    except SystemUnavailable:
        return False
    return True


def checksum(archive: Archive, as_of: int) -> tuple[int, str]:
    """Give the number of events that were recorded by K, copies too, and a checksum of them.

    It does not depend on what came later, nor on how the archive was built: `projections.archive.digest`.
    """
    digest = Digest()
    at = pc.cast(as_of, "int64")
    for segment in archive.manifest.segments:
        with pq.ParquetFile(archive.directory / segment.file.path) as file:
            for batch in file.iter_batches(columns=_COLUMNS):
                known = pc.less_equal(batch.column("recorded_at").cast("int64"), at)
                digest.add(batch if pc.all(known).as_py() else batch.filter(known))
    return digest.events, digest.hexdigest()
