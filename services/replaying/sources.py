"""Where the events of a replay come from: a running system's ledger, an archive, or a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from projections.archive import Manifest
from projections.archive.writing import batches_in
from services.archive.failing import failing
from services.archive.pieces import file_pieces, last_of, ledger_pieces
from services.system import DataDir, SystemUnavailable, find_system

__all__ = ["batches_of"]


def batches_of(file: str | None, archive: Path | None, data_dir: DataDir, work: Path) -> Iterator[pa.RecordBatch]:
    """Give the events of a file, of an archive, or of the ledger of the system that runs on a data directory.

    In the order of the ledger; `work` is worked in. Raises a CommandError, or what reading a file raises.
    """
    if file is not None:
        pieces = file_pieces(file, work)
    elif archive is not None:
        with failing(archive):
            manifest = Manifest.read(archive)
            if manifest is None:
                raise SystemUnavailable(f"the archive in {archive} cannot be read: there is none")
            for segment in manifest.segments:
                yield from batches_in(archive / segment.file.path)
        return
    else:
        pieces = ledger_pieces(data_dir, work, 1, last_of(find_system(data_dir)))
    for piece in pieces:
        yield from piece.batches
