"""The log of cell changes: one row group tells what the cells of a municipality were as of an instant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from projections.archive.changes import (
    COLUMN_BITS,
    Changes,
    Held,
    TooManyError,
    of_households,
    of_pupils,
)
from projections.archive.manifest import File
from projections.archive.reports import read_reports
from projections.archive.writing import finish
from projections.fold.cells import DAY_BITS
from projections.fold.many import Numbers
from projections.fold.reports import UNKNOWN_PLACE

__all__ = ["CHANGES", "CHUNK", "CHUNKS", "EPOCH_DAY", "LOG", "write_log"]

EPOCH_DAY: Final = 719_163
"""1 January 1970 as an ordinal."""
CHANGES: Final = pa.schema(
    [
        ("place", pa.int16()),
        ("known", pa.timestamp("us", tz="UTC")),
        ("sector", pa.int8()),
        ("day", pa.date32()),
        ("cell", pa.uint8()),
        ("number", pa.int32()),
    ]
)
CHUNKS: Final = pa.schema([("place", pa.int16()), ("since", pa.timestamp("us", tz="UTC")), ("row_group", pa.int32())])
LOG: Final = ("changes", "chunks")
"""What its files hold."""
CHUNK: Final = 8192
"""Differences of one row group; where the cells before them are more than half of that, twice as many."""
_BUCKETS: Final = 16
_ROW: Final = np.dtype([("known", "<i8"), ("cell", "<i4"), ("place", "<i2"), ("number", "<i2")])


def write_log(directory: Path, generation: Path, reports: Sequence[Path], chunk: int = CHUNK) -> dict[str, list[File]]:
    """Write the log of settled reports; give its files, none where a pupil has more reports than can be followed.

    ``chunk`` are the differences of one row group at least.
    """
    with TemporaryDirectory(dir=directory, prefix="work-") as temporary:
        work = Path(temporary)
        try:
            _spill(work, _buckets(reports), reports)
        except TooManyError:
            return {}
        partial = generation / "changes.part"
        chunks: list[tuple[int, int]] = []
        with pq.ParquetWriter(
            partial, CHANGES, compression="zstd", use_dictionary=["place", "sector", "day", "cell", "number"],
            column_encoding={"known": "DELTA_BINARY_PACKED"},
        ) as writer:  # fmt: skip
            rows = 0
            for place, known, group in _groups(work, chunk):
                writer.write_table(group, row_group_size=len(group))
                chunks.append((place, known))
                rows += len(group)
    changes = finish(partial, generation / "changes.parquet", rows, directory)
    partial = generation / "chunks.part"
    places, since = zip(*chunks, strict=True) if chunks else ((), ())
    columns = [pa.array(places, pa.int16()), _instants(np.array(since, dtype=np.int64)), pa.array(range(len(chunks)))]
    pq.write_table(pa.table(columns, names=CHUNKS.names).cast(CHUNKS), partial, compression="lz4")
    return {
        "changes": [changes],
        "chunks": [finish(partial, generation / "chunks.parquet", len(chunks), directory)],
    }


def _buckets(reports: Sequence[Path]) -> NDArray[np.uint8]:
    """Give the file for each place: places that follow on each other, in files of about the same size."""
    weights = np.zeros(1 << 14, dtype=np.int64)
    for path in reports:
        place = pq.read_table(path, columns=["place"]).column("place")
        stated = pc.fill_null(place, pa.scalar(UNKNOWN_PLACE, pa.int16())).to_numpy()
        weights += np.bincount(stated, minlength=len(weights))
    weights[UNKNOWN_PLACE] = 0
    before = np.cumsum(weights) - weights
    return (before * _BUCKETS // max(1, int(weights.sum()))).clip(0, _BUCKETS - 1).astype(np.uint8)


def _spill(work: Path, buckets: NDArray[np.uint8], reports: Sequence[Path]) -> None:
    """Write all changes to files by place."""
    shared: list[Held] = []
    with ExitStack() as stack:
        files = [stack.enter_context((work / f"{number:02}").open("wb")) for number in range(_BUCKETS)]

        def write(changes: Changes) -> None:
            rows = np.empty(len(changes.known), dtype=_ROW)
            rows["known"], rows["place"], rows["cell"], rows["number"] = changes
            at = buckets[changes.place]
            rows = rows[np.argsort(at, kind="stable")]
            bounds = np.cumsum(np.bincount(at, minlength=_BUCKETS))
            for file, part in zip(files, np.split(rows, bounds[:-1]), strict=True):
                part.tofile(file)

        for path in reports:
            for changes, held in of_pupils(read_reports([path])):
                write(changes)
                if held is not None and len(held.household):
                    narrow = (np.int32, np.int32, np.int32, np.int32, np.int64, np.int64)
                    shared.append(Held(*(column.astype(type) for column, type in zip(held, narrow, strict=True))))
        if shared:
            whole = Held(*(np.concatenate(columns) for columns in zip(*shared, strict=True)))
            shared.clear()
            for changes in of_households(whole):
                write(changes)


def _groups(work: Path, chunk: int) -> Iterator[tuple[int, int, pa.Table]]:
    """Give the row groups: the place, the first instant, and the cells before it with the differences from it on."""
    for number in range(_BUCKETS):
        rows = np.fromfile(work / f"{number:02}", dtype=_ROW)
        order = np.argsort(rows["place"], kind="stable")
        places, counts = np.unique(rows["place"], return_counts=True)
        for place, part in zip(places.tolist(), np.split(order, np.cumsum(counts)), strict=False):
            yield from _of_place(place, rows[part], chunk)


def _of_place(place: int, rows: NDArray[np.void], chunk: int) -> Iterator[tuple[int, int, pa.Table]]:
    cells, at = _coded(np.ascontiguousarray(rows["cell"]))
    known, at, number = _summed(np.ascontiguousarray(rows["known"]), at, rows["number"].astype(np.int64))
    state = np.zeros(len(cells), dtype=np.int64)
    begin = 0
    while begin < len(known):
        some = np.flatnonzero(state)
        part = slice(begin, begin + max(chunk, 2 * len(some)))
        cell, numbers = np.append(cells[some], cells[at[part]]), np.append(state[some], number[part])
        yield place, int(known[begin]), _table(place, len(some), known[part], cell, numbers)
        np.add.at(state, at[part], number[part])
        begin = part.stop


def _coded(cells: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Give the cells that there are, in order, and the place of each among them; by hashing, since these are few."""
    found = pa.array(cells).dictionary_encode()
    some, at = np.unique(found.dictionary.to_numpy(), return_inverse=True)
    return some, at[found.indices.to_numpy()]


