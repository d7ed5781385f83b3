"""The numbers of one municipality in each week of a closure, of one sector or of all together.

Pupils who come in, go out and stay balance (docs/count.md): within an unbroken closure, the number at the end of a week
is that of the week before and what came in, less what went out. What is left over is told apart: it happened on days on
which the schools were open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from projections.tables import DEVICES, OUTCOMES
from services.web.frame import ALL, Frame
from services.web.sight import everything_exact, most_of
from services.web.source import TablesLike

__all__ = ["Week", "weeks_of"]


@dataclass(frozen=True, slots=True)
class Week:
    """One week of a closure; sums over sectors where all are shown together."""

    week: str
    unreached: int
    """The least that it may be, where only that is known."""
    most: int
    """The most that it may be."""
    exact: bool
    """Whether all is known; otherwise nothing holds but these and how many schools answered of how many."""
    during: int | None
    """Distinct pupils at some time in the week; None for all sectors together: it may not be summed, only told anew."""
    households: int | None
    """Likewise."""
    over_4_weeks: int
    newly_lost: int
    restored: int
    moved_in: int
    moved_out: int
    elsewhen: int | None
    """What the number changed by beside these; None in the first week, which has none before it."""
    reported: int
    expected: int
    on_time: int
    claimed: int
    visits: tuple[int, ...]
    devices: tuple[int, ...]


def weeks_of(tables: TablesLike, frame: Frame, code: str, key: str) -> list[Week]:
    """List the weeks shown in which the municipality is closed, the newest first."""
    if code not in tables.places:
        return []
    place = tables.places.index(code)
    sectors = [*range(len(tables.sectors))] if key == ALL else [tables.sectors.index(key)]
    # Of every week at once: one by one it took longer than all the rest of the page.
    counts = {name: numbers[place, sectors].sum(axis=0).tolist() for name, numbers in tables.counts.items()}
    coverage = {name: numbers[place, sectors].sum(axis=0).tolist() for name, numbers in tables.coverage.items()}
    most = most_of(tables)[place, sectors].sum(axis=0).tolist()
    closed = np.logical_or.reduce(tables.open[place, sectors], axis=0)
    exact = everything_exact(tables, [place])
    found: list[Week] = []
    before: int | None = None
    for name in frame.weeks[key]:
        at = tables.weeks.index(name)
        if not closed[at]:
            before = None
            continue
        count = {measure: sums[at] for measure, sums in counts.items()}
        answers = {measure: sums[at] for measure, sums in coverage.items()}
        unreached = count["unreached"]
        lost, restored, came, went = (count[flow] for flow in ("newly_lost", "restored", "moved_in", "moved_out"))
        found.append(
            Week(
                name,
                unreached,
                most[at],
                exact,
                None if key == ALL else count["unreached_during"],
                None if key == ALL else count["households"],
                count["unreached_over_4_weeks"],
                lost,
                restored,
                came,
                went,
                None if before is None else unreached - before - lost + restored - came + went,
                answers["schools_reported"],
                answers["schools_expected"],
                answers["schools_on_time"],
                answers["claimed_unreached"],
                tuple(count[f"door_visits_{outcome.replace('-', '_')}"] for outcome in OUTCOMES),
                tuple(count[f"devices_lent_{device}"] for device in DEVICES),
            )
        )
        before = unreached
    return found[::-1]
