"""A chart by its numbers: what it shows, without a language, a size or a colour."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, Literal, NamedTuple

from events.times import local_day, week_monday
from services.web.source import ClosureLike

__all__ = ["MOST_CLOSURES", "Chart", "Kind", "Mark", "Number", "Series", "marks_of"]

Kind = Literal["week", "coverage", "place"]

MOST_CLOSURES: Final = 4
"""Closures that are drawn with their names; those that last longest, the national ones first."""


class Number(NamedTuple):
    """A number of a week: the least and the most that it may be, and the schools behind it."""

    low: int
    high: int
    reported: int
    expected: int

    @property
    def silent(self) -> bool:
        """Whether nobody has answered: then a zero is none."""
        return self.reported == 0 and self.expected > 0


class Series(NamedTuple):
    """A line by week; None where there is no number."""

    key: str
    numbers: tuple[Number | None, ...]


class Mark(NamedTuple):
    """A closure: its days, inclusive, and the days on which it was decided so."""

    name: str
    starts: date
    until: date | None
    decided: tuple[date, ...]


@dataclass(frozen=True)
class Chart:
    """What one chart shows."""

    kind: Kind
    area: str
    """The code of the area or the place; empty for the whole country."""
    sector: str
    weeks: tuple[str, ...]
    series: tuple[Series, ...]
    """The one that matters most comes first."""
    change: int | None
    """Of the first line, on the week before, over what was closed in both; None where that is not known exactly."""
    marks: tuple[Mark, ...]
    as_of: int

    @property
    def exact(self) -> bool:
        """Whether every number is known exactly."""
        return all(n is None or n.low == n.high for series in self.series for n in series.numbers)

    @property
    def silent(self) -> bool:
        """Whether nobody has answered for one of the numbers."""
        return any(n is not None and n.silent for series in self.series for n in series.numbers)

    @cached_property
    def version(self) -> str:
        """What it shows, as a short name: another number, another name."""
        shown = (self.kind, self.area, self.sector, self.weeks, self.series, self.change, self.marks)
        return hashlib.blake2b(repr(shown).encode(), digest_size=8).hexdigest()


def marks_of(
    closures: Sequence[ClosureLike], weeks: Sequence[str], within: frozenset[str] | None, sector: str | None
) -> tuple[Mark, ...]:
    """Choose the closures to draw over `weeks`, of places `within` an area and of a sector; None: of all."""
    if not weeks:
        return ()
    first, last = week_monday(weeks[0]), week_monday(weeks[-1]) + 6

    def days(closure: ClosureLike) -> int:
        until = last if closure.until is None else min(closure.until.toordinal(), last)
        return until - max(closure.starts.toordinal(), first) + 1

    def meets(closure: ClosureLike) -> bool:
        places = closure.municipalities
        there = places is None or within is None or not within.isdisjoint(places)
        return there and days(closure) > 0 and (sector is None or sector in closure.sectors)

    chosen = sorted(filter(meets, closures), key=lambda c: (c.municipalities is not None, -days(c), c.name))
    marks = [
        Mark(c.name, c.starts, c.until, tuple(date.fromordinal(local_day(at)) for at in c.announced))
        for c in chosen[:MOST_CLOSURES]
    ]
    return tuple(sorted(marks, key=lambda mark: (mark.starts, mark.name)))
