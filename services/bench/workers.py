"""Two workers that keep the live view together, each on a processor of its own, beside one worker on one processor.

All in one run on one ledger: from the first message that the ledger gives out until the position of every part is the
ledger's last. The one view, which has both processors for its two processes, is timed beside them. Where all
processors are used whoever measures takes part of them: it looks seldom, and no more than at how far the parts are.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from projections.parts.attaching import attached, positions
from services.bench.catching_up import JUDGED_FROM, others, reading_begun, timed
from services.bench.context import Bench, Filled
from services.bench.figures import RATE, Figure, NotMeasured, Target
from services.bench.processes import LONGEST, processor_seconds_of, run, running, with_descendants
from services.bench.systems import bare_ledger, newest_sequence
from services.system import find_system
from services.system.children import VARIABLE

TARGET: Final = Target(1.7, at_least=True)
_LOOK: Final = 0.05
_FOLLOWING: Final = 10**12
_ROUNDS: Final = 2


def workers(bench: Bench) -> Iterator[Figure]:
    """Measure one and two workers in turn, twice (once with `--quick`); the quicker time of each counts.

    In turn, so that what else runs on the machine meets both. The table that they come to is not looked at here:
    tests hold it equal.
    """
    processors = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if len(processors) < 2:
        raise NotMeasured("two processors are needed, on a system where a process can be bound to one (Linux)")
    file = bench.data.events(bench.asked.events)
    with bare_ledger(bench.place("workers"), workers=2) as data_dir:
        took = run(["import", "--strict", file], data_dir.path)
        filled = Filled(data_dir, newest_sequence(find_system(data_dir)), took)
        one: list[tuple[float, str]] = []
        two: list[tuple[float, str]] = []
        for _ in range(1 if bench.asked.quick else _ROUNDS):
            bench.say(f"following {filled.events:,} events by one worker on one processor, then by two on two")
            one.append(_timed(filled, processors[:1]))
            two.append(_timed(filled, processors[:2]))
        bench.say("and by the one view on all processors")
        replace(find_system(data_dir), workers=1).write(data_dir)
        view = timed(filled, data_dir.live_view, _FOLLOWING)
    alone, together = min(one), min(two)
    target = TARGET if filled.events >= JUDGED_FROM else None
    label = f"following {filled.events:,} events by two workers, a processor each"
    yield Figure("workers", label, RATE, filled.events / together[0], None, together[1])
    yield Figure(
        "workers-one", "the same by one worker on one processor", RATE, filled.events / alone[0], None, alone[1]
    )
    yield Figure("workers-view", "the same by the one view", RATE, filled.events / view.seconds, None, view.note)
    times = ", ".join(f"{a:.1f} s and {b:.1f} s" for (a, _), (b, _) in zip(one, two, strict=True))
    yield Figure("workers-times", "two workers against one", "times", alone[0] / together[0], target, times)


def _timed(filled: Filled, processors: Sequence[int]) -> tuple[float, str]:
    """Run a worker on each of some processors, from nothing to the ledger's last; give seconds and a note."""
    directory = filled.data_dir.view_parts
    shutil.rmtree(directory, ignore_errors=True)
    known = asyncio.run(others(filled.data_dir))
    with ExitStack() as stack:
        workers = []
        for number, processor in enumerate(processors, 1):
            module = ["services.view.parts", str(filled.data_dir), str(number), str(len(processors))]
            log = filled.data_dir.path / f"worker-{number}.log"
            process = stack.enter_context(
                running([sys.executable, "-m", *module], filled.data_dir.path, log, {VARIABLE: "1"})
            )
            # Its reader too: it is started later, and inherits this.
            os.sched_setaffinity(process.pid, {processor})
            workers.append(process.pid)
        asyncio.run(reading_begun(filled.data_dir, known))
        begun = time.perf_counter()
        _wait(directory, filled.events, begun + LONGEST)
        seconds = time.perf_counter() - begun
        used = [processor_seconds_of(list(with_descendants(pid))) for pid in workers]
    return seconds, f"{seconds:.1f} s; {' and '.join(f'{each:.1f}' for each in used)} s of processor time"


def _wait(directory: Path, position: int, deadline: float) -> None:
    """Wait until every part is so far. Raises NotMeasured."""
    while time.perf_counter() < deadline:
        with suppress(sqlite3.Error), closing(attached(directory)) as parts:
            while min(positions(parts)) < position and time.perf_counter() < deadline:
                time.sleep(_LOOK)
            if min(positions(parts)) >= position:
                return
        time.sleep(_LOOK)  # some are not there yet
    raise NotMeasured("the workers do not catch up")
