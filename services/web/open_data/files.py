"""The files of the open data: what is in each, packed once for all who ask."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from events.times import format_instant
from projections.public.snapshot import Row, Snapshot
from projections.register.areas import area_of
from services.web.open_data.definition import AREA_COLUMNS, CELL_COLUMNS, RULE

__all__ = ["KINDS", "File", "file_of", "json_file", "pack"]

CSV: Final = "text/csv; charset=utf-8; header=present"
JSON: Final = "application/json"

KINDS: Final = {"unreached": CELL_COLUMNS, "areas": AREA_COLUMNS}
"""The tables, each with its columns: the cells, and what is added up from them."""

_LEVEL: Final = 6


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent: plain, compressed, and what its content is told by. Only what it says decides its tag."""

    media_type: str
    body: bytes
    packed: bytes
    tag: str


def pack(media_type: str, body: bytes) -> File:
    """Make a file of its content."""
    tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    return File(media_type, body, gzip.compress(body, _LEVEL, mtime=0), tag)


def json_file(content: Any, media_type: str = JSON) -> File:
    """Make a file of JSON."""
    return pack(media_type, orjson.dumps(content))


def file_of(kind: str, form: str, snapshot: Snapshot, simulated: bool) -> File:
    """Make the file of a kind ("unreached", "areas") in a form ("csv", "json") of one day's table."""
    rows = snapshot.rows() if kind == "unreached" else snapshot.area_rows()
    columns, day = KINDS[kind], snapshot.day.isoformat()
    if form == "csv":
        return pack(CSV, _csv(columns, ((day, *_values(row)) for row in rows)))
    return json_file(
        {
            "date": day,
            "asOf": format_instant(snapshot.as_of),
            "simulated": simulated,
            "rule": RULE,
            "rows": [dict(zip(columns[1:], _values(row), strict=True)) for row in rows],
        }
    )


def _values(row: Row) -> tuple[str | int, ...]:
    area, shown = area_of(row.area), row.unreached
    counted = str(shown), shown.low, shown.high, row.schools_expected, row.schools_reported
    return row.area, row.area if area is None else area.name, row.sector, row.week, *counted


def _csv(columns: Iterable[str], rows: Iterable[tuple[str | int, ...]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
