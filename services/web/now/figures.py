"""The numbers of one area now: of its last closed week, by sector and together.

A number is a `Range`: exact for who may know it, otherwise what the public may know. Counts of pupils add over
municipalities and sectors; households do not, so they are told by sector and municipality only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from projections.public import Range
from projections.tables import DEVICES, OUTCOMES
from services.web.frame import ALL, KEYS, Frame
from services.web.sight import everything_exact, exact_at, most_of
from services.web.source import TablesLike

__all__ = ["Figures", "Place", "figures_of", "places_of"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the last closed week of a view, in an area; None where there is none."""

    unreached: Range | None
    change: int | None
    """On the week before, over the places and sectors closed in both; None too where not all is known exactly."""
    over_4_weeks: int | None
    reported: int
    expected: int
    reported_before: int
    expected_before: int
    """The coverage of the week before; 0 and 0 in the first week."""
    visits: tuple[int, ...] | None
    """Door visits of the week, in the order of OUTCOMES; None where not all is known exactly."""
    devices: tuple[int, ...] | None
    """Devices lent in the week, in the order of DEVICES; likewise."""


@dataclass(frozen=True, slots=True)
class Place:
    """One municipality in the last closed week, all sectors together."""

    code: str
    unreached: int
    change: int | None
    over_4_weeks: int
    reported: int
    expected: int


NOTHING = Figures(None, None, None, 0, 0, 0, 0, None, None)


def figures_of(tables: TablesLike, frame: Frame, rows: Sequence[int] | None) -> dict[str, Figures]:
    """Work out the figures of every view over the places at `rows` of the tables; None: all of them."""
    chosen = slice(None) if rows is None else np.array(rows, dtype=np.intp)
    return {key: _figures(tables, frame, key, chosen) for key in KEYS}


def _figures(tables: TablesLike, frame: Frame, key: str, rows: slice | NDArray[np.intp]) -> Figures:
    weeks = [tables.weeks.index(week) for week in frame.weeks[key][-2:]]
    sectors = slice(None) if key == ALL else slice((at := tables.sectors.index(key)), at + 1)
    if not weeks:
        return NOTHING
    now = weeks[-1]
    closed = tables.open[rows, sectors, now]
    if not closed.any():
        return NOTHING

    def summed(measure: NDArray[np.int64], week: int = now) -> int:
        return int(measure[rows, sectors, week].sum())

    exact = everything_exact(tables, rows)
    change, covered = None, (0, 0)
    unreached = tables.counts["unreached"]
    if len(weeks) > 1:
        both = closed & tables.open[rows, sectors, weeks[0]]
        if exact and both.any():
            change = int(((unreached[rows, sectors, now] - unreached[rows, sectors, weeks[0]]) * both).sum())
        covered = (
            summed(tables.coverage["schools_reported"], weeks[0]),
            summed(tables.coverage["schools_expected"], weeks[0]),
        )
    return Figures(
        Range(summed(unreached), summed(most_of(tables))),
        change,
        summed(tables.counts["unreached_over_4_weeks"]) if exact else None,
        summed(tables.coverage["schools_reported"]),
        summed(tables.coverage["schools_expected"]),
        *covered,
        _each(summed, tables, "door_visits_", OUTCOMES) if exact else None,
        _each(summed, tables, "devices_lent_", DEVICES) if exact else None,
    )


def _each(
    summed: Callable[[NDArray[np.int64]], int], tables: TablesLike, measure: str, names: Sequence[str]
) -> tuple[int, ...]:
    return tuple(summed(tables.counts[f"{measure}{name.replace('-', '_')}"]) for name in names)


def places_of(tables: TablesLike, frame: Frame, rows: Sequence[int] | None) -> list[Place]:
    """List the places at `rows` (None: all) that are closed in the last closed week, all sectors together.

    Places whose figures are not exact are left out.
    """
    weeks = [tables.weeks.index(week) for week in frame.weeks[ALL][-2:]]
    if not weeks:
        return []
    now, chosen = weeks[-1], np.arange(len(tables.places)) if rows is None else np.array(rows, dtype=np.intp)
    closed = tables.open[:, :, now]
    unreached = tables.counts["unreached"]
    numbers = unreached[:, :, now].sum(axis=1)
    over = tables.counts["unreached_over_4_weeks"][:, :, now].sum(axis=1)
    reported = tables.coverage["schools_reported"][:, :, now].sum(axis=1)
    expected = tables.coverage["schools_expected"][:, :, now].sum(axis=1)
    both = closed & tables.open[:, :, weeks[0]]
    change = ((unreached[:, :, now] - unreached[:, :, weeks[0]]) * both).sum(axis=1)
    compared: NDArray[np.bool_] = np.logical_and(np.any(both, axis=1), len(weeks) > 1)
    return [
        Place(
            tables.places[row],
            int(numbers[row]),
            int(change[row]) if compared[row] else None,
            int(over[row]),
            int(reported[row]),
            int(expected[row]),
        )
        for row in chosen[exact_at(tables, chosen) & np.any(closed[chosen], axis=1)].tolist()
    ]
