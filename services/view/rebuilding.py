"""The live view built anew from the whole ledger, beside the one that is there, through the columnar query.

Following the ledger folds every event as it comes; built anew, each pupil is folded once, on every processor. What
comes out is the same (``projections.rebuild``), and the ordinary following goes on from its position. Where the system
has an archive, the ledger's beginning is read from that. Run as a module, it builds the view of the system on a data
directory, compared with the one that goes on meanwhile or not:
``python -m services.view.rebuilding DATA_DIR [compared]``.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
from collections.abc import Iterable
from concurrent.futures import Executor, Future, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import structlog
import uvloop

from projections.archive import ArchiveError
from projections.live.message import Source, Sources
from projections.parts.building import build_parts
from projections.rebuild import Columns, Told, build
from services.ledger.connecting import connect
from services.ledger.reading import read_ledger
from services.system import DataDir, SystemRecord, SystemUnavailable, find_system, view_of
from services.system.children import end_with_parent
from services.system.lean import stay_lean
from services.system.logs import configure_logging
from services.system.pool import processes
from services.view.archived import FROM_ARCHIVE, held_segments, pieces_of, quick_reader, read_missing, read_piece
from services.view.beside import COMPARED
from services.view.bringing import bring_up
from services.view.comparing import Compared, compare_beside
from services.view.newest import newest
from services.view.parts.switching import parts_take_over
from services.view.plain import NotPlainError, read_plainly
from services.view.switching import alone, lay_ready, position_in, working_directory

_log = structlog.get_logger(__name__)

_PIECE: Final = 250_000
"""Sequences that one process reads in one go."""


@dataclass(frozen=True)
class Rebuilt:
    """Up to which sequence the new view was built, and what came of comparing it; None: there was nothing to do so."""

    position: int
    compared: Compared | None


def rebuild(
    data_dir: DataDir, told: Told, *, compare: bool = True, piece: int = _PIECE, archive: bool = True
) -> Rebuilt:
    """Build a view of all that the ledger holds now and lay it ready, for the view's process to put it into place.

    ``told`` hears of each step. What the ``archive`` holds of the ledger is read from there. With ``compare`` it is
    brought up to the view in place first and compared with it; where they differ, the replay of the ledger tells which
    is right, and a view that is not is not laid ready. One that is, is brought up with the ledger before.
    Raises SystemUnavailable when the ledger does not answer, holds nothing, a view is being built already, or disk or
    memory do not suffice; then nothing has changed.
    """
    with alone(data_dir):
        return _rebuild(data_dir, told, compare, piece, archive)


def _rebuild(data_dir: DataDir, told: Told, compare: bool, piece: int, archive: bool) -> Rebuilt:
    directory = working_directory(data_dir)
    try:
        # Left behind by one that was ended on the way.
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(mode=0o700)
        parts = find_system(data_dir).workers > 1
        database = directory / ("parts" if parts else "live.sqlite")
        position = _build(data_dir, directory, database, told, piece, archive, parts=parts)
        compared = compare_beside(data_dir, database, position, told) if compare else None
        if compared is None or compared.sound:
            _hand_over(data_dir, database, position, told)
    except (OSError, sqlite3.Error, duckdb.Error, BrokenProcessPool) as error:
        # Their own words may hold what they were working on.
        raise SystemUnavailable(f"the live view cannot be built: {type(error).__name__}") from None
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return Rebuilt(position, compared)


def _hand_over(data_dir: DataDir, database: Path, position: int, told: Told) -> None:
    if database.is_dir():
        parts_take_over(data_dir, database, told)
        return
    place = view_of(data_dir)
    went_on = position_in(place) >= position  # one that is behind gets what it lacks of the new one
    if isinstance(place, Path):
        if went_on:
            bring_up(data_dir, database, told)
        lay_ready(data_dir, database)
        return
    from services.view.schemas import lay_copy

    lay_copy(data_dir, database, place, told, catch_up=went_on)


def _build(
    data_dir: DataDir, directory: Path, database: Path, told: Told, piece: int, archive: bool, *, parts: bool
) -> int:
    last = asyncio.run(newest(data_dir))
    step = "reading from the ledger"
    with processes() as pool:
        position = read = 0
        if archive:
            try:
                position, read = _read_archive(data_dir, directory, pool, told)
            except ArchiveError as why:
                step += f" (the archive {why})"
        pieces = [
            pool.submit(_read, data_dir.path, directory, first, min(first + piece - 1, last))
            for first in range(position + 1, last + 1, piece)
        ]
        if pieces:
            read += _counted(pieces, told, step, last - position)
        if not read:
            raise SystemUnavailable("the ledger holds nothing to build a view from")
        return (build_parts if parts else build)(directory, database, pool, told=told)


def _read_archive(data_dir: DataDir, directory: Path, pool: Executor, told: Told) -> tuple[int, int]:
    """Read what the system's archive holds; give up to which sequence, and how many messages.

    Raises ArchiveError, which says why, when it cannot be used; then nothing of it is left.
    """
    tasks: list[Future[int]] = []
    try:
        held = held_segments(data_dir, find_system(data_dir), directory / "archive")
        found = pool.map(pieces_of, *zip(*held.segments, strict=True))
        pieces = [piece for each in found for piece in each]
        counted_only = [each for each in held.segments if each[0].malformed]
        tasks += [pool.submit(read_missing, data_dir.path, directory, *each) for each in counted_only]
        tasks += [pool.submit(read_piece, data_dir.path, directory, piece) for piece in pieces]
        return held.last, _counted(tasks, told, "reading from the archive", held.messages)
    except (ArchiveError, OSError, pa.ArrowException) as error:
        for task in tasks:
            task.cancel()
        wait(tasks)
        for file in directory.glob(f"{FROM_ARCHIVE}*"):
            file.unlink()
        raise error if isinstance(error, ArchiveError) else ArchiveError("cannot be read") from None


def _counted(tasks: Iterable[Future[int]], told: Told, step: str, of: int) -> int:
    read = 0
    told(step, 0, of)
    for done in as_completed(tasks):
        read += done.result()
        told(step, read, of)
    return read


def _read(data_dir: Path, directory: Path, first: int, last: int) -> int:
    """Read messages into columns; give their number. Runs in a process of its own."""
    columns = Columns(directory / f"{first}", quick_reader())
    count, position = 0, first - 1
    record = find_system(DataDir(data_dir))
    pieces = read_plainly(record, first, last)
    while True:
        try:
            sources = next(pieces, None)
        except (NotPlainError, OSError, ValueError, IndexError):
            count += uvloop.run(_read_rest(record, columns, position + 1, last))
            break
        if sources is None:
            break
        columns.read(sources)
        count += len(sources)
        position = sources.positions[-1] if sources else position
    columns.close()
    return count


async def _read_rest(record: SystemRecord, columns: Columns, first: int, last: int) -> int:
    count = 0
    async with await connect(record.nats, name="rebuild", patient=True) as ledger:
        async for batch in read_ledger(ledger.nc, last, first):
            told = (Source(sequence, stamped, _desk(subject), raw) for sequence, stamped, subject, raw in batch)
            columns.read(Sources(told))
            count += len(batch)
    return count


@lru_cache
def _desk(subject: str) -> str:
    return subject.split(".")[2]


def _log_step(step: str, done: int, of: int) -> None:
    _log.info("the live view is being built", step=step, done=done, of=of)


if __name__ == "__main__":
    stay_lean()
    configure_logging()
    end_with_parent()
    try:
        built = rebuild(DataDir(Path(sys.argv[1])), _log_step, compare=COMPARED in sys.argv[2:])
    except SystemUnavailable as why:
        _log.error("the live view cannot be built", why=why.message)
        sys.exit(3)
    if built.compared is not None and not built.compared.sound:
        _log.error("the new live view differs from the replay of the ledger: it is not put into place")
        sys.exit(1)
