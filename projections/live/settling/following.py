"""The past of a municipality: counted once, in pieces where that takes long, and anew where it may have changed."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from events import week_of_day
from projections.fold.cube import Numbers
from projections.fold.reports import place_of
from projections.live import residents
from projections.live.moment import Moment
from projections.live.recorded import newest_recorded_by, told_since
from projections.live.settling.pupils import Counting
from projections.live.settling.recalling import Recall, Recalled, nothing_recalled
from projections.live.settling.told import Settling
from projections.live.settling.weeks import PastWeeks, past_weeks
from projections.live.tables import SORTED_SECTORS, by_sector_name
from projections.tables import SECTORS

__all__ = ["settling", "settling_in_time"]

_SOME: Final = 2_000
"""Pupils that are counted between two looks at the clock."""
_KIND: Final = "settling"
_PLACES: Final = 32
"""Municipalities whose past is kept, those asked for last."""


@dataclass
class _Past:
    """What is kept of a municipality between two moments of one view."""

    mondays: tuple[int, ...]
    looks: tuple[int, ...]
    position: int
    """Up to which message of the ledger it was looked who lives there."""
    names: list[str]
    """Those who are still to be counted, the last first."""
    counting: Counting | Recalled
    told: Settling | None
    """What was told last, until all are counted again."""

    def stands(self, moment: Moment, weeks: PastWeeks) -> bool:
        """Tell whether what was counted so far is what would be counted now."""
        if (self.mondays, self.looks) != (weeks.mondays, weeks.looks):
            return False
        return not weeks.looks or newest_recorded_by(moment, weeks.looks[-1]) <= self.position


def settling(moment: Moment, municipality: str) -> Settling:
    """Follow the figures of a municipality (`GM0014`, or `unknown`).

    The past that was counted is kept for the next moment of the same view (``Moment.kept``).
    """
    told = settling_in_time(moment, municipality, math.inf)
    assert told is not None  # noqa: S101 - there was time for all of it
    return told


def settling_in_time(
    moment: Moment, municipality: str, seconds: float, recall: Recall = nothing_recalled
) -> Settling | None:
    """Follow the figures of a municipality, if that takes hardly longer than so many seconds.

    Otherwise give what was told before, None where nothing was: the next moment of the same view goes on from there.
    What ``recall`` gives need not be counted.
    """
    until = time.monotonic() + seconds
    weeks = past_weeks(moment, place_of(municipality))
    past: _Past | None = moment.kept.pop((_KIND, municipality), None)
    told = None if past is None else past.told
    if past is not None and not past.stands(moment, weeks):
        past = None
    if past is None or past.names:
        recalled = _recalled(moment, municipality, weeks, recall, told)
        past = recalled or past or _begun(moment, municipality, weeks, told)
    _keep(moment, municipality, past)
    while past.names and isinstance(past.counting, Counting):
        past.counting.add(moment, past.names[-_SOME:])
        del past.names[-_SOME:]
        if time.monotonic() >= until:
            break
    if not past.names:
        past.told = _told(moment, municipality, weeks, past.counting.unreached)
    return past.told


def _begun(moment: Moment, municipality: str, weeks: PastWeeks, told: Settling | None) -> _Past:
    place = place_of(municipality)
    names = sorted(residents.of(moment.database, place), reverse=True) if weeks.looks else []
    return _Past(weeks.mondays, weeks.looks, moment.position, names, Counting(place, weeks), told)


def _recalled(
    moment: Moment, municipality: str, weeks: PastWeeks, recall: Recall, told: Settling | None
) -> _Past | None:
    """Give the past out of what was settled elsewhere, if that holds all that was recorded by the last look."""
    if not weeks.looks:
        return None
    since = max(newest_recorded_by(moment, weeks.looks[-1]), told_since(moment))
    unreached = recall(municipality, weeks, since, moment.position)
    if unreached is None:
        return None
    return _Past(weeks.mondays, weeks.looks, moment.position, [], Recalled(unreached), told)


def _keep(moment: Moment, municipality: str, past: _Past) -> None:
    """Keep what there is of a municipality, as that asked for last, and of no more than so many."""
    moment.kept[_KIND, municipality] = past
    for other in [each for each in moment.kept if each[0] == _KIND][:-_PLACES]:
        del moment.kept[other]


def _told(moment: Moment, municipality: str, weeks: PastWeeks, past: Numbers) -> Settling:
    ends, moments = weeks.ends, (*weeks.moments, moment.at)
    exists = np.stack([rows.there for rows in (*weeks.known, weeks.now)], axis=2)
    exists &= (ends[:, None] <= np.array(moments)[None, :])[None]
    unreached = np.concatenate([past, _now(moment, municipality, weeks)[:, :, None]], axis=2)
    unreached[~exists] = 0
    some = np.flatnonzero(exists.any(axis=(0, 2)))
    return Settling(
        municipality,
        SORTED_SECTORS,
        tuple(week_of_day(weeks.mondays[week]) for week in some),
        moments,
        by_sector_name(exists[None])[0][:, some],
        by_sector_name(unreached[None])[0][:, some],
        tuple(int(ends[week]) for week in some),
    )


def _now(moment: Moment, municipality: str, weeks: PastWeeks) -> Numbers:
    """Give [sector, week] as the table has it: of a week before all that was reported it has nothing."""
    found = np.zeros((len(SECTORS), len(weeks.mondays)), dtype=np.int64)
    place = place_of(municipality)
    if place in moment.cube.places:
        row = moment.cube.places.index(place)
        for number, monday in enumerate(weeks.mondays):
            week = week_of_day(monday)
            if week in moment.grid.weeks:
                found[:, number] = moment.grid.counts["unreached"][row, :, moment.grid.weeks.index(week)]
    return found
