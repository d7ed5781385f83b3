"""When people in schools and municipalities work: days, hours and weeks of Europe/Amsterdam, as columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

import numpy as np

from events.times import DAY, day_start, week_of_day
from projections.register import closure_decisions
from services.simulate.draws import Draws, Floats, Ints

__all__ = [
    "EPOCH_DAY",
    "FIRST_DAY",
    "HOLIDAY_WEEKS",
    "HOUR",
    "LAST_DAY",
    "MINUTE",
    "NEVER",
    "OFFSETS",
    "REORGANISATION",
    "SECOND",
    "WEEKS",
    "Window",
    "at",
    "closed_weeks",
    "to_working_hours",
    "week_ends",
    "week_text",
]

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
NEVER: Final = 2**62 // MINUTE * MINUTE
"""The end of an interval that nobody closes; a whole minute, as all ends are."""
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()
FIRST_DAY: Final = date(2020, 1, 1).toordinal()
LAST_DAY: Final = date(2022, 12, 31).toordinal()
REORGANISATION: Final = day_start(date(2021, 1, 1).toordinal())
"""The municipal reorganisation inside the second closure, as an instant."""
HOLIDAY_WEEKS: Final = frozenset({"2020-W18", "2020-W52", "2020-W53", "2021-W18"})
"""Weeks without school everywhere in the country (spring and Christmas): few schools answer."""

# Public holidays on weekdays, and the Fridays after Ascension Day.
_HOLIDAYS: Final = (
    "2020-01-01", "2020-04-13", "2020-04-27", "2020-05-05", "2020-05-21", "2020-05-22", "2020-06-01",
    "2020-12-25", "2021-01-01", "2021-04-05", "2021-04-27", "2021-05-13", "2021-05-14", "2021-05-24",
)  # fmt: skip
_FREE: Final = frozenset(date.fromisoformat(day).toordinal() for day in _HOLIDAYS)
_OPENS: Final = 7 * HOUR + 30 * MINUTE
_SHUTS: Final = 18 * HOUR + 30 * MINUTE

OFFSETS: Final[Ints] = np.array(
    # The offset at the day's end: clocks change at night, and all that is simulated by the clock happens by day.
    [(day + 1 - EPOCH_DAY) * DAY - day_start(day + 1) for day in range(FIRST_DAY, LAST_DAY + 1)],
    dtype=np.int64,
)
"""By day since FIRST_DAY: what to add to an instant to read the clock of Amsterdam, in micros."""


def _works(day: int) -> bool:
    return date.fromordinal(day).weekday() < 5 and day not in _FREE


_NEXT_WORKDAY: Final[Ints] = np.array(
    [next(d for d in range(day, day + 12) if _works(d)) - FIRST_DAY for day in range(FIRST_DAY, LAST_DAY + 1)],
    dtype=np.int64,
)


def at(days: Ints, seconds: Ints) -> Ints:
    """Give the instants at which clocks show so many seconds after midnight on these days (ordinals)."""
    return np.asarray((days - EPOCH_DAY) * DAY + seconds * SECOND - OFFSETS[days - FIRST_DAY], dtype=np.int64)


def to_working_hours(instants: Ints, draws: Draws) -> Ints:
    """Leave an instant in working hours as it is; put any other in the morning of the next working day."""
    u = draws.uniform(len(instants))
    utc_day = instants // DAY - (FIRST_DAY - EPOCH_DAY)
    clock = instants + OFFSETS[utc_day]
    day, time = clock // DAY - (FIRST_DAY - EPOCH_DAY), clock % DAY
    after = _NEXT_WORKDAY[np.where(time > _SHUTS, day + 1, day)]
    keep = (after == day) & (time >= _OPENS)
    morning = at(after + FIRST_DAY, (u * (4 * 3600)).astype(np.int64) + 8 * 3600)
    return np.where(keep, instants, morning)


@dataclass(frozen=True)
class Window:
    """Working days from `first` up to and including `last`; with `lean` above 1, early days are likelier."""

    first: str
    last: str
    lean: int = 1

    def days(self) -> Ints:
        """List the working days in it, as ordinals."""
        span = range(date.fromisoformat(self.first).toordinal(), date.fromisoformat(self.last).toordinal() + 1)
        return np.array([day for day in span if _works(day)], dtype=np.int64)

    def draw(self, n: int, draws: Draws) -> Ints:
        """Give `n` instants in it, on whole minutes between 8:30 and 17:00."""
        days = self.days()
        u = draws.uniform(n)
        leaning: Floats = u
        for _ in range(self.lean - 1):
            leaning = leaning * u
        minutes = draws.spread(n, (510, 560, 620, 700, 800, 900, 1020)).astype(np.int64)
        return at(days[(leaning * len(days)).astype(np.int64)], minutes * 60)


WEEKS: Final = 74
"""Weeks that matter here, from that of FIRST_DAY on: to the end of the second closure's last one."""


@cache
def week_ends() -> Ints:
    """Give the Friday noon of each of WEEKS weeks: what a school looks back on when it answers for that week."""
    friday = FIRST_DAY - date.fromordinal(FIRST_DAY).weekday() + 4
    return at(friday + 7 * np.arange(WEEKS), np.full(WEEKS, 12 * 3600))


@cache
def week_text(index: int) -> str:
    """Name the week that is `index` weeks after the one of FIRST_DAY: `2020-W01` is 0."""
    return week_of_day(FIRST_DAY + 7 * index)


@cache
def closed_weeks(closure: str, sector: str) -> tuple[int, ...]:
    """List the weeks (indices, see `week_text`) in which the sector was closed, by what was decided last.

    `closure` is "first" or "second": what began before or after August 2020.
    """
    last = {decision.closure: decision for decision in closure_decisions()}
    monday = FIRST_DAY - date.fromordinal(FIRST_DAY).weekday()
    weeks: set[int] = set()
    for decision in last.values():
        begins = decision.starts.toordinal()
        ends = decision.until.toordinal() if decision.until else LAST_DAY
        if sector in decision.sectors and (decision.starts < date(2020, 8, 1)) == (closure == "first"):
            weeks.update(range((begins - monday) // 7, (ends - monday) // 7 + 1))
    return tuple(sorted(weeks))
