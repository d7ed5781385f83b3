"""One pupil: reports in, unreached segments and contributions to cells out.

Pure and free of clock and calendar: the same history gives the same contributions, whatever
the order, the number of times or the moment at which its events arrived.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from events import local_day
from projections.fold import cells
from projections.fold.cells import Deltas, area, during_key, flow_key, monday_of
from projections.fold.reports import (
    DEVICE,
    LOST,
    NO_PLACE,
    RESTORED,
    UNKNOWN_PLACE,
    VISIT,
    History,
    Report,
)

FOREVER: Final = 1 << 62
"""The end of an interval that is not closed."""

ALWAYS: Final = -(1 << 62)
"""Since when the first statement of a residence holds."""

FOUR_WEEKS: Final = 28 * 24 * 3_600_000_000
"""28 times 24 hours, in microseconds: a clock change does not count."""


class Interval(NamedTuple):
    """An unreached interval ``[start, end)``, with the sector and household of the loss that opened it."""

    start: int
    end: int
    sector: int
    household: str | None


class Segment(NamedTuple):
    """The part ``[start, end)`` of an interval that was spent living in one place."""

    area: int
    start: int
    end: int
    lost_at: int
    household: str | None


def intervals(history: History) -> list[Interval]:
    """Give the unreached intervals, in order; one of no length does not exist."""
    found: list[Interval] = []
    opened: Report | None = None
    for report in history:
        if report.retracted or report.order > RESTORED:
            continue
        if report.order == LOST:
            opened = opened or report
        elif opened is not None:
            if report.occurred > opened.occurred:
                found.append(Interval(opened.occurred, report.occurred, opened.sector, opened.household))
            opened = None
    if opened is not None:
        found.append(Interval(opened.occurred, FOREVER, opened.sector, opened.household))
    return found


def residences(history: History) -> list[tuple[int, int]]:
    """Give (since, place) in order: first where the first statement says, for all time, then each change."""
    statements = [report for report in history if report.place != NO_PLACE and not report.retracted]
    if not statements:
        return [(ALWAYS, UNKNOWN_PLACE)]
    if len(statements) > 1:
        statements.sort(key=lambda report: (report.occurred, report.source, report.id))
    changes = [(ALWAYS, statements[0].place)]
    # Of several statements at one instant the last holds from there on.
    for instant, place in {report.occurred: report.place for report in statements}.items():
        if place != changes[-1][1]:
            changes.append((instant, place))
    return changes


def place_at(changes: list[tuple[int, int]], instant: int) -> int:
    """Where the pupil lives at an instant, by the last statement up to and including it."""
    return next(place for since, place in reversed(changes) if since <= instant)


def segments(history: History) -> list[Segment]:
    """Give the unreached intervals, cut where the pupil moved strictly inside them, in order."""
    changes = residences(history)
    found: list[Segment] = []
    for start, end, sector, household in intervals(history):
        here, since = place_at(changes, start), start
        for instant, place in changes[1:]:
            if start < instant < end:
                found.append(Segment(area(here, sector), since, instant, start, household))
                here, since = place, instant
        found.append(Segment(area(here, sector), since, end, start, household))
    return found


def contribute(history: History, deltas: Deltas, sign: int) -> list[Segment]:
    """Add (``sign`` 1) or take away (-1) what the pupil contributes, and give its segments.

    A household that several pupils may share is left to ``projections.fold.household``.
    """
    changes = residences(history)
    segments: list[Segment] = []
    for interval in intervals(history):
        segments.extend(_segments(interval, changes, deltas, sign))
    for report in history:
        if report.order >= DEVICE and not report.retracted:
            column = (cells.VISIT if report.order == VISIT else cells.DEVICE) + report.detail
            where = area(place_at(changes, report.occurred), report.sector)
            deltas.flow[flow_key(where, local_day(report.occurred), column)] += sign
    if segments:
        _contribute_weeks(segments, deltas, sign)
    return segments


def _segments(interval: Interval, changes: list[tuple[int, int]], deltas: Deltas, sign: int) -> list[Segment]:
    """Cut an interval where the pupil moved strictly inside it, and count what happened at the cuts."""
    start, end, sector, household = interval
    cuts = [(instant, place) for instant, place in changes[1:] if start < instant < end]
    here = area(place_at(changes, start), sector)
    flow = deltas.flow
    flow[flow_key(here, local_day(start), cells.NEWLY_LOST)] += sign
    segments: list[Segment] = []
    since = start
    for instant, place in cuts:
        segments.append(Segment(here, since, instant, start, household))
        day = local_day(instant)
        flow[flow_key(here, day, cells.MOVED_OUT)] += sign
        here = area(place, sector)
        flow[flow_key(here, day, cells.MOVED_IN)] += sign
        since = instant
    segments.append(Segment(here, since, end, start, household))
    if end != FOREVER:
        flow[flow_key(here, local_day(end), cells.RESTORED)] += sign
    for segment in segments:
        _contribute_states(segment, deltas, sign)
    return segments


def _contribute_states(segment: Segment, deltas: Deltas, sign: int) -> None:
    """Count the segment among those over four weeks, and among households if it is one of its own.

    A state holds at τ when it began before τ: four weeks *or more* before τ is one microsecond earlier.
    """
    here, start, end, lost_at, household = segment
    ripe = max(start, lost_at + FOUR_WEEKS - 1)
    if ripe < end:
        deltas.flow[flow_key(here, local_day(ripe), cells.OVER_4_WEEKS)] += sign
        deltas.over_4_weeks[ripe, here] += sign
        if end != FOREVER:
            deltas.flow[flow_key(here, local_day(end), cells.OVER_4_WEEKS)] -= sign
    if household is None:
        deltas.flow[flow_key(here, local_day(start), cells.HOUSEHOLDS)] += sign
        if end != FOREVER:
            deltas.flow[flow_key(here, local_day(end), cells.HOUSEHOLDS)] -= sign


def _contribute_weeks(segments: list[Segment], deltas: Deltas, sign: int) -> None:
    """Count the pupil once for each area and week, under the days of the week on which it was unreached.

    Weeks between the first and the last of a segment are unreached throughout, and so no other
    segment lies in them: they are kept as a difference, not one by one.
    """
    partial: dict[tuple[int, int], int] = {}
    during = deltas.during
    for here, start, end, _, _ in segments:
        first = local_day(start)
        monday = monday_of(first)
        from_first = 127 & (127 << (first - monday))
        if end == FOREVER:
            partial[here, monday] = partial.get((here, monday), 0) | from_first
            during[during_key(here, monday + 7, cells.WHOLE_WEEKS)] += sign
            continue
        last = local_day(end - 1)
        last_monday = monday_of(last)
        to_last = (2 << (last - last_monday)) - 1
        if monday == last_monday:
            partial[here, monday] = partial.get((here, monday), 0) | (from_first & to_last)
            continue
        partial[here, monday] = partial.get((here, monday), 0) | from_first
        partial[here, last_monday] = partial.get((here, last_monday), 0) | to_last
        if last_monday > monday + 7:
            during[during_key(here, monday + 7, cells.WHOLE_WEEKS)] += sign
            during[during_key(here, last_monday, cells.WHOLE_WEEKS)] -= sign
    for (here, monday), mask in partial.items():
        during[during_key(here, monday, mask)] += sign
