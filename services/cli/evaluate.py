"""`kindinbeeld evaluate`: the table of a file of events alone, with no system running."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import (
    ArchiveOption,
    AsOfOption,
    DataDirOption,
    MemoryOption,
    archive_of,
    data_dir_of,
    instant_of,
    memory_of,
)
from services.cli.variants import replayed_archive, variant_of
from services.system.errors import SystemUnavailable, WrongUsage

if TYPE_CHECKING:
    import pyarrow as pa

    from events import Rejected
    from projections.archive import Archive

__all__ = ["failing_file", "register", "stopping"]


_WEEK = 7 * 24 * 3_600_000_000


class Table(StrEnum):
    """Which of the two tables of the definition."""

    COUNTS = "counts"
    COVERAGE = "coverage"


def evaluate(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|-",
            help="NDJSON of events with recordedtime (plain, gzip, zstd), or Parquet from export; - is standard input.",
            show_default="the archive",
        ),
    ] = None,
    as_of: AsOfOption = None,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write the CSV.", show_default="stdout"),
    ] = None,
    table: Annotated[Table, typer.Option(help="The count, or who has answered.")] = Table.COUNTS,
    all_rows: Annotated[
        bool, typer.Option("--all-rows", help="Counts: rows of zeros too, for every municipality of the register.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit status 1 when a line was rejected.")] = False,
    memory: MemoryOption = "3GB",
    weekly: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Of an archive: the counts as of N instants, one a week, in one CSV."),
    ] = None,
    variant: Annotated[
        Path | None,
        typer.Option("--variant", metavar="FILE.toml", help="By a variant of the definition; every row names it."),
    ] = None,
    archive: ArchiveOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Print the table of a file of events, or of an archive, as CSV; no system needs to run.

    Without --as-of: as known just after the last recordedtime. A rejected line is named on standard error (line, field,
    rule), and the rest goes on.
    """
    instant = instant_of("--as-of", as_of)
    memory_of(memory)
    definition = None if variant is None else variant_of(variant)
    if definition is not None and weekly is not None:
        raise WrongUsage("--weekly: only by the official definition")
    before = [] if definition is None else [definition.mark]
    if file is None:
        if weekly is not None and (table is not Table.COUNTS or all_rows):
            raise WrongUsage("--weekly: gives counts only, without rows of zeros")
        directory = archive_of(archive, data_dir_of(data_dir))
        if definition is not None:
            with replayed_archive(directory, memory) as replay:
                k = instant if instant is not None else replay.after_all or 0
                found = replay.table(table.value, k, all_rows, definition)
            _write(table.value, ((*before, *row) for row in _rows(found)), output, "definition")
            return
        _of_archive(directory, instant, table, memory, output, weekly, all_rows)
        return
    if archive is not None or weekly is not None:
        raise WrongUsage("--archive, --weekly: not together with a FILE")
    with stopping(), failing_file(file):
        # Here and not above: --help has no use for the columnar libraries.
        from projections.evaluation import evaluate as evaluate_file
        from projections.evaluation.definition import OFFICIAL

        result = evaluate_file(
            file,
            instant,
            table.value,
            all_rows=all_rows,
            on_rejected=_name_line,
            memory=memory,
            definition=definition or OFFICIAL,
        )
    _write(result.table, ((*before, *row) for row in result.rows()), output, *["definition"] * len(before))
    print(f"read {result.read}, known {result.known}, rejected {result.rejected}", file=sys.stderr)
    if strict and result.rejected:
        raise typer.Exit(1)


def _name_line(line: int, error: Rejected) -> None:
    print(f"line {line}: {error}", file=sys.stderr)


def _of_archive(
    directory: Path,
    instant: int | None,
    table: Table,
    memory: str,
    output: str | None,
    weekly: int | None,
    all_rows: bool,
) -> None:
    from projections.archive import Archive
    from services.archive.failing import failing

    with failing(directory):
        archive = Archive(directory)
        last = archive.last_recorded
        k = instant if instant is not None else 0 if last is None else last + 1
        if weekly is None:
            _write(table.value, _rows(archive.table(table.value, k, memory, all_rows=all_rows)), output)
        else:
            _write(table.value, _every_week(archive, k, weekly), output, "as_of")
    print(f"archive of {archive.settled.events} events up to {archive.settled.position}", file=sys.stderr)


def _every_week(archive: Archive, last: int, number: int) -> Iterator[tuple[object, ...]]:
    from events import format_instant
    from projections.archive import rows_of

    for at, tables in archive.many([last - week * _WEEK for week in range(number)]):
        as_of = format_instant(at)
        yield from ((as_of, *row) for row in _rows(rows_of(tables)))


def _rows(table: pa.Table) -> Iterator[tuple[object, ...]]:
    for batch in table.to_batches():
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _write(table: str, rows: Iterable[Iterable[object]], output: str | None, *before: str) -> None:
    from projections.tables import write_csv

    if output is None or output == "-":
        write_csv(table, rows, sys.stdout, before)
        sys.stdout.flush()
        return
    try:
        with Path(output).open("w", encoding="utf-8", newline="") as to:
            write_csv(table, rows, to, before)
    except OSError as error:
        raise SystemUnavailable(f"--output: the file cannot be written: {error.strerror}") from None


@contextmanager
def stopping() -> Iterator[None]:
    """End tidily on SIGTERM, as on SIGINT: what was read lies in a temporary directory that must not stay."""

    def stop(number: int, frame: object) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are for the main thread
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def failing_file(file: str) -> Iterator[None]:
    """Turn what can go wrong with a file, the disk or the memory into one line without anything from the file."""
    from concurrent.futures.process import BrokenProcessPool

    from events import LinesError

    try:
        yield
    except LinesError as error:
        raise WrongUsage(f"{file}: {error}") from None
    except OSError as error:
        raise SystemUnavailable(f"temporary files cannot be written: {error.strerror}") from None
    except BrokenProcessPool:
        raise SystemUnavailable("a process that read the file was ended from outside") from None
    except Exception as error:
        raise _known(error, file) from None


def _known(error: Exception, file: str) -> Exception:
    import duckdb

    from projections.evaluation import ColumnsError

    if isinstance(error, ColumnsError):
        return WrongUsage(f"{file}: {error}")
    if isinstance(error, duckdb.OutOfMemoryException):
        return SystemUnavailable("the query needs more memory or temporary disk: see --memory")
    if isinstance(error, duckdb.Error):
        return SystemUnavailable(f"{file}: the events cannot be queried ({type(error).__name__})")
    return error


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(evaluate)
