"""Where the contributions of many pupils are added."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from projections.fold.cells import Deltas, Sums

Numbers = NDArray[np.int64]


class Into(Protocol):
    """Where contributions are added; keys as ``projections.fold.cells`` packs them."""

    def flow(self, keys: Numbers, each: int = 1) -> None:
        """Add ``each`` to what happens on a day, for every key, those that stand there twice too."""

    def during(self, keys: Numbers, each: int = 1) -> None:
        """Add to the pupils unreached during weeks."""

    def over_4_weeks(self, ripe: Numbers, area: Numbers) -> None:
        """Tell of the instants from which a pupil is unreached for four weeks, and where."""


class IntoDeltas:
    """Adds to the sums of a fold."""

    def __init__(self, deltas: Deltas) -> None:
        """Begin with what is there."""
        self._deltas = deltas

    def flow(self, keys: Numbers, each: int = 1) -> None:
        """See ``Into``."""
        _add(self._deltas.flow, keys, each)

    def during(self, keys: Numbers, each: int = 1) -> None:
        """See ``Into``."""
        _add(self._deltas.during, keys, each)

    def over_4_weeks(self, ripe: Numbers, area: Numbers) -> None:
        """See ``Into``."""
        over = self._deltas.over_4_weeks
        for pair in zip(ripe.tolist(), area.tolist(), strict=True):
            over[pair] += 1


def _add(sums: Sums, keys: Numbers, each: int = 1) -> None:
    for key, count in zip(*(found.tolist() for found in np.unique(keys, return_counts=True)), strict=True):
        sums[key] += each * count
