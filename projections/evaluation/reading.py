"""From a file of events (NDJSON, plain or compressed) to columns in Parquet, every line checked, on every processor."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from events.errors import Rejected
from events.lines import read_blocks, split_lines
from events.parse import parse_event
from events.quick import Checked, QuickChecker
from events.times import CLOCK_TOLERANCE
from projections.evaluation.columns import BATCH, ColumnsBuilder, batch_of, write_parquet

__all__ = ["OnRejected", "Read", "Written", "read_events", "write_pieces"]

CHUNK = 8 << 20
"""Bytes of lines handed to a process at once. A file of one chunk is read here: starting processes takes longer."""

OnRejected = Callable[[int, Rejected], None]
"""Told of each rejected line: its number (or its sequence in the ledger) and the rule it breaks."""


@dataclass
class Read:
    """What came of reading a file: the Parquet files with its events, and how many lines held none."""

    files: list[Path] = field(default_factory=list)
    rejected: int = 0


class Written(NamedTuple):
    """The events of the lines from number ``first`` to ``last``, in a Parquet file, each kind's together."""

    first: int
    last: int
    path: Path
    rejected: list[tuple[int, Rejected]]


def _columns(first: int, text: bytes, rejected: list[tuple[int, Rejected]]) -> Iterator[pa.RecordBatch]:
    builder, checker = ColumnsBuilder(), _checker()
    numbered = split_lines(first, text)
    while taken := list(islice(numbered, BATCH)):
        numbers, lines = zip(*taken, strict=True)
        checked, others = checker.check(lines)
        for found in checked:
            if _each_is_recordable(found):
                yield batch_of(found, numbers, lines)
            else:
                others += found.at  # the contract's reader says which of them are not
        for at in sorted(others):
            try:
                event = parse_event(lines[at])
                if event.recordedtime is None:
                    raise Rejected("recordedtime", "is required")
            except Rejected as error:
                rejected.append((numbers[at], error.with_traceback(None)))
            else:
                builder.add(numbers[at], event, None, lines[at])
        yield from builder.batches()


@lru_cache
def _checker() -> QuickChecker:
    """The checker of this process: what it met in one chunk serves the next."""
    return QuickChecker()


def _each_is_recordable(found: Checked) -> bool:
    if found.recorded.null_count:
        return False
    ahead = pc.max(pc.subtract(found.occurred, found.recorded)).as_py()
    return bool(ahead <= CLOCK_TOLERANCE)


def _write(first: int, text: bytes, directory: Path) -> Written:
    """Check the lines of a chunk and write its events to a file; runs in a process of its own."""
    rejected: list[tuple[int, Rejected]] = []
    path = directory / f"{first}.parquet"
    write_parquet(_columns(first, text, rejected), path, passing=True)
    last = first + text.count(b"\n") - (not text or text.endswith(b"\n"))
    return Written(first, last, path, rejected)


def _begin() -> None:
    """Prepare a process that reads: it leaves stopping to its parent, and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.disable()  # Events hold no cycles; searching the many for some would take a fifth of the time.
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _processes() -> BaseContext:
    """Choose how to start processes: a copy of this one starts at once, but only one without other threads is safe."""
    alone = threading.active_count() == 1 and "duckdb" not in sys.modules and hasattr(os, "fork")
    return get_context("fork" if alone else "spawn")


def write_pieces(path: str | Path, directory: Path, after: int = 0) -> Iterator[Written]:
    """Read a file of events into Parquet files in `directory`, piece by piece, in the order of the lines.

    Pieces whose lines all have numbers up to `after` are left out. Raises `LinesError` after what could be read of a
    file that cannot be read to its end.
    """
    blocks = read_blocks(path, CHUNK)
    chunks = ((first, text) for first, text in blocks if not after or first + text.count(b"\n") > after)
    begin = list(islice(chunks, 2))
    if len(begin) < 2:
        yield from (_write(first, text, directory) for first, text in begin)
        return
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ProcessPoolExecutor(workers, _processes(), _begin) as pool:
        pending: deque[Future[Written]] = deque()
        pending.extend(pool.submit(_write, first, text, directory) for first, text in begin)
        try:
            # A few chunks ahead keep every process busy and the memory bounded.
            for first, text in chunks:
                pending.append(pool.submit(_write, first, text, directory))
                if len(pending) > 2 * workers:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def read_events(path: str | Path, directory: Path, on_rejected: OnRejected) -> Read:
    """Read a file of events into Parquet files in `directory`; the position of an event is the number of its line.

    A line that breaks a rule, or has no `recordedtime`, goes to `on_rejected`, in the order of the lines. Raises
    `LinesError` for a file that cannot be read to its end.
    """
    read = Read()
    for written in write_pieces(path, directory):
        read.files.append(written.path)
        read.rejected += len(written.rejected)
        for number, error in written.rejected:
            on_rejected(number, error)
    return read
