"""Instants, and the days and weeks of Europe/Amsterdam.

An instant is an `int` of microseconds since 1970-01-01T00:00Z ("micros"); a day is an `int`, the proleptic ordinal of
its date (`date.toordinal()`); a week is an ISO week as text (`2020-W14`). Days and weeks are those of Europe/Amsterdam.
"""

import re
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from events.errors import Rejected
from events.rules import INSTANT_PATTERN, INSTANT_RULE, NO_SUCH_INSTANT, WEEK_PATTERN, WEEK_RULE

__all__ = [
    "AMSTERDAM",
    "CLOCK_TOLERANCE",
    "DAY",
    "day_start",
    "format_instant",
    "from_micros",
    "local_day",
    "parse_instant",
    "to_micros",
    "week_monday",
    "week_of_day",
]

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")
CLOCK_TOLERANCE: Final = 5 * 60 * 1_000_000
"""How long after it was recorded an event may say that it happened, in micros (clocks differ)."""
DAY: Final = 24 * 60 * 60 * 1_000_000
"""24 hours in micros."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
_MICRO: Final = timedelta(microseconds=1)
_INSTANT: Final = re.compile(INSTANT_PATTERN)
_WEEK: Final = re.compile(WEEK_PATTERN)


def to_micros(instant: datetime) -> int:
    """Give an aware datetime as micros; raises TypeError for a naive one."""
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_micros(micros: int) -> datetime:
    """Give micros as a datetime in UTC; raises OverflowError outside the years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=micros)


def format_instant(micros: int) -> str:
    """Write an instant as RFC 3339 in UTC with `Z`; the fraction has six digits, or is left out when it is zero."""
    return from_micros(micros).isoformat().removesuffix("+00:00") + "Z"


def parse_instant(text: str, field: str = "instant") -> int:
    """Read RFC 3339 with an offset, by the rule of every time in an event, as micros.

    Raises `Rejected` on `field` for any other spelling and for an instant that does not exist.
    """
    # `$` of Python's re also matches before a newline at the end, fullmatch does not.
    if _INSTANT.fullmatch(text) is None:
        raise Rejected(field, INSTANT_RULE)
    try:
        return to_micros(datetime.fromisoformat(text.upper()))
    except ValueError:
        raise Rejected(field, NO_SUCH_INSTANT) from None


def _clock_changes(first_year: int, last_year: int) -> tuple[list[int], list[int]]:
    """List when Amsterdam's offset from UTC changes, and the offset from each change on, all in micros.

    Looks at every seventh day and halves the interval in which the offset differs: zoneinfo has no list to ask for.
    """

    def offset(micros: int) -> int:
        return (from_micros(micros).astimezone(AMSTERDAM).utcoffset() or timedelta()) // _MICRO

    start = to_micros(datetime(first_year, 1, 1, tzinfo=UTC))
    end = to_micros(datetime(last_year, 12, 31, tzinfo=UTC))
    changes, offsets = [start], [offset(start)]
    for right in range(start + 7 * DAY, end, 7 * DAY):
        after = offset(right)
        if after == offsets[-1]:
            continue
        low, high = right - 7 * DAY, right
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if offset(middle) == after else (middle, high)
        changes.append(high)
        offsets.append(after)
    return changes, offsets


_CHANGES, _OFFSETS = _clock_changes(1990, 2050)
_TABLE_START: Final = _CHANGES[0]
_TABLE_END: Final = _CHANGES[-1]


def local_day(micros: int) -> int:
    """Give the day of Europe/Amsterdam on which the instant lies."""
    if _TABLE_START <= micros < _TABLE_END:
        return (micros + _OFFSETS[bisect_right(_CHANGES, micros) - 1]) // DAY + _EPOCH_DAY
    return from_micros(micros).astimezone(AMSTERDAM).toordinal()


@lru_cache(maxsize=4096)
def day_start(ordinal: int) -> int:
    """Give the instant (micros) at which the day begins in Europe/Amsterdam."""
    day = date.fromordinal(ordinal)
    return to_micros(datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM).astimezone(UTC))


@lru_cache(maxsize=4096)
def week_of_day(ordinal: int) -> str:
    """Give the ISO week in which the day lies, as `2020-W14`: the year is that of the week, not of the day."""
    year, week, _ = date.fromordinal(ordinal).isocalendar()
    return f"{year:04d}-W{week:02d}"


@lru_cache(maxsize=4096)
def week_monday(week: str, field: str = "week") -> int:
    """Give the Monday of an ISO week as a day; raises `Rejected` on `field` for a week that does not exist."""
    if _WEEK.fullmatch(week) is None:
        raise Rejected(field, WEEK_RULE)
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1).toordinal()
