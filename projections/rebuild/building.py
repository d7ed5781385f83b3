"""From the columns to the live view's database, in several processes at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor, Future, as_completed
from pathlib import Path
from typing import Final

import pyarrow as pa

from projections.durable import fsync_and_let_go
from projections.live.schema import PUPIL_NAME
from projections.live.store import open_store
from projections.live.storing import LEDGER
from projections.rebuild.households import fold_households, middle_household
from projections.rebuild.others import write_others
from projections.rebuild.parts import add_cells, index, ingest, take_over, writing
from projections.rebuild.pupils import PUPILS, by_day, fold_pupils, pupils_beside
from projections.rebuild.seen import write_seen
from projections.rebuild.settling import settle

MEMORY: Final = "2500MB"
PARTS: Final = 6
"""Parts in which the pupils are folded: so many that the last of them does not keep one processor waiting long."""

Told = Callable[[str, int, int], None]
"""Told of each step: its name, how much of it is done, and how much there is."""


def _nothing(stage: str, done: int, of: int) -> None:
    pass


def build(
    directory: Path,
    database: Path,
    pool: Executor,
    *,
    told: Told = _nothing,
    parts: int = PARTS,
    memory: str = MEMORY,
    threads: int = 2,
) -> int:
    """Build the database of a live view from the columns in a working directory; give its position, 0 for none.

    It is what following the ledger in its order would have left, complete on the disk and not in use by anyone. What
    stands is settled in so much ``memory`` at most, by so many ``threads``.
    """
    told("settling", 0, 1)
    cuts = pool.submit(settle, directory, parts, memory, threads).result()
    files = [directory / f"pupils-{number}.sqlite" for number in range(len(cuts))]
    others = directory / "others.sqlite"
    households = [directory / f"households-{half}.sqlite" for half in (1, 2)]
    _begin(directory / "empty.sqlite", database)
    # The longest first: the last to end keeps nobody waiting for long.
    seen: Future[int] = pool.submit(write_seen, directory, database)
    rest: Future[int] = pool.submit(write_others, directory, others)
    folding = [
        pool.submit(fold_pupils, directory, file, since, until)
        for file, since, until in zip(files, cuts, [*cuts[1:], None], strict=True)
    ]
    sharing: list[Future[int]] = []
    waiting: list[Path] = []
    tasks = [seen, rest, *folding]
    for done, task in enumerate(as_completed(tasks)):
        told("folding", done, len(tasks))
        task.result()
        if task in folding:
            waiting.append(files[folding.index(task)])
            # Once only: several may have ended by now.
            if not sharing and all(each.done() for each in folding):
                middle = middle_household(files)
                halves = zip(households, ((None, middle), (middle, None)), strict=True)
                sharing = [pool.submit(fold_households, files, file, *between) for file, between in halves]
        # What stands is written into the database itself; after it, this process takes over part by part.
        if seen.done():
            _take_over_pupils(database, waiting)
            waiting.clear()
    told("putting together", 0, 1)
    position = rest.result()
    with writing(database, [*files, others]) as to:
        take_over(to, len(files), "school", "closure", "retraction", "early", "set_aside", "recorded", "horizon")
        add_cells(to, len(files) + 1)
        if position:
            to.execute("INSERT INTO tracking VALUES (?, ?)", (LEDGER, position))
    index(database, directory, PUPIL_NAME)
    for shared in sharing:
        shared.result()
    with writing(database, households) as to:
        for half in range(len(households)):
            take_over(to, half, "household", "apart")
        add_cells(to, len(households))
    _complete(database)
    return position


def _take_over_pupils(database: Path, files: list[Path]) -> None:
    for file in files:
        with writing(database, [file]) as to:
            take_over(to, 0, "resident", "apart")
        with pa.memory_map(str(pupils_beside(file))) as kept, pa.ipc.open_file(kept) as states:
            ingest(database, "pupil", pa.RecordBatchReader.from_batches(PUPILS, by_day(states)))


def _begin(template: Path, database: Path) -> None:
    """Make a database as the view makes it, which nothing holds open any more."""
    open_store(template).datastore.close()
    empty, new = sqlite3.connect(template), sqlite3.connect(database)
    try:
        empty.backup(new)
        for name in ("seen_key", "pupil_name"):  # made of the tables when these are complete
            new.execute(f"DROP INDEX {name}")
    finally:
        empty.close()
        new.close()


def _complete(database: Path) -> None:
    """Leave it as the view opens it, and on the disk itself."""
    connection = sqlite3.connect(database)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    fsync_and_let_go(database)
