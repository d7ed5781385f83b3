"""`kindinbeeld import`: a file of events into the ledger, as a whole process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.bench.context import Bench
from services.bench.figures import RATE, Figure, Target
from services.bench.processes import Run, run
from services.bench.systems import bare_ledger, whole_system

FEW: Final = 90_000
"""Up to here memory grows with the events: what an import holds at once is bounded, but not that small."""
TARGET: Final = Target(30_000, at_least=True)
MORE_MEMORY: Final = Target(1.25)
"""Ten times the events may take no more memory; a quarter above still counts as the same: caches have a fixed size."""


def import_(bench: Bench) -> Iterator[Figure]:
    """Into a ledger alone; its memory beside that for a tenth of the events; and with the whole system running."""
    filled = bench.filled
    start = _of(bench, _empty_file(bench))
    few = bench.asked.events // 10
    of_few = _of(bench, bench.data.events(few))
    took = filled.run
    going = took.read / max(took.seconds - start.seconds, 1e-9)
    yield Figure(
        "import",
        f"import of {took.read:,} events, ledger alone",
        RATE,
        took.read / took.seconds,
        TARGET if bench.judged else None,
        f"{took.seconds:.1f} s, of which {start.seconds:.1f} s start and end; {going:,.0f}/s without those",
    )
    yield _memory(took, of_few)
    bench.say("importing with the whole system running")
    file = bench.data.events(bench.asked.events)
    place = bench.place("system")
    with whole_system(place):
        beside = run(["import", "--strict", file], place)
    yield Figure(
        "import-beside-system",
        f"import of {beside.read:,} events, whole system running",
        RATE,
        beside.read / beside.seconds,
        note=f"{beside.seconds:.1f} s; the live view follows at the same time",
    )


def _of(bench: Bench, file: Path) -> Run:
    with bare_ledger(bench.place("ledger")) as data_dir:
        return run(["import", "--strict", file], data_dir.path)


def _empty_file(bench: Bench) -> Path:
    file = bench.place("empty") / "empty.ndjson"
    file.touch()
    return file


def _memory(many: Run, few: Run) -> Figure:
    label = f"import, peak memory of {many.read:,} events over that of {few.read:,}"
    if many.peak_memory is None or few.peak_memory is None:
        return Figure("import-memory", label, "times", None, note="this platform does not tell a process's memory")
    return Figure(
        "import-memory",
        label,
        "times",
        many.peak_memory / few.peak_memory,
        MORE_MEMORY if few.read > FEW else None,
        f"{many.peak_memory / 1e6:,.0f} MB and {few.peak_memory / 1e6:,.0f} MB",
    )
