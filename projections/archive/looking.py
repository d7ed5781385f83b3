"""One municipality as of any instant, out of the log of cell changes: one row group tells all of its cells."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from events import local_day
from projections.archive.changes import FLOWS, UNRIPE
from projections.archive.log import EPOCH_DAY
from projections.fold.cells import DAY_BITS, FLOW_BITS, MASK_BITS
from projections.fold.cube import Cube, Numbers, Pairs

__all__ = ["Log"]

_COLUMNS: Final = ["known", "sector", "day", "cell", "number"]


class Log:
    """The log of one generation, opened; several threads may ask."""

    def __init__(self, changes: Path, chunks: Path) -> None:
        """Open its files."""
        found = pq.read_table(chunks)
        self._place = found["place"].to_numpy()
        self._since = found["since"].cast(pa.int64()).to_numpy()
        # Without either of these each row group waits for other threads, or for pages of the file.
        self._file = pq.ParquetFile(changes, memory_map=False, pre_buffer=False)
        self._lock = Lock()

    def add(self, place: int, as_of: int, cubes: list[Cube]) -> Pairs:
        """Add what the cells of a place were as of K.

        Gives (area, number) of those who pass four weeks on the day of K, but not before K (``Cube.grid``).
        """
        first, last = np.searchsorted(self._place, [place, place + 1]).tolist()
        group = first - 1 + int(np.searchsorted(self._since[first:last], as_of, side="right"))
        if group < first:
            return np.zeros((0, 2), dtype=np.int64)
        with self._lock:
            table = self._file.read_row_group(group, columns=_COLUMNS, use_threads=False)
        # Sorted, and what was known before the first of them has no instant: those up to K come first.
        end = int(np.searchsorted(_instants(table["known"]), as_of, side="right"))
        sector, day, cell, number = (_numbers(table[name], end) for name in _COLUMNS[1:])
        area = sector | place << 2
        day += EPOCH_DAY
        where = area << DAY_BITS | day
        during, flow = np.flatnonzero(cell < FLOWS), np.flatnonzero((cell >= FLOWS) & (cell != UNRIPE))
        for cube in cubes:
            cube.count_during(where[during] << MASK_BITS | cell[during], number[during])
            cube.count_flow(where[flow] << FLOW_BITS | cell[flow] - FLOWS, number[flow])
        unripe = np.flatnonzero((cell == UNRIPE) & (day == local_day(as_of - 1)))
        return np.stack([area[unripe], number[unripe]], axis=1)


def _instants(column: pa.ChunkedArray) -> Numbers:
    array = column.chunk(0)
    instants: Numbers = np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset : array.offset + len(array)]
    return np.where(np.arange(len(array)) < array.null_count, np.iinfo(np.int64).min, instants)


def _numbers(column: pa.ChunkedArray, end: int) -> Numbers:
    array = column.chunk(0).slice(0, end)
    numbers: Numbers = (array.view(pa.int32()) if pa.types.is_date32(array.type) else array).to_numpy().astype(np.int64)
    return numbers
