"""What pupils contribute as of an instant: the fold over columns, with those known at that instant only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from projections.archive.cells import Cells
from projections.archive.reports import NO_HOUSEHOLD, Kept
from projections.fold.cells import DAY_BITS, FLOW_BITS, HOUSEHOLDS
from projections.fold.into import Into
from projections.fold.many import Numbers, Reports, Spans, contribute_many, local_days
from projections.fold.pupil import FOREVER
from projections.fold.reports import NO_PLACE, RESIDENCE

__all__ = ["Shared", "add_households", "before", "fold", "no_shared", "reports_of", "shared_of"]

_NEVER: Final = (1 << DAY_BITS) - 1
_PIECE: Final = 1 << 17
"""Reports that are folded together, about."""


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
    """Add (or take away) what pupils contribute as of K, of whom ``rows`` are all reports known then, in order.

    Gives their spans under shared households, which ``add_households`` is to count.
    """
    # In pieces, each pupil whole: less memory, and quicker since a processor's cache holds them.
    cuts = np.unique(np.searchsorted(kept.pupil[rows], kept.pupil[rows[_PIECE::_PIECE]]))
    return _joined([no_shared(), *(_fold(kept, piece, as_of, cells, sign) for piece in np.split(rows, cuts))])


def _fold(kept: Kept, rows: NDArray[np.int64], as_of: int, cells: Cells, sign: int) -> Shared:
    rows, owner, first_said = before(kept, rows, kept.pupil[rows], as_of)
    if not len(rows):
        return no_shared()
    number = np.cumsum(np.diff(owner, prepend=owner[0]) != 0)
    reports = reports_of(kept, rows, number, first_said)
    spans = contribute_many(reports, np.ones(int(number[-1]) + 1, dtype=np.bool_), _Signed(cells, sign))
    return shared_of(kept, rows, spans)


def reports_of(kept: Kept, rows: NDArray[np.int64], owner: Numbers, first_said: NDArray[np.bool_]) -> Reports:
    """Give rows as reports of the pupils ``owner``."""
    order, sector, place, detail, rank = (
        column[rows].astype(np.int64) for column in (kept.kind, kept.sector, kept.place, kept.detail, kept.rank)
    )
    order[first_said] = RESIDENCE
    alone, every = kept.household[rows] == NO_HOUSEHOLD, np.ones(len(rows), dtype=np.bool_)
    return Reports(owner, kept.occurred[rows], order, sector, place, detail, alone, every, rank)


def shared_of(kept: Kept, rows: NDArray[np.int64], spans: Spans) -> Shared:
    """Give those of the spans that are under a household."""
    of = kept.household[rows[spans.row]].astype(np.int64)
    some = np.flatnonzero(of != NO_HOUSEHOLD)
    end = spans.end[some]
    after = np.full(len(end), _NEVER, dtype=np.int64)
    closed = end != FOREVER
    after[closed] = local_days(end[closed])
    return Shared(of[some], spans.area[some], local_days(spans.start[some]), after)


def before(
    kept: Kept, rows: NDArray[np.int64], owner: NDArray[np.int32] | Numbers, as_of: int | NDArray[np.int64]
) -> tuple[NDArray[np.int64], Numbers, NDArray[np.bool_]]:
    """Leave out what happens at K or later, clocks being ahead, as ``projections.fold.reports.known_before`` does.

    The first statement of a residence tells also about the time before it, so it stays: which ones, is given too.
    ``owner`` is whose each row is; K may be another one for each.
    """
    owner = np.asarray(owner, dtype=np.int64)
    later = kept.occurred[rows] >= as_of
    if not later.any():
        return rows, owner, later
    states = kept.place[rows] != NO_PLACE
    told = np.unique(owner[states & ~later])
    open_ones = np.flatnonzero(states & later)
    open_ones = open_ones[~np.isin(owner[open_ones], told)]
    at = rows[open_ones]
    open_ones = open_ones[np.lexsort((kept.rank[at], kept.occurred[at], owner[open_ones]))]
    first_said = np.zeros(len(rows), dtype=np.bool_)
    first_said[open_ones[np.flatnonzero(np.diff(owner[open_ones], prepend=-1))]] = True
    keep = ~later | first_said
    return rows[keep], owner[keep], first_said[keep]


def no_shared() -> Shared:
    """No spans."""
    nothing = np.zeros(0, dtype=np.int64)
    return Shared(nothing, nothing, nothing, nothing)


def _joined(parts: list[Shared]) -> Shared:
    return Shared(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def add_households(parts: Iterable[Shared], cells: Into, sign: int = 1) -> None:
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
