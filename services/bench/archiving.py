"""The archive: how long it takes to build, then tables as of an instant, all of one and of many, the triangle."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.bench.context import Bench
from services.bench.figures import RATE, Figure, Target
from services.bench.looking_up import looked_up
from services.bench.processes import run

LARGE: Final = 10_000_000
_GIGABYTE: Final = 1e9
_MANY: Final = 60
_FEW: Final = 6
_WEEK: Final = 7 * 86_400_000_000


def archive(bench: Bench) -> Iterator[Figure]:
    """Build an archive of as many events as were asked for, from NDJSON, and replay it."""
    file = bench.data.events(bench.asked.events)
    directory = bench.place("archive")
    bench.say(f"building the archive of {bench.asked.events:,} events")
    built = run(["archive", "build", "--archive", directory, "--from", file], bench.directory)
    events = _events(directory)
    judged = events >= LARGE * 0.9
    beside = f"archive built in {built.seconds:.0f} s"
    yield Figure("archive-build", f"the archive of {events:,} events, built", "s", built.seconds, None, built.note)
    yield from _once(bench, directory, events, judged, beside)
    yield from looked_up(bench, directory, judged, beside)
    weeks = _FEW if bench.asked.quick else _MANY
    bench.say(f"{weeks} tables, one a week")
    many = run(["evaluate", "--archive", directory, "--weekly", str(weeks)], bench.directory)
    target = Target(60.0) if judged and weeks == _MANY else None
    label = f"{weeks} tables as of {weeks} weeks of {events:,} events"
    yield Figure("archive-many", label, "s", many.seconds, target, f"{many.note}; {beside}")
    bench.say("the reporting triangle of the country")
    made = run(["triangle", "--archive", directory, "--format", "csv"], bench.directory)
    target = Target(30.0) if judged else None
    label = f"the reporting triangle of the country, {events:,} events"
    yield Figure("archive-triangle", label, "s", made.seconds, target, f"{made.note}; {beside}")


def _once(bench: Bench, directory: Path, events: int, judged: bool, beside: str) -> Iterator[Figure]:
    bench.say("the whole table as of an instant in the middle, and as of the end")
    for name, as_of in (("then", _middle(directory)), ("now", None)):
        options = [] if as_of is None else ["--as-of", as_of]
        took = run(["evaluate", "--archive", directory, *options], bench.directory)
        words = "as all is known" if as_of is None else f"as of {as_of}"
        target = Target(5.0) if judged else None
        label = f"the whole table {words}, {events:,} events from the archive"
        yield Figure(f"archive-{name}", label, "s", took.seconds, target, f"{took.note}; {beside}")
    memory = None if took.peak_memory is None else took.peak_memory / _GIGABYTE
    target = Target(2.0) if judged else None
    yield Figure("archive-memory", "its peak memory", "GB", memory, target, "" if memory else "not told here")
    yield Figure("archive-rate", "evaluate from the archive", RATE, events / took.seconds, None, beside)


def _events(directory: Path) -> int:
    from projections.archive import Archive

    return Archive(directory).settled.events


def _middle(directory: Path) -> str:
    """Give an instant twenty weeks before the end of the history: in the second closure."""
    from events import format_instant
    from projections.archive import Archive

    last = Archive(directory).last_recorded or 0
    return format_instant((last - 20 * _WEEK) // 1_000_000 * 1_000_000)
