"""The count as it stood at the end of yesterday, by what is known now (docs/count.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from events import day_start, local_day
from projections.fold.calendar import closed_days
from projections.fold.cells import monday_of
from projections.fold.cube import Numbers
from projections.live.moment import Moment
from projections.live.tables import Tables, by_sector_name


@dataclass(frozen=True)
class Yesterday:
    """``unreached`` of the week that yesterday lies in, as the table has it for K at the end of yesterday."""

    until: int
    """The end of yesterday, in microseconds."""
    open: NDArray[np.bool_]
    """[place, sector]: whether the row exists."""
    unreached: Numbers
    """[place, sector]: 0 where it does not."""

    def change(self, tables: Tables) -> tuple[Numbers, NDArray[np.bool_]]:
        """Give [place, sector]: what ``unreached`` has changed by since, and where both are there to be compared."""
        if not tables.weeks:
            return np.zeros_like(self.unreached), np.zeros_like(self.open)
        both = self.open & tables.open[:, :, -1]
        return np.where(both, tables.counts["unreached"][:, :, -1] - self.unreached, 0), both


def yesterday(moment: Moment) -> Yesterday:
    """Give the count as of the end of yesterday: every event that is known now, also one recorded since."""
    cube = moment.cube
    today = local_day(moment.at)
    monday = monday_of(today - 1)
    closed = closed_days(moment.closures, cube.places, monday, 7)
    there = np.logical_or.reduce(closed[:, :, : today - monday], axis=2)
    last = monday + 6 - np.argmax(closed[:, :, ::-1], axis=2)
    unreached = np.where(there, cube.held("unreached", np.minimum(last, today - 1)), 0)
    return Yesterday(day_start(today), by_sector_name(there), by_sector_name(unreached))
