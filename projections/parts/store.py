"""The database of one part: that of a live view, and a list of what another part may know something of too."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from eventsourcing.sqlite import SQLiteCursor

from projections.live.store import LiveStore, open_store
from projections.live.storing import Commit

__all__ = ["HEAD", "SCHEMA", "PartStore", "open_part"]

HEAD: Final = 8
"""Bytes of a key that are listed: two keys that begin alike are looked up whole."""

SCHEMA: Final = (
    # In one row what a commit touched: the beginnings of keys, the position of what stands under each (eight bytes,
    # little-endian), and the names of households (MessagePack). One may be named more than once.
    "CREATE TABLE IF NOT EXISTS touched (number INTEGER PRIMARY KEY, keys BLOB NOT NULL, positions BLOB NOT NULL,"
    " households BLOB NOT NULL)",
)
_encode: Final = msgspec.msgpack.Encoder().encode


class PartStore(LiveStore):
    """Writes with each batch what it touched."""

    def construct_create_table_statements(self) -> list[str]:
        """Add the list to the view's tables."""
        return [*super().construct_create_table_statements(), *SCHEMA]

    def _write_more(self, c: SQLiteCursor, commit: Commit) -> None:
        households = list(commit.states["household"])
        if commit.seen or households:
            keys = b"".join(key[:HEAD] for key in commit.seen)
            positions = b"".join(seen.position.to_bytes(8, "little") for seen in commit.seen.values())
            c.execute(
                "INSERT INTO touched (keys, positions, households) VALUES (?, ?, ?)",
                (keys, positions, _encode(households)),
            )


def open_part(path: Path) -> PartStore:
    """Open, or make, the database of a part for writing."""
    store = open_store(path, PartStore, cache_kib=16_384)
    assert isinstance(store, PartStore)  # noqa: S101 - it was asked for
    return store
