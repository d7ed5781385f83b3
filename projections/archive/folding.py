"""What pupils contribute as of an instant: the fold over columns, with those known at that instant only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from projections.archive.cells import Cells
from projections.archive.reports import NO_HOUSEHOLD, Kept
from projections.fold import household, pupil
from projections.fold.cells import DAY_BITS, FLOW_BITS, HOUSEHOLDS, Deltas
from projections.fold.pupil import FOREVER
from projections.fold.reports import Report, known_before
from projections.rebuild.many import Numbers, Reports, contribute_many, local_days

__all__ = ["Shared", "add_households", "fold", "no_shared"]

_NEVER: Final = (1 << DAY_BITS) - 1


class Shared(NamedTuple):
    """Unreached spans of pupils under a household that several may share, by day."""

    household: Numbers
    area: Numbers
    first: Numbers
    """The day on which it begins."""
    after: Numbers
    """The day on which it ends; beyond every calendar where it does not."""


class _Signed:
    """Adds to cells, or takes away."""

    def __init__(self, cells: Cells, sign: int) -> None:
        self._cells, self._sign = cells, sign

    def flow(self, keys: Numbers, each: int = 1) -> None:
        self._cells.flow(keys, self._sign * each)

    def during(self, keys: Numbers, each: int = 1) -> None:
        self._cells.during(keys, self._sign * each)

    def over_4_weeks(self, ripe: Numbers, area: Numbers) -> None:
        self._cells.over_4_weeks(ripe, area, self._sign)


def fold(kept: Kept, rows: NDArray[np.int64], as_of: int, cells: Cells, sign: int = 1) -> Shared:
    """Add (or take away) what pupils contribute as of K, of whom ``rows`` are all reports known then.

    Gives their spans under shared households, which ``add_households`` is to count.
    """
    if not len(rows):
        return no_shared()
    owner = kept.pupil[rows]
    number = np.cumsum(np.diff(owner, prepend=owner[0]) != 0)
    occurred = kept.occurred[rows]
    order, sector, place, detail, rank = (
        column[rows].astype(np.int64) for column in (kept.kind, kept.sector, kept.place, kept.detail, kept.rank)
    )
    shared = kept.household[rows].astype(np.int64)
    every = np.ones(len(rows), dtype=np.bool_)
    alone = shared == NO_HOUSEHOLD
    reports = Reports(number, occurred, order, sector, place, detail, alone, every, rank)
    ahead = np.zeros(int(number[-1]) + 1, dtype=np.bool_)
    ahead[number[occurred >= as_of]] = True  # clocks may be minutes ahead: what happens at K or later is not yet
    spans = contribute_many(reports, ~ahead, _Signed(cells, sign))
    of = shared[spans.row]
    some = np.flatnonzero(of != NO_HOUSEHOLD)
    found = _shared(of[some], spans.area[some], spans.start[some], spans.end[some])
    if not ahead.any():
        return found
    return _joined([found, _one_by_one(kept, rows, number, np.flatnonzero(ahead), as_of, cells, sign)])


def no_shared() -> Shared:
    """No spans."""
    nothing = np.zeros(0, dtype=np.int64)
    return Shared(nothing, nothing, nothing, nothing)


def _joined(parts: list[Shared]) -> Shared:
    return Shared(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _shared(of: Numbers, area: Numbers, start: Numbers, end: Numbers) -> Shared:
    after = np.full(len(end), _NEVER, dtype=np.int64)
    closed = end != FOREVER
    after[closed] = local_days(end[closed])
    return Shared(of, area, local_days(start), after)


def _one_by_one(
    kept: Kept, rows: NDArray[np.int64], number: Numbers, chosen: Numbers, as_of: int, cells: Cells, sign: int
) -> Shared:
    """Fold pupils of whom something happens at K or later."""
    deltas = Deltas()
    spans: list[tuple[int, int, int, int]] = []
    begins, ends = np.searchsorted(number, chosen), np.searchsorted(number, chosen, side="right")
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        history = known_before(_history(kept, rows[begin:end]), as_of)
        for shared, member in household.members_of(pupil.contribute(history, deltas, 1)).items():
            spans += [(int(shared), *span) for span in member]
    cells.add(deltas, sign)
    columns = np.array(spans, dtype=np.int64).reshape(-1, 4)
    return _shared(columns[:, 0], columns[:, 1], columns[:, 2], columns[:, 3])


def _history(kept: Kept, rows: NDArray[np.int64]) -> list[Report]:
    columns = (kept.occurred, kept.kind, kept.rank, kept.sector, kept.place, kept.household, kept.detail)
    return [
        # The rank stands for source and id: at one instant they decide, and nowhere else.
        Report(occurred, kind, "", f"{rank:09}", sector, place, None if of == NO_HOUSEHOLD else str(of), detail, False)
        for occurred, kind, rank, sector, place, of, detail in zip(*(c[rows].tolist() for c in columns), strict=True)
    ]


def add_households(parts: Iterable[Shared], cells: Cells, sign: int = 1) -> None:
    """Add (or take away) households, each once in an area for as long as any of its pupils is unreached there.

    ``parts`` hold all spans under each of them (``projections.fold.household`` does the same one by one). States are
    asked for at the end of a day or at K: days are enough.
    """
    spans = _joined([no_shared(), *parts])
    if not len(spans.household):
        return
    order = np.lexsort((spans.first, spans.area, spans.household))
    of, area, first, after = (column[order] for column in spans)
    new = np.diff(of, prepend=-1).astype(np.bool_) | np.diff(area, prepend=-1).astype(np.bool_)
    group = np.cumsum(new)
    latest = np.maximum.accumulate(group << DAY_BITS | after) & _NEVER
    # Another span of the same begins before the earlier ones have ended: it goes on.
    begins = new.copy()
    begins[1:] |= first[1:] > latest[:-1]
    begin = np.flatnonzero(begins)
    last = np.append(begin[1:] - 1, len(of) - 1)
    over = latest[last]
    ended = over != _NEVER
    cells.flow((area[begin] << DAY_BITS | first[begin]) << FLOW_BITS | HOUSEHOLDS, sign)
    cells.flow((area[begin][ended] << DAY_BITS | over[ended]) << FLOW_BITS | HOUSEHOLDS, -sign)
