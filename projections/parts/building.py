"""All parts built anew from columns: each as the one view is, of the messages that are its own, several at once."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, as_completed
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from events import PARTS, part_of
from projections.durable import fsync_and_let_go
from projections.live.message import NOTHING, PUPIL, RETRACTION, SCHOOL
from projections.live.storing import LEDGER
from projections.parts.dividing import ALL, REST, part_names
from projections.parts.store import HEAD, SCHEMA
from projections.rebuild import Told, build
from projections.rebuild.columns import writer

__all__ = ["InTurn", "build_parts"]

_EVENTS: Final = ".events.parquet"
_MALFORMED: Final = ".malformed.parquet"
_EVERY: Final = -1
"""The part of what is for all."""
_TOGETHER: Final = 50_000
"""What is listed in one row of what was touched."""
_MEMORY: Final = "1200MB"


class InTurn(Executor):
    """Does what it is given at once, in this process: others build other parts meanwhile."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it, and give what came of it. Raises what it raises."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


def build_parts(directory: Path, to: Path, pool: Executor, *, told: Told) -> int:
    """Build all parts in a new directory from the columns in a working one, which are gone then; give their position.

    Each is what following the ledger would have left, and all are at one position.
    """
    to.mkdir(mode=0o700)
    for part in ALL:
        _own(directory, part).mkdir(mode=0o700)
    _each(pool, "dividing", told, [(_divide, directory, path) for path in sorted(directory.glob(f"*{_EVENTS}"))])
    for path in directory.glob(f"*{_MALFORMED}"):
        for part in ALL:
            if part != REST:
                pq.write_table(pq.read_schema(path).empty_table(), _own(directory, part) / path.name)
        path.replace(_own(directory, REST) / path.name)
    databases = part_names(to)
    found = _each(pool, "building parts", told, [(_build, directory, part, databases[part]) for part in ALL])
    position = max(found)
    for database in databases:
        _complete(database, position)
    return position


def _own(directory: Path, part: int) -> Path:
    return directory / f"part-{part}"


def _each(pool: Executor, step: str, told: Told, tasks: list[tuple[Any, ...]]) -> list[int]:
    futures: list[Future[int]] = [pool.submit(*task) for task in tasks]
    for done, _ in enumerate(as_completed(futures)):
        told(step, done, len(futures))
    return [future.result() for future in futures]


def _divide(directory: Path, path: Path) -> int:
    """Write the events of a file into one for each part, in the working directory of that."""
    table = pq.read_table(path)
    part = _parts(table)
    for number in ALL:
        own = table.filter(pa.array((part == number) | (part == _EVERY)))
        with writer(_own(directory, number) / path.name) as to:
            to.write_table(own)
    path.unlink()
    return len(table)


def _parts(table: pa.Table) -> NDArray[np.int8]:
    """Give the part of each event (`dividing.divide`)."""
    kind = table["kind"].to_numpy()
    part = np.full(len(table), REST, dtype=np.int8)
    part[kind == RETRACTION] = _EVERY
    part[kind == NOTHING] = ((table["key1"].to_numpy() >> np.uint64(56)) % PARTS).astype(np.int8)[kind == NOTHING]
    about = (kind == PUPIL) | (kind == SCHOOL)
    names = table["owner"].filter(pa.array(about)).combine_chunks().dictionary_encode()
    of = np.array([part_of(name.partition("|")[0]) for name in names.dictionary.to_pylist()], dtype=np.int8)
    part[about] = of[names.indices.to_numpy()]
    return part


def _build(directory: Path, part: int, database: Path) -> int:
    """Build one part; give its position. Runs in a process of its own."""
    own = _own(directory, part)
    position = build(own, database, InTurn(), parts=1, memory=_MEMORY, threads=1)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        for statement in SCHEMA:
            connection.execute(statement)
        connection.executemany("INSERT INTO touched (keys, positions, households) VALUES (?, ?, ?)", _touched(database))
        connection.execute("COMMIT")
    shutil.rmtree(own)  # with what was spilled there
    return position


def _touched(database: Path) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Give what another part may know something of too, as the commits of one that follows would have listed it."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as asked:
        seen = asked.execute("SELECT substr(key, 1, ?), position FROM seen", (HEAD,))
        while rows := seen.fetchmany(_TOGETHER):
            keys, positions = zip(*rows, strict=True)
            yield b"".join(keys), np.array(positions, dtype="<i8").tobytes(), msgspec.msgpack.encode([])
        named = asked.execute("SELECT name FROM household")
        while rows := named.fetchmany(_TOGETHER):
            yield b"", b"", msgspec.msgpack.encode([name for (name,) in rows])


def _complete(database: Path, position: int) -> None:
    """Say of a part that all up to a position is in it."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("DELETE FROM tracking WHERE application_name = ?", (LEDGER,))
        if position:
            connection.execute("INSERT INTO tracking VALUES (?, ?)", (LEDGER, position))
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    fsync_and_let_go(database)
