"""What stands of the messages that were read: settled once, in one columnar query, for all that is made of it."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Final

import duckdb

from projections.live.message import PUPIL, RETRACTION

_SETTLED: Final = "settled.duckdb"
MEMORY: Final = "1200MB"
"""What one query may hold in memory; the rest goes to the working directory."""


def _connect(directory: Path, memory: str, threads: int, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        directory / _SETTLED,
        read_only=read_only,
        config={
            "memory_limit": memory,
            "threads": str(threads),
            "temp_directory": str(directory / "spilled"),
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
        },
    )
    connection.execute("set enable_progress_bar = false")
    return connection


def settle(directory: Path, parts: int, memory: str, threads: int) -> list[str | None]:
    """Settle the messages in the files of a working directory (``projections.rebuild.columns``).

    Gives the names at which to cut the pupils into ``parts`` of about the same size: from each one up to the next.
    """
    with _connect(directory, memory, threads, read_only=False) as connection:
        for name in ("events", "malformed"):
            connection.read_parquet(str(directory / f"*.{name}.parquet")).create_view(name.removesuffix("s"))
        connection.execute(f"set variable retraction = {RETRACTION}")
        connection.execute(files(__package__).joinpath("settle.sql").read_text())
        cuts = connection.execute(
            "select unnest(quantile_disc(owner, ?)) from (select owner from event where kind = ? using sample 50000)",
            [[part / parts for part in range(1, parts)], PUPIL],
        ).fetchall()
        found = [None if cut is None else str(cut) for (cut,) in cuts]
        return [None, *sorted({cut for cut in found if cut is not None})]


def settled(directory: Path, memory: str = MEMORY) -> duckdb.DuckDBPyConnection:
    """Open what ``settle`` left, for reading, by one processor."""
    return _connect(directory, memory, 1, read_only=True)
