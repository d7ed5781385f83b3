"""`kindinbeeld evaluate`: a table from a file of events, as a whole process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.bench.context import Bench
from services.bench.figures import RATE, Figure, Target
from services.bench.processes import run

MILLION: Final = 1_000_000
_GIGABYTE: Final = 1e9


def evaluate(bench: Bench) -> Iterator[Figure]:
    """From NDJSON, each line checked; of a million events, or as many as were asked for if that is less."""
    number = min(bench.asked.events, MILLION)
    file = bench.data.events(number)
    bench.say(f"evaluating {number:,} events from NDJSON")
    took = run(["evaluate", file], bench.directory)
    target = Target(8.0) if number == MILLION else None
    note = took.note if target else f"{took.note}; the target, 8 s, is about 1,000,000 events"
    yield Figure("evaluate", f"evaluate, {took.read:,} events from NDJSON", "s", took.seconds, target, note)
    yield Figure("evaluate-rate", "evaluate from NDJSON", RATE, took.read / took.seconds)
    if bench.asked.large:
        yield from _from_parquet(bench, 10 * MILLION)


def _from_parquet(bench: Bench, number: int) -> Iterator[Figure]:
    bench.say(f"making {number:,} events as Parquet, unless they are there")
    file = bench.data.parquet(number)
    bench.say(f"evaluating {number:,} events from Parquet")
    took = run(["evaluate", file], bench.directory)
    note = f"{took.note}; file of {_size(file)}"
    yield Figure(
        "evaluate-parquet", f"evaluate, {took.read:,} events from Parquet", "s", took.seconds, Target(20.0), note
    )
    memory = None if took.peak_memory is None else took.peak_memory / _GIGABYTE
    yield Figure(
        "evaluate-parquet-memory", "its peak memory", "GB", memory, Target(4.0), _UNSEEN if memory is None else ""
    )


_UNSEEN: Final = "this platform does not tell a process's memory"


def _size(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:,.0f} MB"
