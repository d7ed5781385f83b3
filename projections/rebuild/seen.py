"""Which event stands under each key: the largest table of the live view, written in the order of the keys."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from projections.rebuild.columns import joined
from projections.rebuild.parts import writing
from projections.rebuild.settling import settled

_ROWS: Final = 65_536
_SLICES: Final = 4
"""Keys are evenly spread: so many slices of them, one after the other, are sorted in memory."""
_STANDING: Final = """
select key1, key2, kind, owner, recorded, position, content1, content2
from event where key1 >= $since and key1 <= $until and position not in (from copy)
order by key1, key2
"""


def write_seen(directory: Path, database: Path) -> int:
    """Write what stands into the database itself; give the number of events."""
    count = 0
    width = (1 << 64) // _SLICES
    with settled(directory) as connection, writing(database) as to:
        for since in range(0, 1 << 64, width):
            of = {"since": since, "until": since + width - 1}
            for batch in connection.sql(_STANDING, params=of).to_arrow_reader(_ROWS):
                keys, contents = (joined(batch.column(at).to_numpy(), batch.column(at + 1).to_numpy()) for at in (0, 6))
                between = (batch.column(at).to_pylist() for at in range(2, 6))
                rows = zip(keys, *between, contents, strict=True)
                to.executemany("INSERT INTO seen VALUES (?, ?, ?, ?, ?, ?)", rows)
                count += batch.num_rows
    return count
