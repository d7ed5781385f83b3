"""Both tables out of an archive as arrays, and of them the part that a report is about."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from events import week_monday, week_of_day
from projections.archive import Archive
from projections.live.tables import Tables
from projections.tables import COUNT_MEASURES, COVERAGE_MEASURES, REGISTER_MEASURES
from services.web.sight import PartTables, most_of
from services.web.source import TablesLike

__all__ = ["cut", "whole"]


def whole(archive: Archive, as_of: int) -> Tables | None:
    """Give both tables as of K of all weeks in which any school was closed; None where there is none.

    The registered pupils, which no replay gives, are 0.
    """
    runs = archive.counts(as_of)
    if not runs:
        return None
    first = runs[0]
    weeks = tuple(week for run in runs for week in run.weeks)
    is_open = np.concatenate([run.open for run in runs], axis=2)
    counts = {of: np.concatenate([run.counts[of] for run in runs], axis=2) * is_open for of in COUNT_MEASURES}
    coverage = {of: np.zeros(is_open.shape, dtype=np.int64) for of in COVERAGE_MEASURES}
    rows = archive.table("coverage", as_of).to_pydict()
    where = [
        np.array([{name: at for at, name in enumerate(names)}.get(each, -1) for each in rows[column]], dtype=np.intp)
        for column, names in (("municipality", first.places), ("sector", first.sectors), ("week", weeks))
    ]
    known = np.logical_and.reduce([at >= 0 for at in where])
    for of in COVERAGE_MEASURES:
        coverage[of][tuple(at[known] for at in where)] = np.array(rows[of], dtype=np.int64)[known]
    register = {of: np.zeros(is_open.shape, dtype=np.int64) for of in REGISTER_MEASURES}
    return Tables(first.position, as_of, first.places, first.sectors, weeks, is_open, counts, coverage, register)


def cut(tables: TablesLike, members: Collection[str] | None, first: int, last: int) -> PartTables | None:
    """Give the places of an area (None: all) in the weeks from one Monday to another, without a gap.

    They begin with the first week in which its schools were closed and end with the last; None where none is.
    """
    rows = [at for at, place in enumerate(tables.places) if members is None or place in members]
    is_open = tables.open[rows]
    mondays = [week_monday(week) for week in tables.weeks]
    closed = [at for at, monday in enumerate(mondays) if first <= monday <= last and is_open[:, :, at].any()]
    if not closed:
        return None
    begin, end = mondays[closed[0]], mondays[closed[-1]]
    shape = (len(rows), len(tables.sectors), (end - begin) // 7 + 1)

    def taken(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        part = np.zeros(shape, dtype=np.int64)
        part[:, :, [(mondays[at] - begin) // 7 for at in closed]] = numbers[rows][:, :, closed]
        return part

    return PartTables(
        0,
        tables.as_of,
        tuple(tables.places[at] for at in rows),
        tables.sectors,
        tuple(week_of_day(monday) for monday in range(begin, end + 1, 7)),
        taken(tables.open.astype(np.int64)).astype(np.bool_),
        {name: taken(numbers) for name, numbers in tables.counts.items()},
        {name: taken(numbers) for name, numbers in tables.coverage.items()},
        {},
        taken(most_of(tables)),
        tables.exact[rows] if isinstance(tables, PartTables) else np.ones(len(rows), dtype=np.bool_),
    )
