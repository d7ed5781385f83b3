"""Checked ledger messages as columns: what the live view keeps of each, in files that DuckDB reads.

A key or a digest of 16 bytes is two unsigned numbers of eight, the higher one first: they are compared, sorted and
joined as numbers, and in the same order as the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from projections.live.message import PUPIL, Malformed, Message, Sources, Taken
from projections.live.quick import QuickReader, Reports

_HALVES: Final = [(f"{name}{half}", pa.uint64()) for name in ("key", "content") for half in (1, 2)]
EVENTS: Final = pa.schema(
    [
        *_HALVES,
        ("position", pa.int64()),
        ("recorded", pa.int64()),
        ("kind", pa.int8()),
        ("owner", pa.string()),
        # Of a pupil's report (projections.fold.reports): its parts.
        ("occurred", pa.int64()),
        ("order", pa.int8()),
        ("source", pa.string()),
        ("id", pa.string()),
        ("sector", pa.int8()),
        ("place", pa.int16()),
        ("household", pa.string()),
        ("detail", pa.int8()),
        # Of a school's statement or a closure's announcement: the whole of it, packed.
        ("entry", pa.binary()),
    ]
)
"""One row for each valid message, copies too; instants in microseconds, `position` the ledger's sequence."""

MALFORMED: Final = pa.schema(
    [("position", pa.int64()), ("recorded", pa.int64()), ("field", pa.string()), ("rule", pa.string())]
)
"""One row for each message that breaks a rule."""

_ROW_GROUP: Final = 122_880
"""Rows written together: the size that DuckDB reads best."""

_encode: Final = msgspec.msgpack.Encoder().encode
_NO_REPORT: Final = (None,) * 8


def _row(message: Taken) -> tuple[Any, ...]:
    position, recorded, kind, owner, _, _, report, statement, announcement = message
    if report is not None:
        return position, recorded, kind, owner, *report[:8], None
    entry = statement or announcement
    return position, recorded, kind, owner, *_NO_REPORT, None if entry is None else _encode(entry)


def _halves(values: Iterable[bytes]) -> tuple[pa.Array, pa.Array]:
    pairs = np.frombuffer(b"".join(values), dtype=">u8").astype(np.uint64).reshape(-1, 2)
    return pa.array(pairs[:, 0]), pa.array(pairs[:, 1])


def _batch(reports: Reports) -> pa.RecordBatch:
    number = len(reports.at)
    columns: list[Any] = [*_halves(reports.key), *_halves(reports.content), reports.position, reports.recorded]
    columns += [pa.repeat(pa.scalar(PUPIL, pa.int8()), number), reports.pupil, reports.occurred]
    columns += [pa.repeat(pa.scalar(reports.order, pa.int8()), number), reports.source, reports.id]
    columns += [reports.sector, reports.place, reports.household, reports.detail, pa.nulls(number, pa.binary())]
    return pa.RecordBatch.from_arrays(
        [
            column if isinstance(column, pa.Array) else pa.array(column, of.type)
            for column, of in zip(columns, EVENTS, strict=True)
        ],
        schema=EVENTS,
    )


def whole(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> bytes:
    """Give the 16 bytes that each pair of halves stands for, one after the other."""
    return np.stack([first, second], axis=1).astype(">u8").tobytes()


def joined(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> list[bytes]:
    """Give the 16 bytes that each pair of halves stands for."""
    together = whole(first, second)
    return [together[at : at + 16] for at in range(0, len(together), 16)]


def writer(path: Path) -> pq.ParquetWriter:
    """Begin a file of events."""
    return pq.ParquetWriter(
        path,
        EVENTS,
        compression="lz4",
        use_dictionary=["source", "household", "kind", "sector", "place", "order", "detail"],
        write_statistics=False,
    )


class Columns:
    """Takes messages in, and writes them to two files beside each other."""

    def __init__(self, path: Path, reader: QuickReader | None = None) -> None:
        """Begin `path`.events.parquet and `path`.malformed.parquet; a `reader` knows what it met before."""
        self._reader = reader or QuickReader()
        self._events = writer(path.with_suffix(".events.parquet"))
        self._path = path
        self._group: list[pa.RecordBatch] = []
        self._rows = 0
        self._malformed: list[Malformed] = []

    def read(self, sources: Sources) -> None:
        """Check some thousands of messages and take them in."""
        reports, others = self._reader.take_columns(sources)
        for columns in reports:
            self._keep(_batch(columns))
        self.add([message for _, message in others])

    def add(self, messages: Iterable[Message]) -> None:
        """Take in messages that were checked."""
        taken = [message for message in messages if type(message) is Taken]
        self._malformed += [message for message in messages if type(message) is Malformed]
        if not taken:
            return
        columns = [*_halves(event.key for event in taken), *_halves(event.content for event in taken)]
        rows = zip(*map(_row, taken), strict=True)
        columns += [pa.array(values, of.type) for values, of in zip(rows, list(EVENTS)[len(_HALVES) :], strict=True)]
        self._keep(pa.RecordBatch.from_arrays(columns, schema=EVENTS))

    def _keep(self, batch: pa.RecordBatch) -> None:
        self._group.append(batch)
        self._rows += batch.num_rows
        if self._rows >= _ROW_GROUP:
            self._write()

    def _write(self) -> None:
        self._events.write_table(pa.Table.from_batches(self._group, EVENTS))
        self._group.clear()
        self._rows = 0

    def close(self) -> None:
        """Make both files complete."""
        if self._group:
            self._write()
        self._events.close()
        rows = [message._asdict() for message in self._malformed]
        pq.write_table(pa.Table.from_pylist(rows, MALFORMED), self._path.with_suffix(".malformed.parquet"))
