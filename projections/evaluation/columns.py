"""Events as columns: one row per event, for the columnar query and for the archive in Parquet.

A row holds what the definition (COUNTS) asks of an event, each in a column of its own, and in `event` the JSON text as
it lies in the ledger, so that nothing is lost. A column that a kind of event does not have is null there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from events.envelope import Event
from events.parse import parse_event
from events.quick import Checked

__all__ = [
    "BATCH",
    "SCHEMA",
    "ColumnsBuilder",
    "ColumnsError",
    "batch_of",
    "check_parquet",
    "columns_of",
    "is_parquet",
    "write_parquet",
]

FORMAT_KEY: Final = b"kindinbeeld.format"
FORMAT: Final = b"1"
_PARQUET: Final = b"PAR1"

_INSTANT: Final = pa.timestamp("us", tz="UTC")
_TEXT: Final = pa.string()
_LIST: Final = pa.list_(pa.string())

SCHEMA: Final = pa.schema(
    [
        pa.field("position", pa.int64(), nullable=False),  # the ledger's sequence, or the line's number in a file
        pa.field("source", _TEXT, nullable=False),
        pa.field("id", _TEXT, nullable=False),
        pa.field("kind", _TEXT, nullable=False),  # the last part of `type`: contact-lost
        pa.field("recorded_at", _INSTANT, nullable=False),  # when the ledger took it in
        pa.field("occurred_at", _INSTANT, nullable=False),  # when it happened
        pa.field("pupil", _TEXT),
        pa.field("school", _TEXT),
        pa.field("sector", _TEXT),
        pa.field("municipality", _TEXT),  # of residence; of a school-registered: where the school stands
        pa.field("household", _TEXT),
        pa.field("reason", _TEXT),  # of a loss or of a retraction
        pa.field("via", _TEXT),
        pa.field("device", _TEXT),
        pa.field("outcome", _TEXT),
        pa.field("visitor", _TEXT),
        pa.field("week", _TEXT),  # 2020-W14
        pa.field("unreached", pa.int32()),  # the claim of a week-reported
        pa.field("closure", _TEXT),  # the name of a closure
        pa.field("sectors", _LIST),  # of a closure
        pa.field("municipalities", _LIST),  # of a closure; null: the whole country
        pa.field("from_date", pa.date32()),  # inclusive
        pa.field("until_date", pa.date32()),  # inclusive; null: not known
        pa.field("regime", _TEXT),
        pa.field("pupils", pa.int32()),  # of a registered school
        pa.field("name", _TEXT),  # of a registered school
        pa.field("retracts_source", _TEXT),
        pa.field("retracts_id", _TEXT),
        pa.field("event", _TEXT),  # the JSON text as it lies in the ledger; null where it was not kept
    ],
    metadata={FORMAT_KEY: FORMAT},
)
"""The columns; times in UTC, dates those of Europe/Amsterdam."""

_MEMBERS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    kind: tuple((column, member or column) for column, _, member in (part.partition("=") for part in members.split()))
    for kind, members in {
        "contact-lost": "pupil school sector municipality household reason",
        "contact-restored": "pupil via",
        "device-lent": "pupil sector device",
        "door-visit": "pupil sector outcome visitor",
        "residence-established": "pupil municipality",
        "report-retracted": "retracts_source=retracts.source retracts_id=retracts.id reason",
        "week-reported": "school sector week unreached",
        "reminder-sent": "school sector week",
        "school-registered": "school sector municipality from_date=starts until_date=until name pupils",
        "closure-announced": "closure sectors municipalities from_date=starts until_date=until regime",
    }.items()
}
"""Of each kind: its own columns, and where in `data` they stand."""

_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    kind: ("position", "recorded_at", "event", "source", "id", "occurred_at", *(column for column, _ in members))
    for kind, members in _MEMBERS.items()
}
_VALUES: Final = {
    kind: attrgetter("source", "id", "data.occurred_at", *(f"data.{member}" for _, member in members))
    for kind, members in _MEMBERS.items()
}

BATCH: Final = 8192
"""Events that become columns together."""
_ROW_GROUP: Final = 122_880
"""Rows written together: the size that DuckDB reads best."""
_DISTINCT: Final = {"position", "id", "event", "recorded_at", "occurred_at"}
"""Columns in which hardly a value comes twice: a dictionary of them costs time and saves nothing."""


class ColumnsError(ValueError):
    """A Parquet file that does not hold events as columns, or in a format that this release does not know."""


def _batch(values: dict[str, Any], number: int) -> pa.RecordBatch:
    columns = [pa.array(values[of.name], of.type) if of.name in values else pa.nulls(number, of.type) for of in SCHEMA]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def batch_of(found: Checked, numbers: Sequence[int], raws: Sequence[bytes]) -> pa.RecordBatch:
    """Give events that were checked together, each with a recorded time of its own.

    `numbers` are the positions and `raws` the JSON texts of all that were checked.
    """
    number = len(found.at)
    values: dict[str, Any] = {
        **found.values,
        "position": [numbers[at] for at in found.at],
        "kind": pa.repeat(found.kind, number),
        "recorded_at": found.recorded.cast(_INSTANT),
        "occurred_at": found.occurred.cast(_INSTANT),
        "event": pa.array([raws[at] for at in found.at], pa.binary()).cast(_TEXT),
    }
    return _batch(values, number)


class ColumnsBuilder:
    """Takes in events one by one, keeping of each only its values, and gives them as columns."""

    def __init__(self) -> None:
        self._rows: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)

    def add(self, position: int, event: Event, recorded: int | None = None, raw: bytes | None = None) -> None:
        """Take in an event; without `recorded` (micros) its own recordedtime holds, and must be there.

        `raw` is the JSON text to keep in the column `event`; that of all events of a batch, or of none.
        """
        kind = event.kind
        recorded_at = event.recordedtime if recorded is None else recorded
        self._rows[kind].append((position, recorded_at, raw, *_VALUES[kind](event)))

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give what was taken in since the last batch: a batch for each kind."""
        for kind, rows in self._rows.items():
            values: dict[str, Any] = dict(zip(_COLUMNS[kind], zip(*rows, strict=True), strict=True))
            if isinstance(rows[0][1], int):
                values["recorded_at"] = pa.array(values["recorded_at"], pa.int64()).cast(_INSTANT)
            values["event"] = pa.array(values["event"], pa.binary()).cast(_TEXT)
            values["kind"] = pa.repeat(kind, len(rows))
            yield _batch(values, len(rows))
        self._rows.clear()

    def ordered_batch(self) -> pa.RecordBatch:
        """Give the same as one batch in the order of the positions."""
        table = pa.Table.from_batches(self.batches(), SCHEMA).sort_by("position").combine_chunks()
        return next(iter(table.to_batches()), pa.RecordBatch.from_pylist([], SCHEMA))


