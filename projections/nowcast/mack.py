"""What the numbers of the last weeks will become, by the chain ladder, with Mack's standard error.

T. Mack, Distribution-free calculation of the standard error of chain ladder reserve estimates, ASTIN Bulletin 23,
1993, 213-225. Rows are weeks, columns the weeks since their end.

What settles is not the number of pupils who are unreached, in which those of earlier weeks stand again, but what
happened in each week: the pupils newly lost and those reached again. Each has a chain ladder of its own, and what is
still to come of both, over the week and those before it, is added to the number as counted. Factors are those of the
whole country, for a small area has too few reports for its own; how much single weeks scatter around them is its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from projections.nowcast.triangle import UNKNOWN_YET, Numbers, Reported, Triangle

__all__ = ["LEVEL", "PAST", "Nowcast", "completeness", "nowcast"]

Floats = NDArray[np.float64]

LEVEL: Final = 0.9
"""How many of a hundred numbers are to lie in their interval."""
PAST: Final = 6
"""The last weeks from which a factor is estimated: how quickly is reported changes in the course of a closure."""
FEWEST: Final = 3
"""From fewer weeks nothing is estimated."""


@dataclass(frozen=True)
class Nowcast:
    """What the number of one week is expected to become."""

    week: str
    after: int
    """Weeks since its end."""
    counted: int
    """As known now."""
    expected: float
    error: float
    """The standard error of prediction."""
    low: float
    high: float


class _Factor(NamedTuple):
    value: float
    variance: float
    """Mack's sigma squared."""
    weight: float
    """The sum of the numbers from which it was estimated."""


class _Coming(NamedTuple):
    """What is expected to come yet of one week, and its squared error."""

    more: float
    squared: float


def nowcast(area: Reported, country: Reported, level: float = LEVEL, past: int = PAST) -> list[Nowcast]:
    """Estimate every week that is not settled; from the first one on of which too little is known, none."""
    lost = _coming(area.newly_lost, country.newly_lost, past)
    restored = _coming(area.restored, country.restored, past)
    reach = NormalDist().inv_cdf((1 + level) / 2)
    found = []
    more = squared = 0.0
    for week, row in zip(area.unreached.weeks, area.unreached.known, strict=True):
        if row[-1] != UNKNOWN_YET:
            continue
        if week not in lost or week not in restored:
            break
        more += lost[week].more - restored[week].more
        squared += lost[week].squared + restored[week].squared
        after = int(np.flatnonzero(row != UNKNOWN_YET)[-1])
        counted, error = int(row[after]), sqrt(squared)
        expected = max(0.0, counted + more)
        found.append(
            Nowcast(week, after, counted, expected, error, max(0.0, expected - reach * error), expected + reach * error)
        )
    return found


def completeness(triangle: Triangle) -> list[float | None]:
    """Give by delay how much of the settled number was known by then, over all weeks that are settled."""
    settled = triangle.known[np.all(triangle.known != UNKNOWN_YET, axis=1)]
    total = int(settled[:, -1].sum()) if len(settled) else 0
    return [float(column.sum()) / total if total else None for column in settled.T]


def _coming(own: Triangle, country: Triangle, past: int) -> dict[str, _Coming]:
    """Give what is to come of each week of one measure; of a settled one nothing."""
    factors = [_factor(own.known, country.known, age, past) for age in range(own.known.shape[1] - 1)]
    found = {}
    for week, row in zip(own.weeks, own.known, strict=True):
        after = int(np.flatnonzero(row != UNKNOWN_YET)[-1])
        estimate, relative = float(row[after]), 0.0
        for factor in factors[after:]:
            if not estimate:
                continue  # of nothing the chain ladder makes nothing
            if factor is None:
                break
            relative += factor.variance / factor.value**2 * (1 / estimate + 1 / factor.weight)
            estimate *= factor.value
        else:
            found[week] = _Coming(estimate - float(row[after]), relative * estimate**2)
    return found


def _factor(own: Numbers, country: Numbers, age: int, past: int) -> _Factor | None:
    """Estimate one factor from the last weeks in which both numbers are known."""
    before, become = _pairs(country, age, past)
    begun, ended = _pairs(own, age, past)
    if len(before) < FEWEST or len(begun) < FEWEST or not become.sum():
        return None
    value = float(become.sum() / before.sum())
    variance = float((begun * (ended / begun - value) ** 2).sum() / (len(begun) - 1))
    return _Factor(value, variance, float(begun.sum()))


def _pairs(known: Numbers, age: int, past: int) -> tuple[Floats, Floats]:
    rows = np.flatnonzero((known[:, age] > 0) & (known[:, age + 1] != UNKNOWN_YET))[-past:]
    return known[rows, age].astype(np.float64), known[rows, age + 1].astype(np.float64)
