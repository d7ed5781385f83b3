"""Baseline: the same table recomputed from scratch, in plain Python over all events.

What one writes first: read every line, keep events in dictionaries, and add up what each pupil, household and school
contributes. The rules of a single pupil, household or school are the product's own; nothing is kept for next time.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from events import IMPORT_DESK, day_start, local_day
from projections.fold import household, pupil, school
from projections.fold.calendar import Announcement, Closure, last_day, standing
from projections.fold.cells import Deltas, monday_of
from projections.fold.cube import Cube, Grid
from projections.fold.reports import NO_PLACE, UNKNOWN_PLACE, Report, known_before, place_code, place_number
from projections.fold.school import Statement
from projections.live.message import CLOSURE, PUPIL, RETRACTION, SCHOOL, Source, Taken, take
from projections.register import municipalities
from projections.tables import SECTORS
from services.bench.context import Bench
from services.bench.data import lines_of
from services.bench.figures import RATE, Figure

_SAMPLE, _QUICK_SAMPLE = 100_000, 20_000
Row = tuple[str | int, ...]


def recompute(lines: Iterable[bytes], table: str = "counts", as_of: int | None = None) -> list[Row]:
    """Give the rows of the table "counts" or "coverage" as of K (microseconds); without, just after the last event."""
    events = _first_recorded(lines)
    if as_of is not None:
        events = {key: event for key, event in events.items() if event.recorded <= as_of}
    if not events:
        return []
    now = as_of or max(event.recorded for event in events.values()) + 1
    retracted = {bytes.fromhex(event.owner) for event in events.values() if event.kind == RETRACTION}
    pupils: defaultdict[str, list[Report]] = defaultdict(list)
    schools: defaultdict[str, list[Statement]] = defaultdict(list)
    announcements: defaultdict[str, list[Announcement]] = defaultdict(list)
    for key, event in events.items():
        if key in retracted:
            continue
        if event.kind == PUPIL and event.report:
            pupils[event.owner].append(event.report)
        elif event.kind == SCHOOL and event.statement:
            schools[event.owner].append(event.statement)
        elif event.kind == CLOSURE and event.announcement:
            announcements[event.owner].append(event.announcement)

    deltas = Deltas()
    households: defaultdict[str, list[household.Member]] = defaultdict(list)
    for history in pupils.values():
        segments = pupil.contribute(known_before(sorted(history), now), deltas, 1)
        for name, member in household.members_of(segments).items():
            households[name].append(member)
    for members in households.values():
        household.contribute(members, deltas, 1)
    for statements in schools.values():
        school.contribute(statements, deltas, 1)
    found = (standing(name, known) for name, known in announcements.items())
    closures = tuple(closure for closure in found if closure is not None)
    stated = {report.place for history in pupils.values() for report in history}
    stated |= {statement.place for statements in schools.values() for statement in statements}
    return list(_rows(deltas, closures, stated, now, table))


def _first_recorded(lines: Iterable[bytes]) -> dict[bytes, Taken]:
    """Check every line; of the copies of one event keep the first recorded."""
    events: dict[bytes, Taken] = {}
    for number, line in enumerate(lines, start=1):
        event = take(Source(number, 0, IMPORT_DESK, line))
        if isinstance(event, Taken):
            known = events.get(event.key)
            if known is None or event.recorded < known.recorded:
                events[event.key] = event
    return events


def _rows(deltas: Deltas, closures: tuple[Closure, ...], stated: set[int], now: int, table: str) -> Iterator[Row]:
    """Apply the calendar and the clock to the sums, and give the rows in their order."""
    today = local_day(now - 1)
    first = monday_of(min((closure.starts.toordinal() for closure in closures), default=today))
    last = max(min(max(map(last_day, closures), default=first), today), first)
    places = {place_number(place.code) for place in municipalities()} | {UNKNOWN_PLACE} | stated - {NO_PLACE}
    cube = Cube(sorted(places), first, (last - first) // 7 + 1)
    cube.add_flow(_pairs(deltas.flow.items()))
    cube.add_during(_pairs(deltas.during.items()))
    cube.add_coverage(_pairs(deltas.coverage.items()))
    tonight = day_start(today + 1)
    unripe = [(area, n) for (at, area), n in deltas.over_4_weeks.items() if now <= at < tonight]
    yield from sorted(_named(cube.grid(now, closures, _pairs(unripe)), cube.places, table))


def _named(grid: Grid, places: Iterable[int], table: str) -> Iterator[Row]:
    measures = list((grid.counts if table == "counts" else grid.coverage).values())
    exists = np.any([m != 0 for m in measures], axis=0) if table == "counts" else measures[0] != 0
    codes = [place_code(place) for place in places]
    for p, s, w in np.argwhere(exists & grid.open):
        yield codes[p], SECTORS[s], grid.weeks[w], *(int(m[p, s, w]) for m in measures)


def _pairs(items: Iterable[tuple[int, int]]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array(list(items), dtype=np.int64).reshape(-1, 2)


def plain(bench: Bench) -> Iterator[Figure]:
    """The same mix of events, 100,000 of them (20,000 when quick): the rate hardly depends on how many."""
    file = bench.data.sample(_QUICK_SAMPLE if bench.asked.quick else _SAMPLE, bench.asked.events)
    bench.say("recomputing in plain Python")
    begun = time.perf_counter()
    lines = lines_of(file)
    rows = recompute(lines)
    seconds = time.perf_counter() - begun
    label = f"plain Python, recomputed over {len(lines):,} events"
    yield Figure("plain", label, RATE, len(lines) / seconds, note=f"one process, each line checked; {len(rows):,} rows")
