"""What stands on the page apart from its numbers: which weeks, which rows, which closures.

As long as the frame is the same, an open page only needs changed cells; when it changes, the page is laid out anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from events.times import local_day, week_monday
from projections.register import codes_on
from projections.tables import SECTORS, UNKNOWN
from services.web.source import ClosureLike, TablesLike

__all__ = ["ALL", "KEYS", "MOST_WEEKS", "Frame", "Notice", "frame_of"]

ALL = "all"
"""The view of all sectors together."""

KEYS = (ALL, *SECTORS)
"""The views of the page: all sectors together, and each by itself."""

MOST_WEEKS = 26
"""The most weeks shown at once: half a year."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A closure as it is told on the page; days inclusive, `until` None when not known yet."""

    name: str
    sectors: tuple[str, ...]
    starts: date
    until: date | None
    municipalities: tuple[str, ...] | None
    regime: str | None


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows, weeks and closures of the page; equal frames show the same page but for its numbers."""

    rows: tuple[str, ...]
    """Codes of the rows, `unknown` first; none when no week is shown."""
    weeks: dict[str, tuple[str, ...]]
    """Per view the weeks shown, ascending, without gaps: the running closure's, or the last one's."""
    on: frozenset[str]
    """The views for which a closure runs today."""
    ended: frozenset[str]
    """Codes of rows that are shown for their numbers, but are not valid on the day shown."""
    running: tuple[Notice, ...]
    coming: tuple[Notice, ...]
    last: tuple[Notice, ...]
    """The closures that ended last; empty while one runs."""


def frame_of(tables: TablesLike, closures: Iterable[ClosureLike]) -> Frame:
    """Work out the frame on the day of `tables.as_of` (Europe/Amsterdam)."""
    today = local_day(tables.as_of)
    running, coming, last = _sort_out(closures, date.fromordinal(today))
    on = {sector for notice in running for sector in notice.sectors}
    weeks = {key: _last_stretch(_closed_weeks(tables, key)) for key in KEYS}
    rows, ended = _rows(tables, weeks[ALL], today)
    return Frame(
        rows=rows,
        weeks=weeks,
        on=frozenset(on | {ALL} if on else on),
        ended=ended,
        running=running,
        coming=coming,
        last=last,
    )


def _sort_out(
    closures: Iterable[ClosureLike], today: date
) -> tuple[tuple[Notice, ...], tuple[Notice, ...], tuple[Notice, ...]]:
    notices = sorted(
        (
            Notice(
                c.name,
                tuple(s for s in SECTORS if s in c.sectors),
                c.starts,
                c.until,
                None if c.municipalities is None else tuple(c.municipalities),
                c.regime,
            )
            for c in closures
        ),
        key=lambda notice: (notice.starts, notice.name),
    )
    over = [notice for notice in notices if notice.until is not None and notice.until < today]
    coming = tuple(notice for notice in notices if notice.starts > today)
    running = tuple(notice for notice in notices if notice not in over and notice not in coming)
    newest = max((notice.until for notice in over if notice.until), default=None)
    return running, coming, () if running else tuple(notice for notice in over if notice.until == newest)


def _closed_weeks(tables: TablesLike, key: str) -> Sequence[str]:
    closed = tables.open if key == ALL else tables.open[:, [tables.sectors.index(key)], :]
    return [week for week, meets in zip(tables.weeks, np.any(closed, axis=(0, 1)).tolist(), strict=True) if meets]


def _last_stretch(weeks: Sequence[str]) -> tuple[str, ...]:
    """Keep the last weeks that follow on each other without a gap, at most MOST_WEEKS."""
    start = len(weeks) - 1
    while start > max(0, len(weeks) - MOST_WEEKS) and week_monday(weeks[start]) - week_monday(weeks[start - 1]) == 7:
        start -= 1
    return tuple(weeks[max(start, 0) :])


def _rows(tables: TablesLike, weeks: Sequence[str], today: int) -> tuple[tuple[str, ...], frozenset[str]]:
    """List the places that are valid on the day shown or have a number in one of the weeks; `unknown` always, first.

    The day shown is today, or the last day of the last week. Also tells which of the rows are not valid on it.
    """
    if not weeks:
        return (), frozenset()
    columns = [tables.weeks.index(week) for week in weeks]
    counted = np.any(tables.counts["unreached"][:, :, columns], axis=(1, 2)).tolist()
    valid = {UNKNOWN, *codes_on(min(today, week_monday(weeks[-1]) + 6))}
    rows = [place for place, has_number in zip(tables.places, counted, strict=True) if has_number or place in valid]
    rows.sort(key=lambda place: (place != UNKNOWN, place))
    return tuple(rows), frozenset(rows) - valid
