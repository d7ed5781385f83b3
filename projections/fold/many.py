"""Many pupils at once, as columns: the same as ``projections.fold.pupil`` gives one by one; tests hold both equal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events import local_day
from events.times import DAY
from projections.fold import cells
from projections.fold.cells import DAY_BITS, FLOW_BITS, MASK_BITS
from projections.fold.into import Into
from projections.fold.moves import Cut, Residences
from projections.fold.pupil import FOREVER, FOUR_WEEKS
from projections.fold.reports import DEVICE, LOST, NO_PLACE, RESTORED, UNKNOWN_PLACE, VISIT

Numbers = NDArray[np.int64]

_PLACE_BITS: Final = 14
AREA_BITS: Final = 16
"""Of a place and a sector."""
_HOUR: Final = DAY // 24
_FIRST_HOUR: Final = 7_305 * 24
"""From 1990 on, Amsterdam's offset from UTC is whole hours (events.times)."""
_DAY_OF_HOUR: Final = np.zeros(100 * 366 * 24, dtype=np.int64)
"""The day of each hour from then on for a century, as soon as it was asked for; 0 before that."""


class Reports(NamedTuple):
    """Reports in the order of their pupils and, of each pupil, in that of the definition; a row for each."""

    pupil: Numbers
    """The number of the pupil, from 0 on, without gaps."""
    occurred: Numbers
    order: Numbers
    sector: Numbers
    place: Numbers
    detail: Numbers
    alone: NDArray[np.bool_]
    """Whether no household is stated."""
    standing: NDArray[np.bool_]
    """Whether it is not retracted."""
    tie: Numbers | None = None
    """The order of source and id among losses and statements of one pupil at one instant; without it, who moved is not
    to be chosen."""
    told: bool = False
    """Whether every area, in keys and spans too, is to tell its pupil: the number stands above the bits of the area."""


class Spans(NamedTuple):
    """Unreached intervals, each in one place: the row of the loss that opened it, and as ``pupil.Segment`` has it."""

    row: Numbers
    area: Numbers
    start: Numbers
    end: Numbers


def local_days(instants: Numbers) -> Numbers:
    """Give the days of Europe/Amsterdam on which instants lie: ``local_day`` of each."""
    hours = instants // _HOUR - _FIRST_HOUR
    outside = np.flatnonzero((hours < 0) | (hours >= len(_DAY_OF_HOUR)))
    hours[outside] = 0
    days = _DAY_OF_HOUR[hours]
    if not days.all():
        new = np.unique(hours[days == 0])
        _DAY_OF_HOUR[new] = [local_day((hour + _FIRST_HOUR) * _HOUR) for hour in new.tolist()]
        days = _DAY_OF_HOUR[hours]
    days[outside] = [local_day(instant) for instant in instants[outside].tolist()]
    return days


def moved(reports: Reports) -> NDArray[np.bool_]:
    """Tell of each pupil whether several places are named."""
    least, most = _places(reports)
    several: NDArray[np.bool_] = np.logical_and(most != NO_PLACE, least != most)
    return several


def named_places(reports: Reports) -> tuple[Numbers, Numbers]:
    """Give each place and pupil once, where a report names it, withdrawn or not: ``reports.lives_in`` of each."""
    stated = np.where((reports.place == NO_PLACE) & (reports.order == LOST), UNKNOWN_PLACE, reports.place)
    named = stated != NO_PLACE
    keys = np.unique(reports.pupil[named] << _PLACE_BITS | stated[named])
    return keys & ((1 << _PLACE_BITS) - 1), keys >> _PLACE_BITS


def in_several_areas(spans: Spans, pupil: Numbers) -> Iterator[tuple[int, list[tuple[int, int, int]]]]:
    """Give the pupils that are counted in several areas, with their spans (area, start, end)."""
    if not len(pupil):
        return
    first = np.flatnonzero(np.diff(pupil, prepend=-1))
    several = np.minimum.reduceat(spans.area, first) != np.maximum.reduceat(spans.area, first)
    last = np.append(first[1:], len(pupil))
    for begin, end in zip(first[several].tolist(), last[several].tolist(), strict=True):
        own = (of[begin:end].tolist() for of in (spans.area, spans.start, spans.end))
        yield int(pupil[begin]), list(zip(*own, strict=True))


def contribute_many(reports: Reports, chosen: NDArray[np.bool_], into: Into) -> Spans:
    """Add what the ``chosen`` pupils contribute, and give their spans.

    A household that several pupils may share is left to ``projections.fold.household``.
    """
    counts = reports.standing & chosen[reports.pupil]
    lives = _residences(reports, np.flatnonzero(counts & (reports.place != NO_PLACE)), len(chosen))
    done = np.flatnonzero(counts & (reports.order >= DEVICE))
    column = np.where(reports.order[done] == VISIT, cells.VISIT, cells.DEVICE) + reports.detail[done]
    where = _area(reports, reports.pupil[done], lives.at(reports.pupil[done], reports.occurred[done]), done)
    into.flow(_flow(where, local_days(reports.occurred[done]), column))
    row, start, end = _intervals(reports, np.flatnonzero(counts & (reports.order <= RESTORED)))
    pupil = reports.pupil[row]
    cut = lives.cut(pupil, start, end)
    row = row[cut.interval]
    pupil = pupil[cut.interval]
    spans = Spans(row, _area(reports, pupil, cut.place, row), cut.start, cut.end)
    if len(row):
        _contribute_states(spans, cut, start[cut.interval], reports.alone[row], into)
        _contribute_weeks(spans, pupil, reports.told, into)
    return spans


