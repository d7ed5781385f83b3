"""Taking the events that stand out of the ledger, in the order recorded, in bounded memory.

The ledger is read once. Each event's line goes to an unnamed file on disk, and a narrow row about it to DuckDB, which
finds the copies and the order (on disk too when they are many). Where the ledger was in order and without copies, that
file is the export; otherwise its lines are taken from it in the right order.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

import duckdb
import pyarrow as pa

from events import IMPORT_DESK, Rejected, event_key
from services.ledger.message import judge
from services.ledger.reading import read_ledger
from services.ledger.splicing import exported

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["Export", "Standing", "Taking"]

_ROWS: Final = 65_536
_MEMORY: Final = "512MB"
_PIECE: Final = 1 << 20
_IMPORTED: Final = f"kib.events.{IMPORT_DESK}."
_SCHEMA: Final = pa.schema(
    [
        ("sequence", pa.int64()),
        ("recorded", pa.int64()),
        ("high", pa.uint64()),
        ("low", pa.uint64()),
        ("start", pa.int64()),
        ("length", pa.int64()),
    ]
)
_COPIES: Final = """
CREATE TABLE copies AS
WITH twice AS (SELECT high, low FROM messages GROUP BY high, low HAVING count(*) > 1)
SELECT sequence FROM messages SEMI JOIN twice USING (high, low)
QUALIFY row_number() OVER (PARTITION BY high, low ORDER BY recorded, sequence) > 1"""
_STANDING: Final = """
SELECT sequence, recorded, start, length FROM messages ANTI JOIN copies USING (sequence) ORDER BY recorded, sequence"""


class Taking(Protocol):
    """What an export is written to: a file, or whatever takes bytes as one does."""

    def write(self, piece: bytes | memoryview, /) -> int:
        """Take a piece, and give how many of its bytes were taken."""


Standing = tuple[int, int, bytes]
"""An event that stands: its sequence, its recorded time in microseconds, its line without the end of line."""


@dataclass
class _Rows:
    sequences: list[int]
    recorded: list[int]
    keys: list[bytes]
    lengths: list[int]


class Export:
    """What stands in a ledger as of one moment. Use it as a context manager: leaving it removes what lies on disk."""

    def __init__(self, temporary: Path) -> None:
        """`temporary`: a directory for what does not fit in memory; made when absent."""
        temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._directory = tempfile.TemporaryDirectory(dir=temporary, prefix="export-")
        # Without a name: also when this process is killed, nothing of it stays behind.
        self._lines: BinaryIO = tempfile.TemporaryFile(dir=temporary)  # noqa: SIM115 - closed in __exit__
        self._db = duckdb.connect(
            config={"memory_limit": _MEMORY, "threads": 2, "temp_directory": self._directory.name}
        )
        self._db.execute(
            "CREATE TABLE messages(sequence BIGINT, recorded BIGINT, high UBIGINT, low UBIGINT, start BIGINT, "
            "length BIGINT)"
        )
        self._rows = _Rows([], [], [], [])
        self._start = 0
        self._newest = 0
        self._in_order = True
        self.left_out = 0
        """Messages that are not valid events."""
        self.copies = 0
        """Copies of events: of each, the first recorded is not among them."""
        self.events = 0
        """Events that stand."""

    def __enter__(self) -> Export:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._lines.close()
        self._directory.cleanup()

    async def read(self, nc: Client, as_of: int | None = None) -> None:
        """Read the whole ledger; only events recorded up to `as_of` (microseconds) exist. Raises as `read_ledger`."""
        async for batch in read_ledger(nc):
            for sequence, stamped, subject, raw in batch:
                try:
                    event, recorded = judge(subject, stamped, raw)
                except Rejected:
                    self.left_out += 1
                    continue
                if as_of is not None and recorded > as_of:
                    continue
                line = exported(event, recorded, raw, imported=subject.startswith(_IMPORTED))
                self.add(sequence, recorded, event_key(event.source, event.id), line)
        self.settle()

    def add(self, sequence: int, recorded: int, key: bytes, line: bytes) -> None:
        """Add an event: its sequence, recorded time, key of 16 bytes, and line without its end."""
        self._in_order = self._in_order and recorded >= self._newest
        self._newest = recorded
        self._lines.write(line)
        self._lines.write(b"\n")
        rows = self._rows
        rows.sequences.append(sequence)
        rows.recorded.append(recorded)
        rows.keys.append(key)
        rows.lengths.append(len(line))
        if len(rows.sequences) >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        import numpy as np

        rows, self._rows = self._rows, _Rows([], [], [], [])
        keys = np.frombuffer(b"".join(rows.keys), dtype=np.uint64).reshape(-1, 2)
        lengths = np.array(rows.lengths, dtype=np.int64)
        starts = self._start + np.cumsum(lengths + 1) - (lengths + 1)
        self._start += int(lengths.sum()) + len(lengths)
        columns = [rows.sequences, rows.recorded, keys[:, 0].copy(), keys[:, 1].copy(), starts, lengths]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
        self._db.register("arrived", pa.Table.from_arrays(arrays, schema=_SCHEMA))
        self._db.execute("INSERT INTO messages SELECT * FROM arrived")
        self._db.unregister("arrived")

    def settle(self) -> None:
        """Find the copies, when everything was added."""
        self._flush()
        self._lines.flush()
        self._db.execute(_COPIES)
        [(messages, self.copies)] = self._db.execute(
            "SELECT (SELECT count(*) FROM messages), (SELECT count(*) FROM copies)"
        ).fetchall()
        self.events = messages - self.copies

    def write(self, out: Taking) -> None:
        """Write the lines, each with its end, in the order recorded."""
        if self._in_order and not self.copies:
            self._copy(out, 0, self._start)
            return
        begin = end = 0
        for _, _, starts, lengths in self._pieces():
            for start, length in zip(starts, lengths, strict=True):
                if start != end:
                    self._copy(out, begin, end)
                    begin = start
                end = start + length + 1
        self._copy(out, begin, end)

    def _copy(self, out: Taking, begin: int, end: int) -> None:
        while begin < end:
            piece = memoryview(os.pread(self._lines.fileno(), min(_PIECE, end - begin), begin))
            begin += len(piece)
            while piece:
                # Standard output without a buffer (PYTHONUNBUFFERED) may take a part only, and says so.
                piece = piece[out.write(piece) :]

    def standing(self) -> Iterator[Standing]:
        """Give the events that stand, in the order recorded."""
        for sequences, recorded, starts, lengths in self._pieces():
            for sequence, at, start, length in zip(sequences, recorded, starts, lengths, strict=True):
                yield sequence, at, os.pread(self._lines.fileno(), length, start)

    def _pieces(self) -> Iterator[tuple[list[int], list[int], list[int], list[int]]]:
        result = self._db.execute(_STANDING)
        while rows := result.fetchmany(_ROWS):
            sequences, recorded, starts, lengths = (list(column) for column in zip(*rows, strict=True))
            yield sequences, recorded, starts, lengths
