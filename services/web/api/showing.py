"""Who sees which rows: exact ones for whoever may see them, of other municipalities what the public sees.

A row that a viewer may not see exactly is made of public cells alone. Neither whether it exists, nor its place among
the others, nor a filter depends on a number that is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from projections.public.ranges import Range
from projections.tables import COUNT_MEASURES, MEASURES
from services.web.access import Viewer
from services.web.api.asking import Asked
from services.web.api.calendar import Calendar
from services.web.api.cells import Numbers, Rows

__all__ = ["PublicCells", "Shown", "coverage_values", "public_rows", "show_counts", "show_coverage"]

_UNREACHED: Final = COUNT_MEASURES.index("unreached")


class PublicCells(Protocol):
    """What everyone may know: a snapshot of `unreached`, taken once a day. Used on the event loop's thread."""

    @property
    def as_of(self) -> int | None:
        """When the snapshot was taken, in microseconds; None when there is none yet. It changes with every snapshot."""

    def unreached(self, municipality: str, sector: str, week: str) -> Range | None:
        """Give what the snapshot tells of one cell; None when it tells nothing."""


@dataclass(frozen=True)
class Shown:
    """Rows as somebody sees them: `low` to `high` is `unreached`; where not `exact`, no other number is shown."""

    rows: Rows
    low: Numbers
    high: Numbers
    exact: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rows)

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Shown:
        """Give some of the rows: by a mask, or by their places."""
        return Shown(self.rows.chosen(which), self.low[which], self.high[which], self.exact[which])

    def values(self, begin: int, end: int) -> Iterator[tuple[str | int | None, ...]]:
        """Give rows from `begin` up to `end`: the key, `unreached`, its bounds, and the other measures."""
        cut = slice(begin, end)
        keys = zip(*(c[cut].tolist() for c in (self.rows.municipality, self.rows.sector, self.rows.week)), strict=True)
        bounds = zip(self.low[cut].tolist(), self.high[cut].tolist(), self.exact[cut].tolist(), strict=True)
        hidden = (None,) * (len(COUNT_MEASURES) - 1)
        for key, (low, high, exact), numbers in zip(keys, bounds, self.rows.numbers[cut].tolist(), strict=True):
            yield (*key, low if low == high else None, low, high, *(numbers[_UNREACHED + 1 :] if exact else hidden))


def public_rows(public: PublicCells, calendar: Calendar) -> Shown:
    """Give every cell that the public snapshot tells something of, where some day of the week is closed."""
    found, weeks = [], calendar.weeks
    for p, s, w in np.argwhere(calendar.closed).tolist():
        key = calendar.places[p], calendar.sectors[s], weeks[w]
        cell = public.unreached(*key)
        if cell is not None:
            found.append((*key, cell.low, cell.high))
    columns = list(zip(*found, strict=True)) or [()] * 5
    municipality, sector, week = (np.array(column, dtype=np.str_) for column in columns[:3])
    low, high = (np.array(column, dtype=np.int64) for column in columns[3:])
    numbers = np.zeros((len(found), len(COUNT_MEASURES)), dtype=np.int64)
    return Shown(Rows(municipality, sector, week, numbers), low, high, np.zeros(len(found), dtype=np.bool_))


def show_counts(rows: Rows, others: Shown | None, viewer: Viewer, asked: Asked) -> Shown:
    """Choose the rows of the counts that are asked for, as `viewer` sees them; `others`: all that the public sees."""
    mine = rows if viewer.all_exact else rows.chosen(_exact(rows, viewer))
    unreached = mine.numbers[:, _UNREACHED]
    shown = Shown(mine, unreached, unreached, np.ones(len(mine), dtype=np.bool_))
    if others is not None and not viewer.all_exact:
        shown = _together(shown, others.chosen(~_exact(others.rows, viewer)))
    keep = _asked_for(shown.rows, asked) & (shown.low >= asked.min_unreached)
    if not asked.all_rows:
        keep &= shown.exact | (shown.high > 0)
    return shown.chosen(keep)


def show_coverage(rows: Rows, viewer: Viewer, asked: Asked) -> Rows:
    """Choose the rows of the coverage that are asked for; none of what `viewer` does not see exactly."""
    keep = _asked_for(rows, asked)
    return rows.chosen(keep if viewer.all_exact else keep & _exact(rows, viewer))


def coverage_values(rows: Rows, begin: int, end: int) -> Iterator[tuple[str | int, ...]]:
    """Give rows of the coverage from `begin` up to `end`: the key and the measures."""
    cut = slice(begin, end)
    columns = [c[cut].tolist() for c in (rows.municipality, rows.sector, rows.week)]
    numbers = rows.numbers[cut].T.tolist() or [[]] * len(MEASURES["coverage"])
    yield from zip(*columns, *numbers, strict=True)


def _exact(rows: Rows, viewer: Viewer) -> NDArray[np.bool_]:
    codes = [code for code in np.unique(rows.municipality).tolist() if viewer.exact(code)]
    return np.isin(rows.municipality, codes)


def _asked_for(rows: Rows, asked: Asked) -> NDArray[np.bool_]:
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

    def both(first: NDArray, second: NDArray) -> NDArray:  # type: ignore[type-arg]
        return np.concatenate([first, second])

    a, b = one.rows, other.rows
    keys = both(a.municipality, b.municipality), both(a.sector, b.sector), both(a.week, b.week)
    rows = Rows(*keys, both(a.numbers, b.numbers))
    whole = Shown(rows, both(one.low, other.low), both(one.high, other.high), both(one.exact, other.exact))
    return whole.chosen(np.lexsort(keys[::-1]))
