"""Reading an uploaded list, wholly in memory: CSV or Excel, bounded in size, its columns those of the template."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from services.desks.pages.composing import Problem
from services.desks.pages.fields import Form
from services.desks.pages.places import fold
from services.desks.pages.texts import CATALOGUE, LANGUAGES

__all__ = ["MAX_FILE_BYTES", "MAX_ROWS", "ListError", "Row", "read_list"]

MAX_FILE_BYTES: Final = 2 * 1024 * 1024
MAX_ROWS: Final = 5_000
_MAX_UNPACKED: Final = 32 * 1024 * 1024
_MAX_COLUMNS: Final = 40
_MAX_CELL: Final = 1_000
_MAX_BLANK: Final = 20_000
_ZIP: Final = b"PK\x03\x04"
_FORMULA: Final = object()
"""Stands where a cell holds a formula."""


class ListError(Exception):
    """A file cannot be taken as a list; `key` and `places` of a text, nothing of what the file holds."""

    def __init__(self, key: str, **places: object) -> None:
        super().__init__(key)
        self.key, self.places = key, places


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `number`: as a spreadsheet counts them, the names of the columns being row 1."""

    number: int
    given: dict[str, str]
    problems: tuple[Problem, ...] = ()


def read_list(content: bytes, form: Form) -> list[Row]:
    """Read the rows of a file; blank rows are passed over. Raises ListError."""
    if not content:
        raise ListError("file_missing")
    if len(content) > MAX_FILE_BYTES:
        raise ListError("file_large", size=MAX_FILE_BYTES // 2**20)
    lines = enumerate(_excel(content) if content.startswith(_ZIP) else _csv(content), start=1)
    columns = _columns(next(lines, (1, []))[1], form)
    rows: list[Row] = []
    for number, cells in lines:
        if number > MAX_ROWS + _MAX_BLANK:
            raise ListError("file_rows", rows=MAX_ROWS)
        if not any(cells):
            continue
        if len(rows) == MAX_ROWS:
            raise ListError("file_rows", rows=MAX_ROWS)
        rows.append(_row(number, cells, columns))
    if not rows:
        raise ListError("file_empty")
    return rows


def _columns(header: list[Any], form: Form) -> list[str]:
    """Find which field each column is, by its name on a page in either language or its own."""
    while header and not header[-1]:
        header.pop()
    known: dict[str, str] = {}
    for field in form.columns:
        for written in (field.name, *(CATALOGUE[language][f"label_{field.name}"] for language in LANGUAGES)):
            known[fold(written)] = field.name
    columns: list[str] = []
    for place, cell in enumerate(header, start=1):
        name = known.get(fold(cell)) if isinstance(cell, str) else None
        if name is None:
            # Only its number: where the names of the columns are missing, this would be the first pupil's row.
            raise ListError("file_header", column=place)
        if name in columns:
            raise ListError("file_twice", column=name)
        columns.append(name)
    for field in form.columns:
        if field.required and field.name not in columns:
            raise ListError("file_lacks", column=field.name)
    return columns


def _row(number: int, cells: list[Any], columns: list[str]) -> Row:
    given: dict[str, str] = {}
    problems: list[Problem] = []
    if any(cells[len(columns) :]):
        problems.append(Problem("", "problem_wide"))
    for name, cell in zip(columns, cells, strict=False):
        if cell is _FORMULA:
            problems.append(Problem(name, "problem_formula"))
        elif len(cell) > _MAX_CELL:
            problems.append(Problem(name, f"problem_{name}"))
        else:
            given[name] = cell
    return Row(number, given, tuple(problems))


def _csv(content: bytes) -> Iterator[list[Any]]:
    text = _text(content)
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [_FORMULA if cell.lstrip().startswith("=") else cell.strip() for cell in line]
    except csv.Error:
        raise ListError("file_unreadable") from None


def _text(content: bytes) -> str:
    """Read text as spreadsheets write it: UTF-8, UTF-16 with its mark, or the code page of Western Windows."""
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ListError("file_unreadable")


def _excel(content: bytes) -> Iterator[list[Any]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            # What a part says of its size holds: the zip library reads no more than that.
            if sum(part.file_size for part in packed.infolist()) > _MAX_UNPACKED:
                raise ListError("file_large", size=MAX_FILE_BYTES // 2**20)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a sheet says of its size need not be so
        rows: Iterable[Any] = sheet.iter_rows(max_col=_MAX_COLUMNS, max_row=MAX_ROWS + _MAX_BLANK + 1)
        for cells in rows:
            yield [_FORMULA if cell.data_type == "f" else _written(cell.value) for cell in cells]
    except ListError:
        raise
    except Exception:
        # The library raises whatever a broken file makes it stumble over, and its words may hold what is in the file.
        broken = True
    else:
        broken = False
    if broken:
        raise ListError("file_unreadable")


def _written(value: Any) -> str:
    """Give a cell as a person would have written it."""
    match value:
        case None:
            return ""
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M") if value.time() != time() else value.date().isoformat()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value).strip()
