"""The settled reports of an archive in memory, as columns of small numbers, each pupil's together and in order."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from projections.fold.pupil import FOREVER
from projections.fold.reports import NO_PLACE

__all__ = ["NO_HOUSEHOLD", "Kept", "read_reports"]

NO_HOUSEHOLD: Final = -1
_COLUMNS: Final = (
    "pupil", "occurred", "recorded", "until_known", "kind", "rank", "sector", "place", "household", "detail",
)  # fmt: skip
_ABSENT: Final = {"until_known": FOREVER, "place": NO_PLACE, "household": NO_HOUSEHOLD, "sector": 0, "detail": 0}


class Kept(NamedTuple):
    """Reports in the order of pupil, instant, kind (lost before restored) and rank; instants in microseconds."""

    pupil: NDArray[np.int32]
    occurred: NDArray[np.int64]
    recorded: NDArray[np.int64]
    until_known: NDArray[np.int64]
    """The instant from which it no longer stands; ``FOREVER`` where it was never withdrawn."""
    kind: NDArray[np.int8]
    rank: NDArray[np.int32]
    sector: NDArray[np.int8]
    place: NDArray[np.int16]
    household: NDArray[np.int32]
    detail: NDArray[np.int8]

    def known(self, as_of: int) -> NDArray[np.int64]:
        """Give the rows that exist as of K."""
        rows: NDArray[np.int64] = np.flatnonzero((self.recorded <= as_of) & (self.until_known > as_of))
        return rows


def read_reports(paths: Iterable[Path]) -> Kept:
    """Read parts that follow on each other."""
    parts = [_columns(path) for path in paths]
    return Kept(*(columns[0] if len(columns) == 1 else np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _columns(path: Path) -> list[NDArray[np.generic]]:
    table = pq.read_table(path, columns=list(_COLUMNS), use_threads=False)
    return [_numbers(name, table.column(name).combine_chunks()) for name in _COLUMNS]


def _numbers(name: str, column: pa.ChunkedArray | pa.Array) -> NDArray[np.generic]:
    array = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_timestamp(array.type):
        array = array.view(pa.int64())
    if array.null_count:
        array = array.fill_null(pa.scalar(_ABSENT[name], array.type))
    numbers: NDArray[np.generic] = array.to_numpy(zero_copy_only=False)
    return numbers
