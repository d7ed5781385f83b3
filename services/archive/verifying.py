"""Does an archive hold what its ledger (or file) holds: its files, its segments, and the ledger read anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from projections.archive import ArchiveError, Manifest, Piece, locked
from projections.archive.proving import Found, Held, damaged, settled_as_said
from services.archive.building import Told, working
from services.archive.failing import failing
from services.archive.pieces import file_pieces, last_of, ledger_pieces
from services.system import DataDir, SystemUnavailable, find_system

__all__ = ["verify"]


def verify(directory: Path, data_dir: DataDir, file: str | None, *, memory: str, told: Told) -> list[Found]:
    """Give everything in which an archive differs from what it was made of; nothing, when it holds that exactly.

    Raises a CommandError when that cannot be told.
    """
    if not directory.is_dir():
        raise SystemUnavailable(f"the archive in {directory} cannot be read: there is none")
    with failing(directory), locked(directory), working(directory) as work:
        manifest = Manifest.read(directory)
        if manifest is None:
            raise ArchiveError("cannot be read: there is none")
        told("its files")
        if found := list(damaged(directory, manifest)):
            return found
        told("what stands of its events")
        found = list(settled_as_said(directory, manifest, work, memory))
        told("the source, read anew")
        return found + list(_as_read(manifest, data_dir, file, work))


def _as_read(manifest: Manifest, data_dir: DataDir, file: str | None, work: Path) -> Iterator[Found]:
    held = Held(manifest)
    if file is not None or manifest.source == "file":
        if file is None:
            raise SystemUnavailable("the archive was made of a file: --from FILE names it")
        pieces: Iterator[Piece] = file_pieces(file, work)
    else:
        last = min(last_of(find_system(data_dir)), manifest.position)
        pieces = ledger_pieces(data_dir, work, 1, last)
    for piece in pieces:
        held.add(piece)
    yield from held.differences()
