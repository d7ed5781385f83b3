"""Numbers under which parts know something, sorted so that a few new ones are looked up among millions at once."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Met", "Run", "Runs"]

_TIMES: Final = 4
"""A run is so many times as long as the next one at least: so there are few, and each row is merged a few times."""

Rows = NDArray[np.intp]


class Run(NamedTuple):
    """Rows, sorted by their keys: which part knows of each, and from which position of the ledger."""

    keys: NDArray[np.uint64]
    positions: NDArray[np.int64]
    parts: NDArray[np.uint8]


class Met(NamedTuple):
    """Pairs of rows under one key."""

    new: Rows
    """Where each stands among those asked for."""
    known: Run
    """What is known under the same key, row by row."""


class Runs:
    """Rows that only grow in number."""

    def __init__(self) -> None:
        """Begin with none."""
        self._runs: list[Run] = []

    def add(self, rows: Run) -> None:
        """Take rows in, in any order."""
        if not len(rows.keys):
            return
        self._runs.append(_sorted(rows))
        while len(self._runs) > 1 and len(self._runs[-2].keys) < _TIMES * len(self._runs[-1].keys):
            last, before = self._runs.pop(), self._runs.pop()
            self._runs.append(
                _sorted(
                    Run(
                        np.concatenate([before.keys, last.keys]),
                        np.concatenate([before.positions, last.positions]),
                        np.concatenate([before.parts, last.parts]),
                    )
                )
            )

    def meeting(self, keys: NDArray[np.uint64]) -> list[Met]:
        """Give all that is known under each of some keys."""
        found = []
        for run in self._runs:
            begins, ends = np.searchsorted(run.keys, keys, "left"), np.searchsorted(run.keys, keys, "right")
            numbers = ends - begins
            new = np.repeat(np.arange(len(keys)), numbers)
            # Of each key its rows, one after another.
            within = np.arange(len(new)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
            rows = np.repeat(begins, numbers) + within
            found.append(Met(new, _chosen(run, rows)))
        return found


def _sorted(rows: Run) -> Run:
    return _chosen(rows, np.argsort(rows.keys, kind="stable"))


def _chosen(rows: Run, at: Rows) -> Run:
    return Run(rows.keys[at], rows.positions[at], rows.parts[at])
