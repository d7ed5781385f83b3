"""The cells that pupils, households and schools add up to: sums by day, so that no clock stands in them.

A cell is a number under an integer key; what a pupil contributes is added, what it contributed
before is taken away. Because closures are whole days, sums by day are enough for every measure:
the calendar and the clock come in at reading (``projections.fold.cube``), never here.

Keys are packed: place (14 bits), sector (2), day (20, a proleptic ordinal), then a column.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from projections.tables import DEVICES, FLOWS, OUTCOMES

NEWLY_LOST, RESTORED, MOVED_IN, MOVED_OUT = range(len(FLOWS))
OVER_4_WEEKS: Final = 4
HOUSEHOLDS: Final = 5
DEVICE: Final = 6
VISIT: Final = DEVICE + len(DEVICES)
FLOW_COLUMNS: Final = VISIT + len(OUTCOMES)

EXPECTED, REPORTED, ON_TIME, CLAIMED, STATING, PUPILS = range(6)
COVERAGE_COLUMNS: Final = 6

DAY_BITS, FLOW_BITS, MASK_BITS, COVERAGE_BITS = 20, 4, 7, 3
WHOLE_WEEKS: Final = 0
"""The mask of a ``during`` cell that counts, as a difference, the pupils unreached all week long from here on."""


def area(place: int, sector: int) -> int:
    """Pack a place and a sector."""
    return place << 2 | sector


def flow_key(area: int, day: int, column: int) -> int:
    """The key of what happens on a day."""
    return (area << DAY_BITS | day) << FLOW_BITS | column


def during_key(area: int, monday: int, mask: int) -> int:
    """The key of the pupils unreached during a week on just the days of ``mask`` (bit 0: Monday)."""
    return (area << DAY_BITS | monday) << MASK_BITS | mask


def coverage_key(area: int, monday: int, column: int) -> int:
    """The key of a number of schools, or of what they say, in a week.

    A difference, from that week on, are ``EXPECTED``, of those ``STATING`` how many pupils they have, and ``PUPILS``.
    """
    return (area << DAY_BITS | monday) << COVERAGE_BITS | column


def monday_of(day: int) -> int:
    """The Monday of the ISO week of a proleptic ordinal."""
    return day - (day + 6) % 7


Sums = defaultdict[int, int]


def _sums() -> Sums:
    return defaultdict(int)


@dataclass(slots=True)
class Deltas:
    """What is to be added to the cells; ``over_4_weeks`` holds the exact instants, by (instant, area)."""

    flow: Sums = field(default_factory=_sums)
    during: Sums = field(default_factory=_sums)
    coverage: Sums = field(default_factory=_sums)
    over_4_weeks: defaultdict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
