"""Which event stands under each key: the largest table of the live view, written in the order of the keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from projections.live.schema import SEEN_KEY
from projections.rebuild.columns import whole
from projections.rebuild.parts import index, ingest
from projections.rebuild.settling import settled

_ROWS: Final = 65_536
_SLICES: Final = 4
"""Keys are evenly spread: so many slices of them, one after the other, are sorted in memory."""
_STANDING: Final = """
select key1, key2, kind, owner, recorded, position, content1, content2
from event where key1 >= $since and key1 <= $until and position not in (from copy)
order by key1, key2
"""
# An index of what is complete has no room on its pages, and in each of them the first key that comes then would have it
# divided among its neighbours: three pages to read and to write instead of one. So, as the indexes of PostgreSQL are
# made, a tenth is left free: by long keys among the others, which are taken away again.
_FILL: Final = """
INSERT INTO seen SELECT CAST(key || zeroblob(84) AS BLOB), 0, '', 0, 0, x'' FROM seen WHERE rowid % 40 = 0
"""
_CLEAR: Final = "DELETE FROM seen WHERE rowid > {count}"
_SCHEMA: Final = pa.schema(
    [
        ("key", pa.binary()),
        ("kind", pa.int8()),
        ("owner", pa.string()),
        ("recorded", pa.int64()),
        ("position", pa.int64()),
        ("content", pa.binary()),
    ]
)


def write_seen(directory: Path, database: Path) -> int:
    """Write what stands into the database itself; give the number of events."""
    count = ingest(database, "seen", pa.RecordBatchReader.from_batches(_SCHEMA, _standing(directory)))
    index(database, directory, _FILL, SEEN_KEY, _CLEAR.format(count=count))
    return count


def _standing(directory: Path) -> Iterator[pa.RecordBatch]:
    width = (1 << 64) // _SLICES
    with settled(directory) as connection:
        for since in range(0, 1 << 64, width):
            of = {"since": since, "until": since + width - 1}
            for batch in connection.sql(_STANDING, params=of).to_arrow_reader(_ROWS):
                key1, key2, kind, owner, recorded, position, content1, content2 = batch.columns
                columns = [_binary(key1, key2), kind, owner, recorded, position, _binary(content1, content2)]
                yield pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)


def _binary(first: pa.UInt64Array, second: pa.UInt64Array) -> pa.Array:
    """Give the 16 bytes that each pair of halves stands for."""
    ends = np.arange(0, 16 * (len(first) + 1), 16, dtype=np.int32)
    joined = whole(first.to_numpy(), second.to_numpy())
    return pa.Array.from_buffers(pa.binary(), len(first), [None, pa.py_buffer(ends), pa.py_buffer(joined)])
