"""Databases that the live view's is put together from: each with the same tables, each written by one process alone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa

from projections.fold.cells import Deltas
from projections.live.schema import SCHEMA

CELLS: Final = ("flow", "during", "schools")
PRAGMAS: Final = ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", "cache_size = -65536")
"""How a database is written that nobody else has, and that is of no use before it is complete."""
_MEMBER: Final = "CREATE TABLE IF NOT EXISTS member (household TEXT, pupil TEXT, spans BLOB)"


@contextmanager
def writing(path: Path, read: Sequence[Path] = ()) -> Iterator[sqlite3.Connection]:
    """Open a database for writing at speed, in one transaction: whoever dies on the way leaves nothing of use.

    Others may be ``read`` meanwhile, by the names part0, part1 and so on; at most ten.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        for number, other in enumerate(read):
            connection.execute(f"ATTACH ? AS part{number}", (str(other),))
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.close()


@contextmanager
def part(path: Path, read: Sequence[Path] = ()) -> Iterator[sqlite3.Connection]:
    """Make a part."""
    with writing(path, read) as connection:
        for statement in (*SCHEMA, _MEMBER):
            connection.execute(statement)
        yield connection


def take_over(to: sqlite3.Connection, number: int, *tables: str) -> None:
    """Copy tables of one that is read."""
    for table in tables:
        to.execute(f"INSERT INTO main.{table} SELECT * FROM part{number}.{table}")


def ingest(database: Path, table: str, rows: pa.RecordBatchReader) -> int:
    """Write columns into a table of a database that nobody else has open; give the number of rows.

    From columns to rows without an object of Python for each value: a third of the time.
    """
    import adbc_driver_sqlite.dbapi as adbc  # reads pandas where there is one, unless the process does without

    with adbc.connect(str(database), autocommit=True) as connection, connection.cursor() as to:
        for pragma in PRAGMAS:
            to.execute(f"PRAGMA {pragma}")
            to.fetchall()
        return to.adbc_ingest(table, rows, mode="append")


def index(database: Path, directory: Path, *statements: str) -> None:
    """Make an index of a table that is complete, so that it lies together in the file, by spilling to a directory.

    ``statements``: what makes it, among what prepares that and clears away.
    """
    os.environ["SQLITE_TMPDIR"] = str(directory)
    with writing(database) as connection:
        for statement in statements:
            connection.execute(statement)


def add_cells(to: sqlite3.Connection, parts: int) -> None:
    """Add the sums over all that are read to what is there."""
    for table in (*CELLS, "over_4_weeks"):
        keys = "at, area" if table == "over_4_weeks" else "key"
        every = " UNION ALL ".join(f"SELECT * FROM part{number}.{table}" for number in range(parts))
        to.execute(
            f"INSERT INTO main.{table} SELECT {keys}, sum(n) FROM ({every}) GROUP BY {keys} ORDER BY {keys}"
            f" ON CONFLICT ({keys}) DO UPDATE SET n = n + excluded.n"
        )
        to.execute(f"DELETE FROM main.{table} WHERE n = 0")


def write_cells(connection: sqlite3.Connection, deltas: Deltas) -> None:
    """Write what was summed up, into tables that hold nothing yet."""
    for table, sums in zip(CELLS, (deltas.flow, deltas.during, deltas.coverage), strict=True):
        rows = sorted(pair for pair in sums.items() if pair[1])
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)
    over = sorted((at, area, n) for (at, area), n in deltas.over_4_weeks.items() if n)
    connection.executemany("INSERT INTO over_4_weeks VALUES (?, ?, ?)", over)
