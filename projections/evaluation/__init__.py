"""The second program for the definition (COUNTS): the whole of it as one columnar query, for any K.

For tables from a file of events, as they were known at an earlier time, for rebuilding, and for checking the live
count, with which it shares the events, the names of the columns and the register, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa

from events.errors import Rejected
from events.lines import LinesError
from projections.evaluation.columns import ColumnsError, check_parquet, columns_of, is_parquet, write_parquet
from projections.evaluation.definition import OFFICIAL, Definition
from projections.evaluation.reading import OnRejected, Read, read_events

if TYPE_CHECKING:
    from projections.evaluation.query import Replay

__all__ = [
    "ColumnsError",
    "Evaluation",
    "LinesError",
    "columns_of",
    "evaluate",
    "evaluate_columns",
    "replaying",
    "replaying_file",
    "replaying_files",
    "write_parquet",
]

OTHER_CONTENT = Rejected("id", "is known from the same source with other content; the first recorded stands")
"""What is said of a copy of an event whose content (EVENTS) is not that of the first recorded."""
MEMORY = "3GB"
"""What a query may hold in memory; the rest goes to a temporary directory."""


@dataclass(frozen=True)
class Evaluation:
    """A table, and what came of the events behind it."""

    table: str
    """`counts` or `coverage`."""
    as_of: int | None
    """K, in micros; None where none was asked for and there is no event either."""
    columns: pa.Table
    """Its rows, sorted by municipality, sector and week."""
    read: int
    """Lines that held something (events, where columns were read)."""
    known: int
    """Copies of an event, with the same content."""
    rejected: int
    """Lines that break a rule, and copies with other content."""

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Give the rows as tuples: municipality, sector, week, and the measures in the order of the definition."""
        for batch in self.columns.to_batches():
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _ignore(line: int, error: object) -> None:
    pass


def evaluate(
    path: str | Path,
    as_of: int | None = None,
    table: str = "counts",
    *,
    all_rows: bool = False,
    on_rejected: OnRejected = _ignore,
    memory: str = MEMORY,
    definition: Definition = OFFICIAL,
) -> Evaluation:
    """Give the table `counts` or `coverage` of a file of events alone: NDJSON (`-`: standard input) or Parquet.

    K is `as_of` (micros), or just after the last `recordedtime` of any valid line: one microsecond. With `all_rows` the
    counts have rows of zeros too. `on_rejected` is told of every line that breaks a rule, in their order, then of every
    copy with other content. Raises `LinesError` or `ColumnsError` for a file that cannot be read to its end.
    """
    with replaying_file(path, on_rejected, memory=memory) as (replay, read):
        k = as_of if as_of is not None else replay.after_all
        other = replay.other_contents()
        for position in other:
            on_rejected(position, OTHER_CONTENT)
        return Evaluation(
            table=table,
            as_of=k,
            columns=replay.table(table, k or 0, all_rows, definition),
            read=replay.events + read.rejected,
            known=replay.copies - len(other),
            rejected=read.rejected + len(other),
        )


@contextmanager
def replaying_file(
    path: str | Path, on_rejected: OnRejected = _ignore, *, memory: str = MEMORY
) -> Iterator[tuple[Replay, Read]]:
    """Take in a file of events once, for any number of tables; with it comes what was read. Raises as `evaluate`."""
    with TemporaryDirectory(prefix="kindinbeeld-") as temporary:
        directory = Path(temporary)
        read = Read()
        if is_parquet(path):
            check_parquet(path)
            read.files.append(Path(path))
        else:
            read = read_events(path, directory, on_rejected)
        if not read.files:
            read.files.append(directory / "none.parquet")
            write_parquet([], read.files[0])
        with _replay(read.files, directory, memory) as replay:
            yield replay, read


@contextmanager
def replaying_files(paths: Sequence[Path], *, memory: str = MEMORY) -> Iterator[Replay]:
    """Open events in Parquet, such as the segments of an archive, for any number of tables."""
    with TemporaryDirectory(prefix="kindinbeeld-") as temporary, _replay(paths, Path(temporary), memory) as replay:
        yield replay


def evaluate_columns(
    batches: Iterable[pa.RecordBatch],
    as_of: int,
    table: str = "counts",
    *,
    all_rows: bool = False,
    memory: str = MEMORY,
) -> pa.Table:
    """Give the rows of the table `counts` or `coverage` as of K = `as_of` (micros) of events as columns."""
    with replaying(batches, memory=memory) as replay:
        return replay.table(table, as_of, all_rows)


@contextmanager
def replaying(batches: Iterable[pa.RecordBatch], *, memory: str = MEMORY) -> Iterator[Replay]:
    """Take in events as columns once, for any number of tables: `replay.table(name, as_of)`."""
    with TemporaryDirectory(prefix="kindinbeeld-") as temporary:
        directory = Path(temporary)
        file = directory / "events.parquet"
        write_parquet(batches, file, passing=True)
        with _replay([file], directory, memory) as replay:
            yield replay


def _replay(files: Sequence[Path], temporary: Path, memory: str) -> Replay:
    # Only now: DuckDB starts threads, and a process with threads cannot be copied to read in parallel.
    from projections.evaluation.query import Replay

    return Replay(files, temporary, memory)
