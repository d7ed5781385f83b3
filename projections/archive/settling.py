"""What stands of an archive's segments, settled once, when it is written: copies, retractions, order, small numbers."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from projections.archive.log import CHUNK, write_log
from projections.archive.manifest import ArchiveError, File, Manifest, Settled
from projections.archive.writing import finish
from projections.evaluation.settle import other_contents

__all__ = ["MEMORY", "PART", "connected", "settle"]

MEMORY: Final = "1500MB"
"""What settling may hold in memory; the rest goes to the archive's directory."""
PART: Final = 1_000_000
"""Reports of one file, about: a pupil is never in two."""
_ROWS: Final = 122_880
_REPORTS: Final = "from report order by pupil, occurred, kind, rank"
_SCHOOLS: Final = """
select * exclude (until_known, event), until_known, null::varchar as event from standing
where kind in ('school-registered', 'week-reported', 'closure-announced')
order by position
"""
_TABLES: Final = {
    "pupils": "from pupil order by number",
    "households": "from household order by number",
    "sources": "from source order by number",
    "schools": _SCHOOLS,
}


def connected(paths: Iterable[Path], temporary: Path, memory: str, upto: int) -> duckdb.DuckDBPyConnection:
    """Open segments up to a position for a query, with their copies found: view `events`, table `copy`."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "temp_directory": str(temporary),
        "preserve_insertion_order": False,
        "autoinstall_known_extensions": False,
        "TimeZone": "UTC",
    }
    connection = duckdb.connect(config=config)
    connection.execute("set enable_progress_bar = false")
    held = connection.read_parquet([str(path) for path in paths])
    held.filter(f"position <= {upto}").create_view("events")
    connection.execute((files("projections.evaluation") / "sql" / "settle.sql").read_text())
    return connection


def settle(directory: Path, manifest: Manifest, memory: str = MEMORY, part: int = PART, chunk: int = CHUNK) -> Manifest:
    """Write what stands of all segments, with about ``part`` reports in a file; give the new manifest, written too.

    ``chunk`` is that of the log of cell changes (``projections.archive.log``).
    Raises ArchiveError when memory or disk do not suffice, or the archive holds nothing.
    """
    if not manifest.segments:
        raise ArchiveError("holds nothing")
    generation = directory / "settled" / f"{manifest.position:012}-{secrets.token_hex(3)}"
    generation.mkdir(parents=True, mode=0o700)
    try:
        with TemporaryDirectory(dir=directory, prefix="work-") as temporary:
            paths = [directory / segment.file.path for segment in manifest.segments]
            with connected(paths, Path(temporary), memory, manifest.position) as connection:
                settled = _settled(connection, directory, generation, manifest.position, part)
        log = write_log(directory, generation, [directory / file.path for file in settled.files["reports"]], chunk)
        settled = replace(settled, files=settled.files | log)
        manifest = manifest.with_settled(settled)
        manifest.write(directory)
    except BaseException as error:
        shutil.rmtree(generation, ignore_errors=True)
        if isinstance(error, duckdb.Error):
            raise ArchiveError(f"cannot be settled: {type(error).__name__}") from None
        raise
    return manifest


def _settled(
    connection: duckdb.DuckDBPyConnection, directory: Path, generation: Path, position: int, part: int
) -> Settled:
    connection.execute(files(__package__).joinpath("settle.sql").read_text())
    [(events, copies, last)] = connection.execute(
        "select count(*), (select count(*) from copy), epoch_us(max(recorded_at)) from events"
    ).fetchall()
    reports = connection.sql(_REPORTS).to_arrow_reader(_ROWS)
    held = {"reports": [_written(directory, generation, f"reports-{n:03}", each) for n, each in _parts(reports, part)]}
    for name, sql in _TABLES.items():
        reader = connection.sql(sql).to_arrow_reader(_ROWS)
        held[name] = [_written(directory, generation, name, (reader.schema, reader))]
    return Settled(position, held, events, copies, last, len(other_contents(connection)))


Batches = tuple[pa.Schema, Iterable[pa.RecordBatch]]


def _parts(reader: pa.RecordBatchReader, size: int) -> Iterator[tuple[int, Batches]]:
    """Cut the reports into parts that hold each pupil whole; there is always one."""
    part: list[pa.RecordBatch] = []
    number = 0
    for batch in (each.slice(at, size) for each in reader for at in range(0, len(each), size)):
        if sum(map(len, part)) >= size:
            # A batch that one pupil fills goes to the part of the one before.
            pupils = batch.column("pupil").to_numpy()
            cut = int(np.searchsorted(pupils, part[-1].column("pupil")[-1].as_py(), side="right"))
            if cut < len(batch):
                yield number, (reader.schema, [*part, batch.slice(0, cut)])
                part, number = [batch.slice(cut)], number + 1
                continue
        part.append(batch)
    yield number, (reader.schema, part)


def _written(directory: Path, generation: Path, name: str, batches: Batches) -> File:
    schema, rows = batches
    partial = generation / f"{name}.part"
    repeated = [field.name for field in schema if field.name in ("kind", "sector", "place", "detail", "source", "week")]
    count = 0
    with pq.ParquetWriter(partial, schema, compression="lz4", use_dictionary=repeated) as writer:
        for batch in rows:
            writer.write_batch(batch)
            count += len(batch)
    return finish(partial, generation / f"{name}.parquet", count, directory)