def _summed(known: Numbers, at: Numbers, number: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Sort by instant and cell, and sum what is of the same: in this order there is one log only of some reports."""
    bits = int(at.max(initial=0)).bit_length()
    earliest, latest = int(known.min()), int(known.max())
    one = latest - earliest < 1 << 62 - bits
    order = np.argsort(known - earliest << bits | at) if one else np.lexsort((at, known))
    known, at, number = known[order], at[order], number[order]
    first = np.flatnonzero((np.diff(known, prepend=earliest - 1) != 0) | (np.diff(at, prepend=-1) != 0))
    number = np.add.reduceat(number, first)
    some = np.flatnonzero(number)
    return known[first[some]], at[first[some]], number[some]


def _table(place: int, before: int, known: Numbers, cell: NDArray[np.int32], number: Numbers) -> pa.Table:
    columns = [
        pa.array(np.full(len(cell), place, dtype=np.int16)),
        pa.concat_arrays([pa.nulls(before, CHANGES.field("known").type), _instants(known)]),
        pa.array((cell >> DAY_BITS + COLUMN_BITS).astype(np.int8)),
        pa.array(((cell >> COLUMN_BITS & ((1 << DAY_BITS) - 1)) - EPOCH_DAY).astype(np.int32)).view(pa.date32()),
        pa.array((cell & ((1 << COLUMN_BITS) - 1)).astype(np.uint8)),
        pa.array(number.astype(np.int32)),
    ]
    return pa.table(columns, schema=CHANGES)


def _instants(instants: NDArray[np.int64]) -> pa.Array:
    return pa.array(instants).view(CHANGES.field("known").type)
