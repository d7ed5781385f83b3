"""A table as it was known then against what is known now, cell by cell, and what made the difference.

The difference is taken apart in steps that add up to it exactly. From what was known then on, one thing after another
becomes as it is known now: when schools were closed; which reports were withdrawn; where pupils live; what was reported
late; and last what happened since. What one step changes, given those before it, is what it caused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from projections.archive.asof import Archive
from projections.archive.cells import Cells
from projections.archive.folding import Shared, add_households, fold
from projections.archive.reports import Kept, read_reports
from projections.fold.reports import RESIDENCE
from projections.live.tables import Tables
from projections.tables import KEY

__all__ = ["CAUSES", "compare"]

CAUSES: Final = (
    "closure_redefined",
    "retractions",
    "residence_established",
    "late_reports",
    "happened_since",
)
"""What makes a difference, in the order in which it is taken apart."""

_Rows = NDArray[np.int64]


def compare(archive: Archive, then: int, now: int, measure: str = "unreached") -> pa.Table:
    """Give municipality, sector, week, then, now, difference and the causes, of every cell where any is not zero.

    ``then`` and ``now`` are the two K, in microseconds, ``then`` not after ``now``. Sorted by the first three.
    """
    cells = [archive.cells(now) for _ in CAUSES]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2) as pool:
        shared = list(pool.map(lambda path: _fold(path, then, now, cells), archive.paths("reports")))
    for each, parts in zip(cells, zip(*shared, strict=True), strict=True):
        add_households(parts, each)
    known_then, known_now = archive.closures(then), archive.closures(now)
    position = archive.settled.position
    states = [cells[0].tables(position, then, known_then), cells[0].tables(position, then, known_now)]
    states += [each.tables(position, then, known_now) for each in cells[1:-1]]
    states.append(cells[-1].tables(position, now, known_now))
    return _differences(states, measure)


def _fold(path: Path, then: int, now: int, cells: Sequence[Cells]) -> list[Shared]:
    kept = read_reports([path])
    known = list(_known(kept, then, now))
    return [fold(kept, rows, at, into) for (rows, at), into in zip(known, cells, strict=True)]


def _known(kept: Kept, then: int, now: int) -> Iterator[tuple[_Rows, int]]:
    """Give the reports that exist after each step but the first, which changes no report, and its K."""
    was = kept.recorded <= then
    stands = kept.until_known > now
    since = stands & ~was & (kept.recorded <= now)
    yield np.flatnonzero(was & (kept.until_known > then)), then
    yield np.flatnonzero(was & stands), then
    stated = since & (kept.kind == RESIDENCE)
    yield np.flatnonzero((was & stands) | stated), then
    yield np.flatnonzero((was & stands) | stated | (since & (kept.occurred < then))), then
    yield np.flatnonzero((was & stands) | since), now


def _differences(states: Sequence[Sequence[Tables]], measure: str) -> pa.Table:
    names = ("then", "now", "difference", *CAUSES)
    schema = pa.schema([*((name, pa.string()) for name in KEY), *((name, pa.int64()) for name in names)])
    found = [_week(week, states, measure, schema) for week in sorted({w for s in states for t in s for w in t.weeks})]
    return pa.concat_tables([schema.empty_table(), *found]).sort_by([(name, "ascending") for name in KEY])


def _week(week: str, states: Sequence[Sequence[Tables]], measure: str, schema: pa.Schema) -> pa.Table:
    places, sectors = states[0][0].places, states[0][0].sectors
    numbers = np.zeros((len(states), len(places), len(sectors)), dtype=np.int64)
    for state, into in zip(states, numbers, strict=True):
        for tables in state:
            if week in tables.weeks:
                into[:] = tables.counts[measure][:, :, tables.weeks.index(week)]
    causes = np.diff(numbers, axis=0)
    place, sector = np.nonzero(np.any(causes != 0, axis=0) | (numbers[0] != 0))
    columns = [numbers[0], numbers[-1], numbers[-1] - numbers[0], *causes]
    keys = [pa.array(places).take(pa.array(place)), pa.array(sectors).take(pa.array(sector))]
    keys.append(pa.repeat(pa.scalar(week), len(place)))
    return pa.table([*keys, *(pa.array(column[place, sector]) for column in columns)], schema=schema)