def columns_of(messages: Iterable[tuple[int, int, bytes]], keep_event: bool) -> Iterator[pa.RecordBatch]:
    """Turn messages of the ledger (sequence, recorded instant in micros, JSON text) into columns, batch by batch.

    Raises `Rejected` for a message that is not a valid event: what lies in the ledger is.
    """
    builder = ColumnsBuilder()
    remaining = iter(messages)
    while taken := list(islice(remaining, BATCH)):
        for sequence, recorded, raw in taken:
            builder.add(sequence, parse_event(raw), recorded, raw if keep_event else None)
        yield builder.ordered_batch()


def write_parquet(batches: Iterable[pa.RecordBatch], path: str | Path, *, passing: bool = False) -> int:
    """Write columns to a Parquet file marked `kindinbeeld.format = "1"`; gives the number of rows written.

    `passing`: it is read once and soon, so that writing it quickly counts for more than its size.
    """
    rows = 0
    dictionaries = [name for name in SCHEMA.names if name not in _DISTINCT]
    compression = {name: "none" if name == "event" else "lz4" for name in SCHEMA.names} if passing else "zstd"
    with pq.ParquetWriter(
        path, SCHEMA, compression=compression, use_dictionary=dictionaries, write_statistics=not passing
    ) as writer:
        group: list[pa.RecordBatch] = []
        for batch in batches:
            group.append(batch)
            rows += batch.num_rows
            if sum(part.num_rows for part in group) >= _ROW_GROUP:
                writer.write_table(pa.Table.from_batches(group, SCHEMA))
                group.clear()
        if group:
            writer.write_table(pa.Table.from_batches(group, SCHEMA))
    return rows


def is_parquet(path: str | Path) -> bool:
    """Say whether the file calls itself Parquet; False for standard input (`-`) and all else that is no file."""
    if str(path) == "-" or not Path(path).is_file():  # what a pipe has given it does not give again
        return False
    try:
        with Path(path).open("rb") as file:
            return file.read(len(_PARQUET)) == _PARQUET
    except OSError:
        return False


def check_parquet(path: str | Path) -> None:
    """Raise `ColumnsError` unless the Parquet file holds events as columns in the format of this release."""
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise ColumnsError("not a Parquet file that can be read") from error
    found = (schema.metadata or {}).get(FORMAT_KEY)
    if found is None:
        raise ColumnsError('a Parquet file without the mark kindinbeeld.format = "1" holds no events')
    if found != FORMAT or not set(SCHEMA.names) <= set(schema.names):
        raise ColumnsError("events in a format that this release does not know")
