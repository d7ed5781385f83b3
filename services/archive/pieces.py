"""Where an archive's events come from: the ledger, or a file of events, piece by piece and in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import uvloop
from numpy.typing import NDArray

from events import CLOCK_TOLERANCE, IMPORT_DESK, Rejected
from events.quick import Checked, QuickChecker
from projections.archive import Piece
from projections.evaluation.columns import SCHEMA, ColumnsBuilder, batch_of, check_parquet, is_parquet, write_parquet
from projections.evaluation.reading import Written, write_pieces
from projections.live.message import Source, Sources
from services.ledger.connecting import connect
from services.ledger.message import judge
from services.ledger.reading import last_sequence, read_ledger
from services.system import DataDir, SystemRecord, find_system
from services.system.pool import processes
from services.view.plain import NotPlainError, read_plainly

__all__ = ["as_archive", "file_pieces", "last_of", "ledger_pieces", "read_sources"]

_PIECE: Final = 100_000
"""Sequences that one process reads in one go."""
_AHEAD: Final = 6
"""Pieces that are read before the one that is written."""


def file_pieces(path: str | Path, directory: Path, after: int = 0) -> Iterator[Piece]:
    """Give the events of a file (NDJSON, or Parquet from `export`) behind a line; `directory` is worked in.

    Raises LinesError or ColumnsError for a file that cannot be read to its end.
    """
    if is_parquet(path):
        check_parquet(path)
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                yield from _behind(pa.Table.from_batches([batch]), 0, after)
        return
    for written in write_pieces(path, directory, after):
        yield _of_lines(written, after)
        written.path.unlink()


def _of_lines(written: Written, after: int) -> Piece:
    table = pq.read_table(written.path).sort_by("position")
    table = table.filter(pc.greater(table["position"], after))
    rejected = sum(number > after for number, _ in written.rejected)
    return Piece(max(written.first, after + 1), written.last, len(table) + rejected, _batches(table))


def _behind(table: pa.Table, rejected: int, after: int) -> Iterator[Piece]:
    table = table.filter(pc.greater(table["position"], after)).sort_by("position")
    if len(table):
        numbers = table["position"]
        yield Piece(numbers[0].as_py(), numbers[-1].as_py(), len(table) + rejected, _batches(table))


def _batches(table: pa.Table) -> list[pa.RecordBatch]:
    return list(table.select(SCHEMA.names).cast(SCHEMA).to_batches(max_chunksize=16_384))


def as_archive(record: SystemRecord) -> SystemRecord:
    """Give a system with the rights at its ledger of who keeps an archive, where it has any of its own."""
    return replace(record, nats=record.address_of("archive"))


def last_of(record: SystemRecord) -> int:
    """Give the newest sequence of a ledger. Raises SystemUnavailable when it does not answer."""

    async def ask() -> int:
        async with await connect(record.address_of("archive"), name="archive") as ledger:
            return await last_sequence(ledger.nc)

    return asyncio.run(ask())


def ledger_pieces(data_dir: DataDir, directory: Path, first: int, last: int) -> Iterator[Piece]:
    """Give the events of the ledger with sequences from `first` to `last`; `directory` is worked in.

    Raises SystemUnavailable when it does not answer.
    """
    if first > last:
        return
    spans = [(begin, min(begin + _PIECE - 1, last)) for begin in range(first, last + 1, _PIECE)]
    if len(spans) == 1:
        # Starting processes takes longer.
        yield _piece(directory, first, last, _read(data_dir.path, directory, first, last))
        return
    with processes(len(spans)) as pool:
        pending: deque[tuple[int, int, Future[int]]] = deque()
        for span in spans:
            pending.append((*span, pool.submit(_read, data_dir.path, directory, *span)))
            if len(pending) > _AHEAD:
                begin, end, read = pending.popleft()
                yield _piece(directory, begin, end, read.result())
        for begin, end, read in pending:
            yield _piece(directory, begin, end, read.result())


def _piece(directory: Path, first: int, last: int, messages: int) -> Piece:
    path = _path(directory, first)
    table = pq.read_table(path).sort_by("position")
    path.unlink()
    return Piece(first, last, messages, _batches(table))


def _path(directory: Path, first: int) -> Path:
    return directory / f"{first}.parquet"


def _read(data_dir: Path, directory: Path, first: int, last: int) -> int:
    """Read messages into a file of columns; give their number. Runs in a process of its own."""
    count = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal count
        for sources in read_sources(as_archive(find_system(DataDir(data_dir))), first, last):
            count += len(sources)
            yield from _columns(sources)

    write_parquet(batches(), _path(directory, first), passing=True)
    return count


def read_sources(record: SystemRecord, first: int, last: int) -> Iterator[Sources]:
    """Give the messages of the ledger with sequences from `first` to `last`, in order.

    Raises SystemUnavailable when it does not answer.
    """
    position = first - 1
    try:
        for sources in read_plainly(record, first, last):
            yield sources
            position = sources.positions[-1] if sources else position
    except (NotPlainError, OSError, ValueError, IndexError):
        yield from uvloop.run(_read_rest(record, position + 1, last))


async def _read_rest(record: SystemRecord, first: int, last: int) -> list[Sources]:
    async with await connect(record.nats, name="archive", patient=True) as ledger:
        return [
            Sources(Source(sequence, stamped, subject.split(".")[2], raw) for sequence, stamped, subject, raw in batch)
            async for batch in read_ledger(ledger.nc, last, first)
        ]


@lru_cache
def _checker() -> QuickChecker:
    """The checker of this process: what it met in one piece serves the next."""
    return QuickChecker()


def _columns(sources: Sources) -> Iterator[pa.RecordBatch]:
    """Give the valid events among messages, each with its recorded time: its own where an import brought one."""
    stamps = np.array(sources.stamps, dtype=np.int64)
    imported = np.array([desk == IMPORT_DESK for desk in sources.desks], dtype=np.bool_)
    checked, others = _checker().check(sources.raws)
    for found in checked:
        recorded = _recorded(found, stamps, imported)
        if pc.max(pc.subtract(found.occurred, recorded)).as_py() > CLOCK_TOLERANCE:
            others += found.at  # the contract's reader says which happened after they were recorded
        else:
            yield batch_of(found._replace(recorded=recorded), sources.positions, sources.raws)
    builder = ColumnsBuilder()
    for at in others:
        position, stamped, desk, raw = sources[at]
        try:
            event, when = judge(f"kib.events.{desk}.any", stamped, raw)
        except Rejected:
            continue
        builder.add(position, event, when, raw)
    yield from builder.batches()


def _recorded(found: Checked, stamps: NDArray[np.int64], imported: NDArray[np.bool_]) -> pa.Array:
    stamped = pa.array(stamps[found.at])
    own = pc.if_else(pa.array(imported[found.at]), found.recorded, pa.scalar(None, pa.int64()))
    return pc.coalesce(own, stamped)