def _area(reports: Reports, pupil: Numbers, place: Numbers, rows: Numbers) -> Numbers:
    area = place << 2 | reports.sector[rows]
    return area | pupil << AREA_BITS if reports.told else area


def _residences(reports: Reports, rows: Numbers, pupils: int) -> Residences:
    tie = np.zeros(len(rows), dtype=np.int64) if reports.tie is None else reports.tie[rows]
    return Residences(pupils, reports.pupil[rows], reports.occurred[rows], tie, reports.place[rows])


def _places(reports: Reports) -> tuple[Numbers, Numbers]:
    """Give the least and the greatest place that is stated for each pupil; ``NO_PLACE`` where none is."""
    first = np.flatnonzero(np.diff(reports.pupil, prepend=-1))
    stated = reports.standing & (reports.place != NO_PLACE)
    least = np.minimum.reduceat(np.where(stated, reports.place, UNKNOWN_PLACE), first)
    return least, np.maximum.reduceat(np.where(stated, reports.place, NO_PLACE), first)


def _intervals(reports: Reports, rows: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Find the intervals among losses and restorations: of a row of equal ones, the first decides.

    Gives of each the row of the loss that opened it, its start and its end.
    """
    pupil, lost = reports.pupil[rows], reports.order[rows] == LOST
    same = np.diff(pupil, prepend=-1) == 0
    after_loss = same & np.roll(lost, 1)
    opens, closes = np.flatnonzero(lost & ~after_loss), np.flatnonzero(~lost & after_loss)
    # The next that closes is the pupil's own, or there is none.
    next_one = np.searchsorted(closes, opens)
    found = np.append(closes, -1)[next_one]
    closed = (found >= 0) & (pupil[found] == pupil[opens])
    start = reports.occurred[rows[opens]]
    end = np.where(closed, reports.occurred[rows[found]], FOREVER)
    keep = start < end  # one of no length does not exist
    return rows[opens][keep], start[keep], end[keep]


def _contribute_states(spans: Spans, cut: Cut, lost_at: Numbers, alone: NDArray[np.bool_], into: Into) -> None:
    """Count what begins and ends with a span, and among those over four weeks (``pupil._contribute_states``)."""
    area, start, end = spans.area, spans.start, spans.end
    closed = end != FOREVER
    first, last = local_days(start), np.zeros(len(end), dtype=np.int64)
    last[closed] = local_days(end[closed])
    for chosen, day, column in (
        (cut.first, first, cells.NEWLY_LOST),
        (~cut.first, first, cells.MOVED_IN),
        (closed & cut.last, last, cells.RESTORED),
        (~cut.last, last, cells.MOVED_OUT),
        (alone, first, cells.HOUSEHOLDS),
    ):
        into.flow(_flow(area[chosen], day[chosen], column))
    into.flow(_flow(area[alone & closed], last[alone & closed], cells.HOUSEHOLDS), -1)
    ripe = np.maximum(start, lost_at + (FOUR_WEEKS - 1))
    long = ripe < end
    into.flow(_flow(area[long], local_days(ripe[long]), cells.OVER_4_WEEKS))
    into.flow(_flow(area[long & closed], last[long & closed], cells.OVER_4_WEEKS), -1)
    into.over_4_weeks(ripe[long], area[long])


def _contribute_weeks(spans: Spans, pupil: Numbers, told: bool, into: Into) -> None:
    """Count each pupil once for each area and week, under the days of the week (``pupil._contribute_weeks``)."""
    area, closed = spans.area, spans.end != FOREVER
    first = local_days(spans.start)
    last = np.where(closed, local_days(np.where(closed, spans.end - 1, spans.start)), 0)
    monday, last_monday = _monday(first), _monday(last)
    from_first = 127 & (127 << (first - monday))
    to_last = (2 << (last - last_monday)) - 1
    one_week = closed & (monday == last_monday)
    more = closed & ~one_week
    masks = np.where(one_week, from_first & to_last, from_first)
    once, week, days = _once(
        np.append(pupil, pupil[more]),
        np.append(area, area[more]),
        np.append(monday, last_monday[more]),
        np.append(masks, to_last[more]),
    )
    into.during(_during(once if told else once & ((1 << AREA_BITS) - 1), week, days))
    between = more & (last_monday > monday + 7)
    begun = ~closed | between
    into.during(_during(area[begun], monday[begun] + 7, cells.WHOLE_WEEKS))
    into.during(_during(area[between], last_monday[between], cells.WHOLE_WEEKS), -1)


def _once(pupil: Numbers, area: Numbers, monday: Numbers, masks: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Unite the days of each pupil in an area and week; give area (with the pupil above it), week and days of each."""
    # One number for the three: 27 bits are enough for any country's pupils.
    keys = (pupil << AREA_BITS | area) << DAY_BITS | monday
    order = np.argsort(keys)
    keys = keys[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    keys = keys[first]
    return keys >> DAY_BITS, keys & ((1 << DAY_BITS) - 1), np.bitwise_or.reduceat(masks[order], first)


def _monday(days: Numbers) -> Numbers:
    return days - (days + 6) % 7


def _flow(area: Numbers, day: Numbers, column: Numbers | int) -> Numbers:
    return (area << DAY_BITS | day) << FLOW_BITS | column


def _during(area: Numbers, monday: Numbers, mask: Numbers | int) -> Numbers:
    return (area << DAY_BITS | monday) << MASK_BITS | mask
