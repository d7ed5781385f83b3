"""The figures of past weeks, as they became known."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from projections.fold.cube import Numbers

__all__ = ["Known", "Settling"]


class Known(NamedTuple):
    """A figure as it was known at K = ``at`` (microseconds); None where there was, by what was known, no such row."""

    at: int
    weeks_after: int | None
    """Whole weeks after the end of the week that it is about; None: at the moment of asking."""
    unreached: int | None


@dataclass(frozen=True)
class Settling:
    """``unreached`` of the weeks of one municipality that are over, as known at the end of each week since, and now."""

    municipality: str
    sectors: tuple[str, ...]
    weeks: tuple[str, ...]
    """Those in which, by what was known at some of the moments, the schools of some sector were closed."""
    moments: tuple[int, ...]
    """Each K, in microseconds, ascending; the last is that of the view."""
    exists: NDArray[np.bool_]
    """[sector, week, moment]: whether the week was over and a row existed, as known then."""
    unreached: Numbers
    """[sector, week, moment]: 0 where there was no row."""
    ends: tuple[int, ...]
    """When each week ends, in microseconds."""

    def of(self, week: str, sector: str | None = None) -> list[Known]:
        """Give the figures of a week as they became known: at its end, after 1, 2, 3 weeks and so on, and now.

        Of one sector, or of all together. Raises ValueError for a week that is none of ``weeks``.
        """
        at = self.weeks.index(week)
        sectors = list(range(len(self.sectors))) if sector is None else [self.sectors.index(sector)]
        exists: NDArray[np.bool_] = np.logical_or.reduce(self.exists[sectors, at], axis=0)
        sums = self.unreached[sectors, at].sum(axis=0)
        found: list[Known] = []
        first = bisect_left(self.moments, self.ends[at])
        for number, moment in enumerate(self.moments[first:], first):
            after = None if number == len(self.moments) - 1 else number - first
            found.append(Known(moment, after, int(sums[number]) if exists[number] else None))
        return found
