"""Making the public table of a day from the live view."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events import local_day, week_of_day
from projections.fold.calendar import Closure, closed_days
from projections.fold.cells import monday_of
from projections.fold.reports import place_of
from projections.live.reading import LiveReader
from projections.live.tables import Tables
from projections.public.snapshot import Snapshot, hidden
from projections.register import codes_between
from projections.register.divisions import division_of, into_division
from projections.tables import SECTORS, UNKNOWN

__all__ = ["take_snapshot"]

_MOST_WEEKS: Final = 519
"""How far the table reaches back: within what the live tables hold."""
_MINUTE: Final = 60_000_000
_SECTORS: Final = tuple(sorted(SECTORS))
_ORDER: Final = [SECTORS.index(name) for name in _SECTORS]


class Calendar(NamedTuple):
    """Which rows exist: [place, sector, week], sectors in the order of their names; weeks by their Mondays."""

    places: tuple[str, ...]
    mondays: tuple[int, ...]
    exists: NDArray[np.bool_]


def take_snapshot(reader: LiveReader, at: int) -> Snapshot | None:
    """Make the public table as of `at` (microseconds), or of the latest recorded time if that is later.

    None as long as no day of any closure has passed.
    """
    tables, closures = reader.look(at)
    if calendar_of(closures, local_day(at)) is None:
        return None
    calendar = calendar_of(closures, local_day(tables.as_of))
    return None if calendar is None else snapshot_of(tables, calendar)


def calendar_of(closures: Sequence[Closure], day: int) -> Calendar | None:
    """Give the rows of a table made on `day` (a proleptic ordinal); None when there are none.

    A row exists from the day after the first day closed in its week: so between the instants of which two weeks tell,
    and so between any two numbers shown of one place and sector, lies a day at least.
    """
    if not closures:
        return None
    last = monday_of(day - 1)
    first = max(monday_of(min(closure.starts.toordinal() for closure in closures)), last - 7 * (_MOST_WEEKS - 1))
    if first > last:
        return None
    places = (*sorted(codes_between(first, last + 6)), UNKNOWN)
    numbers = [place_of(place) for place in places]
    closed = closed_days(closures, numbers, first, day - first)
    whole = np.zeros((len(places), len(SECTORS), last + 7 - first), dtype=np.bool_)
    whole[:, :, : day - first] = closed
    exists = np.logical_or.reduce(whole.reshape(len(places), len(SECTORS), -1, 7), axis=3)[:, _ORDER]
    for week in range(exists.shape[2]):
        valid = {*codes_between(first + 7 * week, first + 7 * week + 6), UNKNOWN}
        exists[[place not in valid for place in places], :, week] = False
    some = np.flatnonzero(exists.any(axis=(0, 1)))
    if not len(some):
        return None
    return Calendar(places, tuple(first + 7 * int(week) for week in some), exists[:, :, some])


def snapshot_of(tables: Tables, calendar: Calendar) -> Snapshot:
    """Bring exact tables into the rows of the calendar, and hide the small numbers."""
    shape = calendar.exists.shape
    sums = {name: np.zeros(shape, dtype=np.int64) for name in ("unreached", "schools_expected", "schools_reported")}
    counted = {name: week for week, name in enumerate(tables.weeks)}
    row = {place: number for number, place in enumerate(calendar.places)}
    sectors = [tables.sectors.index(name) for name in _SECTORS]
    for index, monday in enumerate(calendar.mondays):
        if (week := counted.get(week_of_day(monday))) is None:
            continue  # nothing was ever said of a time so long ago
        into = [row[place] for place in seen_in(tables.places, monday)]
        for name, numbers in sums.items():
            exact = tables.counts[name] if name in tables.counts else tables.coverage[name]
            np.add.at(numbers[:, :, index], into, exact[:, sectors, week])
    shown = {name: np.where(calendar.exists, numbers, 0) for name, numbers in sums.items()}
    return Snapshot(
        date.fromordinal(local_day(tables.as_of)),
        tables.as_of - tables.as_of % _MINUTE,
        calendar.places,
        _SECTORS,
        tuple(map(week_of_day, calendar.mondays)),
        calendar.exists,
        hidden(shown["unreached"]),
        shown["schools_expected"].astype(np.int32),
        shown["schools_reported"].astype(np.int32),
    )


def seen_in(places: Sequence[str], monday: int) -> list[str]:
    """Give for each place under which one it is counted in a week, each under one only.

    Itself when its code is valid on a day of the week; what it merged into before; else unknown: a code of a later day,
    of a municipality that was split, or of none.
    """
    valid = set(codes_between(monday, monday + 6))
    merged = into_division(division_of(monday)).merged
    heirs = (place if place in valid else merged.get(place, UNKNOWN) for place in places)
    return [heir if heir in valid else UNKNOWN for heir in heirs]
