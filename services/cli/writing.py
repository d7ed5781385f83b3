"""Writing rows: for people, as CSV or as JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum

__all__ = ["Format", "write_rows"]


class Format(StrEnum):
    """How a table is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def write_rows(names: Sequence[str], rows: Iterable[Sequence[object]], format: Format, caption: str = "") -> None:
    """Write rows to standard output; what is not known is empty, null in JSON."""
    match format:
        case Format.CSV:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow(names)
            writer.writerows(rows)
        case Format.JSON:
            json.dump([dict(zip(names, row, strict=True)) for row in rows], sys.stdout, indent=1, default=_plain)
            print()
        case Format.TABLE:
            _write_for_people(names, rows, caption)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)


def _write_for_people(names: Sequence[str], rows: Iterable[Sequence[object]], caption: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, caption=caption or None, header_style="bold", show_edge=False)
    taken = [["" if value is None else str(value) for value in row] for row in rows]
    for index, name in enumerate(names):
        text = any(not row[index].replace(".", "").lstrip("-").isdecimal() for row in taken if row[index])
        drawn.add_column(name.replace("_", "\n"), justify="left" if text else "right", no_wrap=text)
    for row in taken:
        drawn.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 240, highlight=False).print(drawn)
