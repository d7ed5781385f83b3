"""Which weeks are closed where, as the closures that stand have it: the same for everyone who looks.

It follows from the closures, the register and the day alone, never from a number about a pupil.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from events.times import local_day, week_of_day
from projections.register import municipalities
from projections.tables import SECTORS, UNKNOWN
from services.web.source import ClosureLike

__all__ = ["Calendar", "calendar_of", "closed_sectors"]

_MOST_WEEKS: Final = 520
"""How far it reaches back from the last closed week, as the live tables do."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Calendar:
    """The closed weeks up to a day, ascending; arrays are [place, sector, week]."""

    today: int
    """The last day that counts, as a proleptic ordinal."""
    places: tuple[str, ...]
    """Every municipality of the register, and `unknown`."""
    sectors: tuple[str, ...]
    mondays: tuple[int, ...]
    closed: Mask
    """Whether a row may exist: some day of the week is closed."""
    valid: Mask
    """Whether the municipality's code is valid on some closed day of the week."""

    @cached_property
    def weeks(self) -> tuple[str, ...]:
        """The weeks by name."""
        return tuple(week_of_day(monday) for monday in self.mondays)


@cache
def _register() -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
    """Give the places, and from which up to which day the code of each is valid; `unknown` never is."""
    known = municipalities()
    since = [m.valid_from.toordinal() for m in known]
    until = [(m.valid_until or date.max).toordinal() for m in known]
    return (*(m.code for m in known), UNKNOWN), np.array([*since, 1]), np.array([*until, 0])


def calendar_of(closures: Iterable[ClosureLike], as_of: int) -> Calendar:
    """Work out the calendar as of an instant (microseconds): days from that of the instant on are not closed yet."""
    today = local_day(as_of - 1)
    spans = [(c.starts.toordinal(), today if c.until is None else min(c.until.toordinal(), today), c) for c in closures]
    spans = [span for span in spans if span[0] <= span[1]]
    last = max((_monday(end) for _, end, _ in spans), default=0)
    first = max(min((_monday(start) for start, _, _ in spans), default=7), last - 7 * _MOST_WEEKS)
    mondays = np.arange(first, last + 1, 7)
    places, since, until = _register()
    closed = np.zeros((len(places), len(SECTORS), len(mondays)), dtype=np.bool_)
    valid = closed.copy()
    for start, end, closure in spans:
        begin, finish = np.maximum(mondays, start), np.minimum(mondays + 6, end)
        meets = begin <= finish
        rows = np.array([closure.municipalities is None or place in closure.municipalities for place in places])
        lives = (since[:, None] <= finish) & (until[:, None] >= begin) & meets
        for sector in map(_ORDER.index, closure.sectors):
            closed[:, sector] |= rows[:, None] & meets
            valid[:, sector] |= rows[:, None] & lives
    some = closed.any(axis=(0, 1))
    return Calendar(today, places, _ORDER, tuple(mondays[some].tolist()), closed[:, :, some], valid[:, :, some])


_ORDER: Final = tuple(sorted(SECTORS))


def _monday(day: int) -> int:
    return day - (day - 1) % 7


def closed_sectors(calendar: Calendar) -> list[tuple[str, ...]]:
    """List for each week the sectors that are closed somewhere, in the order in which people name them."""
    meets: Any = calendar.closed.any(axis=0)
    return [
        tuple(sector for sector in SECTORS if meets[calendar.sectors.index(sector), week])
        for week in range(len(calendar.mondays))
    ]
