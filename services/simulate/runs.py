"""Sorting more events than fit in memory: sorted runs in one file, read back hour by hour."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Final, Self

import numpy as np

from events.times import DAY
from services.simulate.calendar import EPOCH_DAY, FIRST_DAY, HOUR, LAST_DAY
from services.simulate.draws import Ints
from services.simulate.records import RECORD, Records

__all__ = ["Runs"]

_START: Final = (FIRST_DAY - EPOCH_DAY) * DAY
_HOURS: Final = (LAST_DAY + 1 - FIRST_DAY) * 24
_GRID: Final[Ints] = _START + HOUR * np.arange(_HOURS + 1, dtype=np.int64)
_IN_MEMORY: Final = 64 * 1024 * 1024


class Runs:
    """Rows in any order in, rows in the order recorded out (ties: the order added).

    Up to 64 MiB stay in memory; what is more goes to a file without a name in the directory for temporary files.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile[bytes](max_size=_IN_MEMORY)
        self._edges: list[Ints] = []
        self._starts: list[int] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return self._rows

    def add(self, rows: Records) -> None:
        """Add one run; raises ValueError for a row recorded outside the years of the calendar."""
        rows = rows[np.argsort(rows["recorded"], kind="stable")]
        if len(rows) and not _GRID[0] <= rows["recorded"][0] <= rows["recorded"][-1] < _GRID[-1]:
            raise ValueError("a row lies outside the calendar")
        self._edges.append(np.searchsorted(rows["recorded"], _GRID).astype(np.int32))
        self._starts.append(self._rows)
        self._rows += len(rows)
        self._file.write(rows.tobytes())

    def blocks(self, size: int) -> Iterator[Records]:
        """Give all rows in order, in blocks of at most `size`; an hour with more than that is sorted as a whole."""
        if not self._edges:
            return
        per_hour = np.diff(np.sum(self._edges, axis=0, dtype=np.int64))
        hour = 0
        while hour < _HOURS:
            until, rows = hour + 1, int(per_hour[hour])
            while until < _HOURS and rows + int(per_hour[until]) <= size:
                rows += int(per_hour[until])
                until += 1
            if rows:
                window = np.concatenate([self._slice(run, hour, until) for run in range(len(self._edges))])
                window = window[np.argsort(window["recorded"], kind="stable")]
                for start in range(0, len(window), size):
                    yield window[start : start + size]
            hour = until

    def _slice(self, run: int, hour: int, until: int) -> Records:
        first, last = int(self._edges[run][hour]), int(self._edges[run][until])
        self._file.seek((self._starts[run] + first) * RECORD.itemsize)
        return np.frombuffer(self._file.read((last - first) * RECORD.itemsize), dtype=RECORD)
