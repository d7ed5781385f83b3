"""The cells as of one instant after another: only pupils of whom more, or less, is known by then are folded again."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from projections.archive.cells import Cells
from projections.archive.folding import Shared, add_households, fold
from projections.archive.reports import NO_HOUSEHOLD, Kept
from projections.fold.many import Numbers
from projections.fold.pupil import FOREVER

__all__ = ["Following"]


class Following:
    """Cells that go from each K to the next, ascending."""

    def __init__(self, kept: Kept, cells: Cells, as_of: Sequence[int]) -> None:
        """Nothing is known yet; ``as_of`` are the instants that will be asked for."""
        self._kept, self.cells = kept, cells
        self._moments = np.array(sorted(as_of), dtype=np.int64)
        pupils = int(kept.pupil[-1]) + 1 if len(kept.pupil) else 0
        self._starts = np.searchsorted(kept.pupil, np.arange(pupils + 1))
        self._changes = _changes(kept, self._moments)
        self._members, self._households = _members(kept)
        self._step = 0
        self._at: int | None = None
        self._early = np.zeros(0, dtype=np.int64)

    def follow(self, at: int) -> None:
        """Go on to the next K."""
        changed = np.union1d(self._changes[self._step], self._early).astype(np.int64)
        self._step += 1
        named, pupils = self._with_households(changed)
        rows = self._rows(pupils)
        with ThreadPoolExecutor(1) as beside:
            was = None if self._at is None else beside.submit(self._add, rows, self._at, named, -1)
            self._early = self._add(rows, at, named, 1)
            if was is not None:
                was.result()
        self._at = at

    def _add(self, rows: NDArray[np.int64], at: int, named: NDArray[np.bool_], sign: int) -> Numbers:
        """Add (or take away) what the pupils of these rows contribute as of K; give those who are ahead of it."""
        kept = self._kept
        known = rows[(kept.recorded[rows] <= at) & (kept.until_known[rows] > at)]
        shared = fold(kept, known, at, self.cells, sign)
        add_households([Shared(*(column[named[shared.household]] for column in shared))], self.cells, sign)
        ahead: Numbers = np.unique(kept.pupil[known[kept.occurred[known] >= at]]).astype(np.int64)
        return ahead

    def _with_households(self, pupils: Numbers) -> tuple[NDArray[np.bool_], Numbers]:
        """Give which households these pupils may name, and the pupils with all others who may name one of those."""
        named = np.zeros(len(self._members) and int(self._households[-1]) + 1, dtype=np.bool_)
        chosen = np.zeros(len(self._starts), dtype=np.bool_)
        chosen[pupils] = True
        named[self._households[chosen[self._members]]] = True
        chosen[self._members[named[self._households]]] = True
        return named, np.flatnonzero(chosen)

    def _rows(self, pupils: Numbers) -> NDArray[np.int64]:
        begins = self._starts[pupils]
        lengths = self._starts[pupils + 1] - begins
        ends = np.cumsum(lengths)
        within = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - lengths, lengths)
        rows: NDArray[np.int64] = np.repeat(begins, lengths) + within
        return rows


def _changes(kept: Kept, moments: Numbers) -> list[Numbers]:
    """Give for each moment the pupils of whom something became known, or was withdrawn, since the one before."""
    count = len(moments)
    known = np.searchsorted(moments, kept.recorded).astype(np.int16)
    gone = np.flatnonzero(kept.until_known != FOREVER)
    withdrawn = np.searchsorted(moments, kept.until_known[gone]).astype(np.int16)
    step = np.concatenate([known, withdrawn])
    order = np.argsort(step, kind="stable")
    pupil = np.concatenate([kept.pupil, kept.pupil[gone]])[order]
    bounds = np.searchsorted(step[order], np.arange(count + 1))
    return [np.unique(pupil[bounds[at] : bounds[at + 1]]) for at in range(count)]


def _members(kept: Kept) -> tuple[Numbers, Numbers]:
    """Give each pupil and household once, where a report of the one names the other, in the order of the latter."""
    some = np.flatnonzero(kept.household != NO_HOUSEHOLD)
    keys = np.unique(kept.household[some].astype(np.int64) << 32 | kept.pupil[some])
    return keys & 0xFFFFFFFF, keys >> 32
