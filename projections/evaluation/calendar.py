"""When schools were closed, as small tables that the query joins: COUNTS, "When schools are closed".

Municipalities and sectors with the same closed days share a *pattern*. Of each pattern its weeks (those that it meets
before K) are numbered from 0, and for each day stands what the query asks of an instant on that day; so the query
needs no zone, no calendar and no days of its own. Days are proleptic ordinals of
the definition's time zone (Europe/Amsterdam), instants micros.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from events.times import DAY, week_of_day
from projections.evaluation.definition import Zone

__all__ = ["PLACES", "UNKNOWN_PLACE", "Calendar", "Closure", "make_calendar"]

PLACES: Final = 10_001
"""Places are numbers: the digits of the municipality's code; after the last code comes the unknown residence."""
UNKNOWN_PLACE: Final = PLACES - 1
NOON: Final = DAY // 2

Ints = NDArray[np.int64]
Span = tuple[int, int]


@dataclass(frozen=True)
class Closure:
    """A closure that stands: sectors by number, first and last day (None: not known), places (None: the country)."""

    sectors: Sequence[int]
    first: int
    last: int | None
    places: Sequence[int] | None


@dataclass(frozen=True)
class Calendar:
    """The small tables. Days are counted from 0 on, `days` of them; the number after the last stands for K and later.

    - `pattern_of` (sector, place, pattern): who shares which closed days.
    - `midnight` (day, starts): when each day begins. Amsterdam's midnight always lies between two noons in UTC: the
      one numbered `day` in the 24 hours from `first_noon` + `day` * 24 hours on.
    - `day` (pattern, day, key, closed, closed_before, weeks_over, week_next, week_before): one number
      for the two; is the day closed; how many closed days lie before it; how many weeks have their τ at or before its
      start; the week of the first closed day from it on, and that of the last closed day before it.
    - `week` (pattern, week, label, monday, ends): the weeks; Monday's ordinal, the instant at which the week ends.
    """

    days: int
    first_day: int
    """The ordinal of the day 0, which no pattern has closed unless nothing happened before it."""
    first_start: int
    first_noon: int
    pattern_of: pa.Table
    midnight: pa.Table
    day: pa.Table
    week: pa.Table


def make_calendar(closures: Iterable[Closure], as_of: int, zone: Zone, earliest: int | None = None) -> Calendar:
    """Make the tables for K = `as_of`; with `earliest`, without the weeks that end before that instant."""
    last_day = zone.local_day(as_of - 1)
    patterns, pattern_of = _patterns(closures, last_day)
    first_day = min((spans[0][0] for spans in patterns if spans), default=last_day)
    if earliest is not None:
        first_day = max(first_day, (zone.local_day(earliest) - 1) // 7 * 7 + 1)
    first_day = min(first_day, last_day) - 1
    days = np.arange(first_day, last_day + 1)
    starts = np.array([zone.day_start(day) for day in [*days.tolist(), last_day + 1]], dtype=np.int64)
    parts = [_pattern(number, spans, days, zone) for number, spans in enumerate(patterns or [()])]
    return Calendar(
        days=len(days),
        first_day=first_day,
        first_start=int(starts[0]),
        first_noon=(int(starts[0]) - NOON) // DAY * DAY + NOON,
        pattern_of=pattern_of,
        midnight=_table(day=np.arange(len(starts)), starts=starts),
        day=pa.concat_tables(day for day, _ in parts),
        week=pa.concat_tables(week for _, week in parts),
    )


def _table(**columns: NDArray[Any] | pa.Array) -> pa.Table:
    return pa.table(columns)


def _patterns(closures: Iterable[Closure], last_day: int) -> tuple[list[tuple[Span, ...]], pa.Table]:
    """Give the distinct patterns, each as closed spans of days in order, and which sector and place has which."""
    country: defaultdict[int, list[Span]] = defaultdict(list)
    local: defaultdict[tuple[int, int], list[Span]] = defaultdict(list)
    for closure in closures:
        # A week after K's day is enough: the last closed day of K's week decides its τ.
        last = last_day + 7 if closure.last is None else min(closure.last, last_day + 7)
        for sector in closure.sectors if closure.first <= last_day + 7 else ():
            if closure.places is None:
                country[sector].append((closure.first, last))
            for place in closure.places or ():
                local[sector, place].append((closure.first, last))
    numbers: dict[tuple[Span, ...], int] = {}
    parts: list[pa.Table] = []
    for sector in sorted({*country, *(of for of, _ in local)}):
        pattern = np.full(PLACES, -1, dtype=np.int32)
        if country[sector]:
            pattern[:] = numbers.setdefault(_union(country[sector]), len(numbers))
        for (of, place), spans in local.items():
            if of == sector:
                pattern[place] = numbers.setdefault(_union(country[sector] + spans), len(numbers))
        places = np.flatnonzero(pattern >= 0).astype(np.int16)
        parts.append(_table(sector=np.full(len(places), sector, dtype=np.int8), place=places, pattern=pattern[places]))
    none = np.array([], dtype=np.int32)
    return list(numbers), pa.concat_tables(parts or [_table(sector=none, place=none, pattern=none)])


def _union(spans: Iterable[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def _pattern(number: int, spans: Iterable[Span], days: Ints, zone: Zone) -> tuple[pa.Table, pa.Table]:
    first = int(days[0])
    reach = np.arange(first, first + len(days) + 7)  # to the end of K's week
    closed = np.zeros(len(reach), dtype=bool)
    for span_first, span_last in spans:
        closed[max(span_first - first, 0) : max(span_last - first + 1, 0)] = True
    closed_days = reach[closed]
    before_as_of = closed_days[closed_days <= days[-1]]
    # The proleptic ordinal 1 is a Monday.
    mondays, week_of_closed = np.unique((before_as_of - 1) // 7 * 7 + 1, return_inverse=True)
    last_closed = closed_days[np.searchsorted(closed_days, mondays + 7) - 1] if len(mondays) else mondays
    over = last_closed + 1  # the day at whose start τ lies, unless K comes first: then no day before K begins after τ
    weeks = len(mondays)

    from_day = np.concatenate((days, [days[-1] + 1]))  # the last one stands for K and everything after
    closed_before = np.searchsorted(before_as_of, from_day)
    nothing = np.array([weeks])
    week_of = np.concatenate((week_of_closed, nothing)).astype(np.int32)
    day = _table(
        pattern=np.full(len(from_day), number, dtype=np.int32),
        day=np.arange(len(from_day), dtype=np.int32),
        key=number * len(from_day) + np.arange(len(from_day)),
        closed=np.append(closed[: len(days)], False),
        closed_before=closed_before.astype(np.int32),
        weeks_over=np.append(np.searchsorted(over, days, side="right"), weeks).astype(np.int32),
        week_next=week_of[closed_before],
        week_before=np.where(closed_before > 0, week_of[closed_before - 1], -1).astype(np.int32),
    )
    week = _table(
        pattern=np.full(weeks, number, dtype=np.int32),
        week=np.arange(weeks, dtype=np.int32),
        label=pa.array([week_of_day(int(monday)) for monday in mondays], pa.string()),
        monday=mondays.astype(np.int32),
        ends=np.array([zone.day_start(int(monday) + 7) for monday in mondays], dtype=np.int64),
    )
    return day, week
