"""Peers: the live count (`unreached`, one measure of fifteen) by PostgreSQL and by Polars, from the same events.

Each is what somebody would write who knows the tool: from the events themselves, copies, retractions, intervals,
residences. Both are given when each week counts (τ, from the product's own calendar), which favours them, as does all
that they leave out. Their count must equal ours in every cell, or there is no figure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from services.bench.context import Bench
from services.bench.figures import RATE, Figure, NotMeasured
from services.bench.processes import run

Cells = dict[tuple[str, str, str], int]
"""Pupils not reached by municipality, sector and week; none is left out."""

_MOST: Final = 1_000_000
"""Events at most: what a peer needs for more would be most of the run."""


def peers(bench: Bench) -> Iterator[Figure]:
    """Ours is the whole table with all measures, from the archive; the time to build that is told beside it."""
    number = min(bench.asked.events, _MOST)
    bench.say(f"making {number:,} events as Parquet, unless they are there")
    file = bench.data.parquet(number)
    directory = bench.place("peers")
    bench.say(f"building the archive of {number:,} events")
    built = run(["archive", "build", "--archive", directory, "--from", bench.data.events(number)], bench.directory)
    cells, events, seconds = _ours(directory)
    beside = f"all measures; archive built in {built.seconds:.0f} s"
    yield Figure(
        "replay-rate", f"the table of {events:,} events from the archive", RATE, events / seconds, None, beside
    )
    weeks = weeks_of(file)
    yield _in_postgres(bench, file, weeks, cells, events)
    yield _in_polars(bench, file, weeks, cells, events)


def _ours(directory: Path) -> tuple[Cells, int, float]:
    from projections.archive import Archive

    def replayed() -> pa.Table:
        archive = Archive(directory)
        return archive.table("counts", (archive.last_recorded or 0) + 1)

    table, seconds = _timed(replayed)
    return cells_of(table), Archive(directory).settled.events, seconds


def _timed(made: Callable[[], pa.Table]) -> tuple[pa.Table, float]:
    """Give what is made, and the seconds of the quicker of two times: once everything has been loaded."""
    times = []
    for _ in range(2):
        begun = time.perf_counter()
        table = made()
        times.append(time.perf_counter() - begun)
    return table, min(times)


def _in_postgres(bench: Bench, file: Path, weeks: pa.Table, cells: Cells, events: int) -> Figure:
    from services.bench.in_postgres import refreshed

    bench.say(f"loading {events:,} events into PostgreSQL and refreshing a materialized view")
    found, loaded, seconds = refreshed(bench.place("postgres"), file, weeks)
    _same(found, cells, "PostgreSQL")
    label = f"PostgreSQL, a materialized view over {events:,} events refreshed"
    note = f"one measure; loading took {loaded:.0f} s and is not counted"
    return Figure("postgres-view", label, RATE, events / seconds, None, note)


def _in_polars(bench: Bench, file: Path, weeks: pa.Table, cells: Cells, events: int) -> Figure:
    try:
        from services.bench.in_polars import counted
    except ImportError:
        return Figure("polars", "Polars", RATE, None, note="Polars is not installed: the extra `bench` brings it")
    bench.say(f"the same in Polars, from {events:,} events in Parquet")
    found, seconds = _timed(lambda: counted(file, weeks))
    _same(cells_of(found), cells, "Polars")
    return Figure("polars", f"Polars over {events:,} events in Parquet", RATE, events / seconds, None, "one measure")


def _same(found: Cells, cells: Cells, who: str) -> None:
    if found != cells:
        differ = sum(found.get(key, 0) != cells.get(key, 0) for key in found.keys() | cells.keys())
        raise NotMeasured(f"{who} counts otherwise in {differ} cells")


def cells_of(table: pa.Table) -> Cells:
    """Give the cells of a table with the columns municipality, sector, week and unreached."""
    columns = (table.column(name).to_pylist() for name in ("municipality", "sector", "week", "unreached"))
    return {(place, sector, week): value for place, sector, week, value in zip(*columns, strict=True) if value}


def weeks_of(file: Path) -> pa.Table:
    """Give when each week counts, as all is known: municipality, sector, week and τ, an instant."""
    from tempfile import TemporaryDirectory

    from projections.evaluation.query import Replay

    with TemporaryDirectory() as temporary, Replay([file], Path(temporary), "2GB") as replay:
        last = replay.after_all or 1
        replay.table("counts", last)
        # τ is the midnight after the week's last closed day, or K: the first day that has one week more behind it.
        found = replay.connection.sql(
            "with counting as ("
            f"select pattern, label, coalesce(min(starts) filter (weeks_over > calendar_week.week), {last}) as tau "
            "from calendar_week inner join calendar_day using (pattern) left join midnight using (day) "
            f"where starts is null or starts <= {last} group by all"
            ") select place_name(place) as municipality, sector_name(sector) as sector, label as week, "
            "make_timestamptz(tau) as tau from counting inner join pattern_of using (pattern) "
            "semi join stay using (sector, place)"
        ).to_arrow_table()
    return found.cast(found.schema.set(3, pa.field("tau", pa.timestamp("us", "UTC"))))
