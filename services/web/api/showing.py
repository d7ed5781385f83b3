"""Who sees which rows: exact ones for whoever may see them, of other municipalities what the public sees.

A row that a viewer may not see exactly is made of the newest public table alone. Neither whether it exists, nor its
place among the others, nor a filter depends on a number that is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from projections.public import Snapshot
from projections.tables import MEASURES
from services.web.access import Viewer
from services.web.api.asking import Asked
from services.web.api.cells import Numbers, Rows

__all__ = ["Others", "Shown", "Value", "asked_for", "exactly", "show"]

_PUBLIC: Final = {"counts": 1, "coverage": 2}
"""How many of a table's measures, the first ones, everyone may see: `unreached`; schools expected and reported."""

Value = str | int | None


@dataclass(frozen=True)
class Shown:
    """Rows of a table as somebody sees them. Where not `exact`, only the public measures are known.

    The first measure of the counts is the least that `unreached` may be, `most` the most.
    """

    table: str
    rows: Rows
    most: Numbers
    exact: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rows)

    def chosen(self, which: NDArray[Any]) -> Shown:
        """Give some of the rows: by a mask, or by their places."""
        return Shown(self.table, self.rows.chosen(which), self.most[which], self.exact[which])

    def values(self, begin: int, end: int) -> Iterator[tuple[Value, ...]]:
        """Give rows from `begin` up to `end`: the key and the measures; of the counts, the bounds after `unreached`."""
        part = self.rows.chosen(np.arange(begin, min(end, len(self))))
        public = _PUBLIC[self.table]
        hidden = (None,) * (len(MEASURES[self.table]) - public)
        keys = zip(part.municipality.tolist(), part.sector.tolist(), part.week.tolist(), strict=True)
        rest = zip(part.numbers.tolist(), self.most[begin:end].tolist(), self.exact[begin:end].tolist(), strict=True)
        for key, (numbers, most, exact) in zip(keys, rest, strict=True):
            seen: list[Value] = numbers[:public]
            if self.table == "counts":
                least = numbers[0]
                seen = [least if least == most else None, least, most]
            yield (*key, *seen, *(numbers[public:] if exact else hidden))


class Others:
    """What everyone may see: the rows of the newest public table, in both tables."""

    def __init__(self, public: Snapshot) -> None:
        self.public = public
        self._shown = {table: _shown(public, table) for table in _PUBLIC}

    def __getitem__(self, table: str) -> Shown:
        return self._shown[table]


def _shown(public: Snapshot, table: str) -> Shown:
    exists = public.exists if table == "counts" else public.exists & (public.expected != 0)
    places, sectors, weeks = np.nonzero(exists)
    measures = (public.low,) if table == "counts" else (public.expected, public.reported)
    numbers = np.zeros((len(places), len(MEASURES[table])), dtype=np.int64)
    for column, measure in enumerate(measures):
        numbers[:, column] = measure[exists]
    names = (np.array(axis, dtype=np.str_) for axis in (public.places, public.sectors, public.weeks))
    keys = (axis[at] for axis, at in zip(names, (places, sectors, weeks), strict=True))
    rows = Rows(next(keys), next(keys), next(keys), numbers)
    return Shown(table, rows, public.high[exists].astype(np.int64), np.zeros(len(rows), dtype=np.bool_))


def show(table: str, rows: Rows, others: Others | None, viewer: Viewer, asked: Asked) -> Shown:
    """Choose the rows of "counts" or "coverage" that are asked for, as `viewer` sees them.

    `rows` are the exact ones of everyone; `others` is what everyone may see, None where nothing is public.
    """
    mine = rows if viewer.all_exact else rows.chosen(exactly(rows, viewer))
    shown = Shown(table, mine, mine.numbers[:, 0], np.ones(len(mine), dtype=np.bool_))
    if others is not None and not viewer.all_exact:
        public = others[table]
        shown = _together(shown, public.chosen(~exactly(public.rows, viewer)))
    keep = asked_for(shown.rows, asked)
    if table == "counts":
        keep &= shown.rows.numbers[:, 0] >= asked.min_unreached
        if not asked.all_rows:
            keep &= shown.exact | (shown.most > 0)
    return shown.chosen(keep)


def exactly(rows: Rows, viewer: Viewer) -> NDArray[np.bool_]:
    """Tell which rows a viewer sees exactly."""
    codes = [code for code in np.unique(rows.municipality).tolist() if viewer.exact(code)]
    return np.isin(rows.municipality, codes)


def asked_for(rows: Rows, asked: Asked) -> NDArray[np.bool_]:
    """Tell which rows the filters by place, sector and week let through."""
    keep = np.ones(len(rows), dtype=np.bool_)
    if asked.municipalities is not None:
        keep &= np.isin(rows.municipality, sorted(asked.municipalities))
    if asked.sector is not None:
        keep &= rows.sector == asked.sector
    if asked.first_week is not None:
        keep &= rows.week >= asked.first_week
    if asked.last_week is not None:
        keep &= rows.week <= asked.last_week
    return keep


def _together(one: Shown, other: Shown) -> Shown:
    """Put rows of two kinds into one order."""
    rows = one.rows.beside(other.rows)
    most, exact = np.concatenate([one.most, other.most]), np.concatenate([one.exact, other.exact])
    return Shown(one.table, rows, most, exact).chosen(rows.order())
