"""The table of lines of events, as the command prints it, and what was said about the lines."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from events.parse import parse_event
from events.times import to_micros
from projections.evaluation import Evaluation, columns_of, evaluate, replaying
from projections.tables import write_csv


@dataclass(frozen=True)
class Ran:
    csv: str
    rejected: list[tuple[int, str, str]]
    result: Evaluation


def run_file(path: Path, k: int | None = None, table: str = "counts", all_rows: bool = False) -> Ran:
    rejected: list[tuple[int, str, str]] = []
    result = evaluate(
        path,
        k,
        table,
        all_rows=all_rows,
        on_rejected=lambda line, error: rejected.append((line, error.field, error.rule)),
    )
    text = io.StringIO()
    write_csv(table, result.rows(), text)
    return Ran(text.getvalue(), rejected, result)


def run(lines: Iterable[str], k: int | None = None, table: str = "counts", all_rows: bool = False) -> Ran:
    with TemporaryDirectory() as directory:
        path = Path(directory) / "events.ndjson"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return run_file(path, k, table, all_rows)


def run_as_of(lines: Iterable[str], ks: Sequence[int], table: str) -> Iterator[str]:
    """Give the table as of each K, of lines taken in once, as from the ledger."""
    messages = []
    for number, line in enumerate(lines, start=1):
        recorded = parse_event(line).recordedtime
        assert recorded is not None
        messages.append((number, to_micros(recorded), line.encode()))
    with replaying(columns_of(messages, keep_event=False)) as replay:
        for k in ks:
            text = io.StringIO()
            columns = replay.table(table, k)
            write_csv(table, zip(*(column.to_pylist() for column in columns.columns), strict=True), text)
            yield text.getvalue()
