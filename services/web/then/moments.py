"""Which moment is looked back at: as the address says, else a week ago, or the last day of the closure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from events.times import AMSTERDAM, from_micros, local_day
from services.web.source import ClosureLike

__all__ = ["Moments", "moments_of"]

_AFTER: Final = timedelta(days=56)
"""So long after the last closure late reports are still looked at day by day."""
_BACK: Final = timedelta(days=7)
_MILLION: Final = 1_000_000


@dataclass(frozen=True)
class Moments:
    """The moment looked back at (`then`, microseconds), and the days from which it can be chosen."""

    then: int
    first: date
    last: date

    @property
    def local(self) -> datetime:
        """The moment in Amsterdam's time."""
        return from_micros(self.then).astimezone(AMSTERDAM)

    @property
    def day(self) -> int:
        """How many days it lies after the first one, within the days that can be chosen."""
        return min(max((self.local.date() - self.first).days, 0), self.days)

    @property
    def days(self) -> int:
        """How many days the last one lies after the first one."""
        return (self.last - self.first).days

    def moved(self, days: int) -> str:
        """Give the moment so many days later, as addresses have it; empty where it cannot be chosen."""
        moved = self.local.replace(tzinfo=None) + timedelta(days=days)
        return f"{moved:%Y-%m-%dT%H:%M}" if self.first <= moved.date() <= self.last else ""


def moments_of(closures: Sequence[ClosureLike], now: int, at: str) -> Moments | None:
    """Give the moment of an address, not after `now` (microseconds); None where no closure has begun."""
    today = date.fromordinal(local_day(now))
    begun = [closure for closure in closures if closure.starts <= today]
    if not begun:
        return None
    first = min(closure.starts for closure in begun)
    ended = max(min(closure.until or today, today) for closure in begun)
    last = min(today, ended + _AFTER)
    text = at or f"{max(first, min(today - _BACK, ended)).isoformat()}T12:00"
    chosen = datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)
    return Moments(min(int(chosen.timestamp()) * _MILLION, now), first, last)
