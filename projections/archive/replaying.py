"""One call for analysts: a table as of any instant as an Arrow table, from an archive or from a file of events."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa

from events import parse_instant, to_micros
from projections.archive.asof import Archive

__all__ = ["replay"]


def replay(source: str | Path, as_of: datetime | str | None = None, table: str = "counts") -> pa.Table:
    """Give the table "counts" or "coverage" as it was known at an instant; without one, as all is known.

    ``source`` is the directory of an archive, or a file of events (NDJSON, Parquet). ``as_of`` is an aware datetime, or
    RFC 3339 with an offset. Raises ArchiveError, LinesError or ColumnsError for a source that cannot be read, Rejected
    for a text that is no instant, ValueError for a table that is none.
    """
    from projections.evaluation import evaluate
    from projections.tables import MEASURES

    if table not in MEASURES:
        raise ValueError(f"table must be one of {', '.join(MEASURES)}")
    at = parse_instant(as_of) if isinstance(as_of, str) else None if as_of is None else to_micros(as_of)
    if not Path(source).is_dir():
        return evaluate(source, at, table).columns
    archive = Archive(Path(source))
    if at is None:
        at = 0 if archive.last_recorded is None else archive.last_recorded + 1
    return archive.table(table, at)
