"""How long the pupils who are not reached now have been so, by municipality and sector.

The view keeps the instant at which each running interval passes four weeks, and so when it began.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from events import DAY
from projections.fold.cube import Numbers
from projections.live.changes import pairs_of
from projections.live.moment import Moment
from projections.live.tables import by_sector_name

DURATIONS: Final = ("under_1_week", "1_to_2_weeks", "2_to_4_weeks", "over_4_weeks")
"""How long: the lower bound belongs to it (docs/count.md), so `over_4_weeks` is 28 times 24 hours or more."""

_WEEK: Final = 7 * DAY
_RUNNING: Final = """
select area, cast(sum(case when at >= ? then n else 0 end) as bigint),
    cast(sum(case when at >= ? and at < ? then n else 0 end) as bigint),
    cast(sum(case when at < ? then n else 0 end) as bigint)
from over_4_weeks where at >= ? group by area
"""


@dataclass(frozen=True)
class Durations:
    """Who is in an unreached interval just before K, by how long it runs: [place, sector, duration]."""

    as_of: int
    running: NDArray[np.bool_]
    """[place, sector]: whether the running week has a row there; elsewhere there is nothing to split."""
    counts: Numbers


def durations(moment: Moment) -> Durations:
    """Split those who are unreached just before K.

    Where the schools are closed on the day of K they are the row's ``unreached``; where that day is not closed any
    more, those of them, and of who was lost since, who are still so.
    """
    today = np.full(moment.grid.open.shape[:2], moment.today)
    over = moment.cube.held("unreached_over_4_weeks", today) - moment.sums_by_area(moment.unripe)
    counts = np.stack([*_under_4_weeks(moment), over], axis=2)
    running = moment.open(moment.running_week)
    counts[~running] = 0
    return Durations(moment.at, by_sector_name(running), by_sector_name(counts))


def _under_4_weeks(moment: Moment) -> list[Numbers]:
    """Count by when they pass four weeks: one that has not ended by K passes them, if it does, at K or after."""
    at = moment.at
    one, two = at + 3 * _WEEK, at + 2 * _WEEK
    bounds = (one, two, one, two, at)
    rows = moment.database.execute(_RUNNING, bounds).fetchall()
    sums = [moment.sums_by_area(pairs_of((row[0], row[part]) for row in rows)) for part in (1, 2, 3)]
    if moment.early is not None:
        for (ripe, area), n in moment.early.over_4_weeks.items():
            if ripe >= at:
                part = 0 if ripe >= one else 1 if ripe >= two else 2
                sums[part] += moment.sums_by_area(pairs_of([(area, n)]))
    return sums
