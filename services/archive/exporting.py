"""What a query gave, as a file to take along: with what each column means."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from projections.archive.dictionary import meaning_of
from services.system import WrongUsage

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["write"]

_EXCEL_ROWS: Final = 1_048_575
_HEAD: Final = ("column", "type", "meaning")


def write(table: pa.Table, path: Path, asked: str) -> None:
    """Write a table by the suffix of the path, .csv, .parquet or .xlsx; ``asked`` is the question, for the dictionary.

    The dictionary is a sheet of its own in Excel, stands with the columns in Parquet, and beside a CSV in
    ``NAME.dictionary.csv``. Raises WrongUsage for another suffix, too many rows, or a file that cannot be written.
    """
    writers = {".csv": _csv, ".parquet": _parquet, ".xlsx": _excel}
    if path.suffix.lower() not in writers:
        raise WrongUsage(f"--output: must end in {', '.join(writers)}")
    try:
        writers[path.suffix.lower()](table, path, asked)
    except OSError as error:
        raise WrongUsage(f"--output: {path} cannot be written: {error.strerror}") from None


def _dictionary(table: pa.Table) -> list[tuple[str, str, str]]:
    return [(field.name, str(field.type), meaning_of(field.name)) for field in table.schema]


def _csv(table: pa.Table, path: Path, asked: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.column_names)
        for batch in table.to_batches():
            writer.writerows(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    with path.with_suffix(".dictionary.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([_HEAD, *_dictionary(table)])


def _parquet(table: pa.Table, path: Path, asked: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = [field.with_metadata({"meaning": meaning_of(field.name)}) for field in table.schema]
    pq.write_table(table.cast(pa.schema(fields, metadata={"query": asked})), path, compression="zstd")


def _excel(table: pa.Table, path: Path, asked: str) -> None:
    from openpyxl import Workbook

    if len(table) > _EXCEL_ROWS:
        raise WrongUsage(f"--output: a sheet of Excel holds {_EXCEL_ROWS} rows at most; there are {len(table)}")
    book = Workbook(write_only=True)
    rows, meanings = book.create_sheet("rows"), book.create_sheet("dictionary")
    rows.append(table.column_names)
    for batch in table.to_batches():
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            rows.append([_cell(value) for value in row])
    for line in (_HEAD, *_dictionary(table), (), ("query", "", asked)):
        meanings.append([_cell(value) for value in line])
    book.save(path)


def _cell(value: Any) -> Any:
    """Give what Excel takes: it knows no lists and no zones, and would take some texts for formulas."""
    if isinstance(value, list | dict):
        value = str(value)
    if getattr(value, "tzinfo", None) is not None:
        return value.replace(tzinfo=None)
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@" and value[:1] else value
