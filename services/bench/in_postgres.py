"""The live count in PostgreSQL: a materialized view over a table of the events, in a server of the benchmark's own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from deploy.postgres_server import PostgresServer, PostgresServerError
from services.bench.figures import NotMeasured

_COLUMNS: Final = {
    "position": "bigint",
    "source": "text",
    "id": "text",
    "kind": "text",
    "recorded_at": "timestamptz",
    "occurred_at": "timestamptz",
    "pupil": "text",
    "sector": "text",
    "municipality": "text",
    "retracts_source": "text",
    "retracts_id": "text",
}
_WEEKS: Final = {"municipality": "text", "sector": "text", "week": "text", "tau": "timestamptz"}
_VIEW: Final = b"""
create materialized view unreached as
with first as materialized (
    select distinct on (source, id) * from event order by source, id, recorded_at, position
), standing as materialized (
    select * from first
    where not exists (
        select from first as retraction
        where retraction.kind = 'report-retracted'
            and (retraction.retracts_source, retraction.retracts_id) = (first.source, first.id)
    )
), contact as (
    select
        pupil,
        sector,
        occurred_at,
        kind = 'contact-lost' as lost,
        lag(kind = 'contact-lost') over contact as previous,
        min(occurred_at) filter (where kind = 'contact-restored')
            over (contact rows between current row and unbounded following) as restored
    from standing
    where kind in ('contact-lost', 'contact-restored')
    window contact as (partition by pupil order by occurred_at, kind, source collate "C", id collate "C")
), stated as materialized (
    select pupil, occurred_at, source, id, municipality
    from standing
    where municipality is not null and kind in ('contact-lost', 'residence-established')
), statement as (
    (
        select distinct on (pupil) pupil, timestamptz '-infinity' as arrived, municipality
        from stated
        order by pupil, occurred_at, source collate "C", id collate "C"
    )
    union all
    (
        select distinct on (pupil, occurred_at) pupil, occurred_at, municipality
        from stated
        order by pupil, occurred_at, source collate "C" desc, id collate "C" desc
    )
), residence as (
    select
        pupil,
        municipality,
        arrived,
        lead(arrived, 1, timestamptz 'infinity') over (partition by pupil order by arrived) as departed
    from statement
), stay as (
    select
        sector,
        coalesce(municipality, 'unknown') as municipality,
        greatest(occurred_at, arrived) as since,
        least(coalesce(restored, timestamptz 'infinity'), departed) as until
    from contact left join residence using (pupil)
    where lost and previous is distinct from true and restored is distinct from occurred_at
)
select municipality, sector, week, count(*) as unreached
from stay inner join week using (municipality, sector)
where since < tau and tau <= until
group by municipality, sector, week
with no data
"""


def refreshed(directory: Path, file: Path, weeks: pa.Table) -> tuple[dict[tuple[str, str, str], int], float, float]:
    """Give what the view holds, the seconds that loading took, and those of refreshing it (the quicker of two).

    Raises NotMeasured where no PostgreSQL can be had.
    """
    server = PostgresServer(directory)
    try:
        url = server.start()
        with psycopg.connect(url, autocommit=True) as connection:
            begun = time.perf_counter()
            _load(connection, "event", _COLUMNS, _rows(file))
            _load(connection, "week", _WEEKS, zip(*(weeks.column(name).to_pylist() for name in _WEEKS), strict=True))
            loaded = time.perf_counter() - begun
            for setting in ("work_mem = '256MB'", "max_parallel_workers_per_gather = 2", "jit = off"):
                connection.execute(f"set {setting}".encode())
            connection.execute(_VIEW)
            times = []
            for _ in range(2):
                begun = time.perf_counter()
                connection.execute("refresh materialized view unreached")
                times.append(time.perf_counter() - begun)
            rows = connection.execute("select municipality, sector, week, unreached from unreached").fetchall()
    except PostgresServerError as why:
        raise NotMeasured(str(why)) from None
    finally:
        server.stop()
    return {(place, sector, week): number for place, sector, week, number in rows}, loaded, min(times)


def _load(connection: psycopg.Connection[Any], table: str, columns: dict[str, str], rows: Iterator[Any]) -> None:
    described = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(f"create unlogged table {table} ({described})".encode())
    with connection.cursor() as cursor, cursor.copy(f"copy {table} from stdin".encode()) as copy:
        for row in rows:
            copy.write_row(row)
    connection.execute(f"analyze {table}".encode())


def _rows(file: Path) -> Iterator[tuple[Any, ...]]:
    for batch in pq.ParquetFile(file).iter_batches(columns=list(_COLUMNS)):
        columns = batch.to_pydict()
        yield from zip(*(columns[name] for name in _COLUMNS), strict=True)
