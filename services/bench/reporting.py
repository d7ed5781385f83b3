"""The report: as long as somebody waits for it, from an archive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from services.bench.context import Bench
from services.bench.figures import Figure, Target
from services.bench.processes import run

_MILLION: Final = 1_000_000
_PERIOD: Final = ("--from", "2020-03-16", "--to", "2021-06-06")


def report(bench: Bench) -> Iterator[Figure]:
    """Write a work report of the country over both closures, and one for everyone."""
    number = min(bench.asked.events, _MILLION)
    directory = bench.place("report")
    bench.say(f"building the archive of {number:,} events")
    built = run(["archive", "build", "--archive", directory, "--from", bench.data.events(number)], bench.directory)
    target = Target(20.0) if number == _MILLION else None
    for name, words, options in (("report", "work", ()), ("report-public", "public", ("--public",))):
        bench.say(f"the {words} report of the country")
        asked = [*_PERIOD, *options, "--archive", directory, "--output", bench.directory / f"{name}.html"]
        took = run(["report", *asked], bench.directory)
        note = f"{took.note}; archive built in {built.seconds:.0f} s"
        label = f"the {words} report of the country, {number:,} events from the archive"
        yield Figure(name, label, "s", took.seconds, target, note)
