"""The numbers of a map: of each area in one week, also of municipalities seen in a later division."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from events.times import week_monday
from projections.register import codes_between
from projections.register.areas import province_of, region_of
from projections.register.divisions import into_division
from projections.tables import UNKNOWN
from services.web.frame import ALL, Frame
from services.web.map.rates import Rate, rates_of
from services.web.map.view import MapView
from services.web.sight import most_of
from services.web.source import TablesLike

__all__ = ["Tile", "figures_of"]

RATE: Final = 4
"""Where the parts of the rate begin, after the numbers of an area."""


class Tile(NamedTuple):
    """What is told of one area."""

    code: str
    numbers: tuple[int, int, int, int]
    """The least that the number may be, schools that answered, schools expected, the most that it may be (`views`)."""
    rate: Rate
    comparable: bool = True
    """False where the municipality was split up, or took in a part of one that was, after the week shown."""


def figures_of(tables: TablesLike, frame: Frame, view: MapView) -> tuple[str | None, list[Tile]]:
    """Give the week shown and every area with a row in it, and `unknown`; in the order of the codes."""
    week = view.shown_week(frame)
    if week is None:
        return None, []
    at = tables.weeks.index(week)
    sectors = slice(None) if view.key == ALL else slice((found := tables.sectors.index(view.key)), found + 1)

    def of(measure: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.asarray(measure[:, sectors, at].sum(axis=1), dtype=np.int64)

    closed = tables.open[:, sectors, at].any(axis=1)
    held = np.column_stack(
        (
            of(tables.counts["unreached"]),
            of(tables.coverage["schools_reported"]),
            of(tables.coverage["schools_expected"]),
            of(most_of(tables)),
            rates_of(tables, sectors, at),
        )
    )
    # A closure is of the whole country: only some codes are valid in the week, or have numbers nevertheless.
    valid = {*codes_between(monday := week_monday(week), monday + 6), UNKNOWN}
    rows = [row for row in np.flatnonzero(closed).tolist() if tables.places[row] in valid or held[row, :RATE].any()]
    codes, held = [tables.places[row] for row in rows], held[rows]
    if view.kind == "municipality":
        return week, _divided(codes, held, view.shown_division(week), week)
    above = region_of if view.kind == "region" else province_of
    into = [area.code if (area := above(code)) else UNKNOWN for code in codes]
    return week, [Tile(code, *_told(held[[each == code for each in into]].sum(axis=0))) for code in sorted({*into})]


def _divided(codes: list[str], held: NDArray[np.int64], division: int, week: str) -> list[Tile]:
    seen = into_division(division).seen(codes)
    # A week's figures are comparable when they are on its last day: what changed within the week is in both.
    comparable = seen.comparable((week_monday(week) + 6,))[:, 0].tolist()
    summed = seen.sum(held)
    return [
        Tile(code, *_told(numbers), alike) for code, numbers, alike in zip(seen.codes, summed, comparable, strict=True)
    ]


def _told(numbers: NDArray[np.int64]) -> tuple[tuple[int, int, int, int], Rate]:
    value, reported, expected, most, *rate = numbers.tolist()
    return (value, reported, expected, most), Rate(*rate)
