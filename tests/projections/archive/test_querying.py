"""Questions in SQL: of the archive and the tables, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from projections import replay
from projections.archive import Archive
from projections.archive.dictionary import MEANINGS
from projections.archive.querying import TABLES, QueryError, query
from projections.tables import MEASURES
from tests.projections.archive.making import csv_of, lines_of, write
from tests.projections.evaluation.histories import COUNTED, COVERED, random_history
from tests.projections.evaluation.oracle import Oracle

HISTORY = random_history(140, [*COUNTED, *COVERED], ties=False)
LAST = max(event.recorded for event in HISTORY)


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    with TemporaryDirectory() as temporary:
        directory = Path(temporary) / "it's here"
        write(directory, lines_of(HISTORY))
        yield Archive(directory)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_can_be_asked_and_every_column_has_a_meaning(archive: Archive, table: str) -> None:
    found = query(archive, f"select * from {table}", LAST + 1)
    assert len(found)
    assert set(found.column_names) <= set(MEANINGS)


def test_counts_are_those_as_of_the_instant(archive: Archive) -> None:
    k = sorted(event.recorded for event in HISTORY)[len(HISTORY) // 2]
    found = query(archive, "from Counts order by municipality, sector, week", k)
    assert csv_of("counts", found) == Oracle(HISTORY, k).counts()


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('/etc/passwd')",
        "from '/etc/passwd'",
        "select * from glob('/*')",
        "copy (select 1) to '/tmp/kindinbeeld-never'",
        "copy events to '{file}'",
        "attach '/tmp/kindinbeeld-never.db'",
        "create table mine as select 1",
        "drop view events",
        "set enable_external_access = true",
        "reset lock_configuration",
        "install httpfs",
        "load httpfs",
        "select 1; drop view events",
        "select * from read_csv('https://localhost/none.csv')",
        "from archive",
        "",
        "select",
    ],
)
def test_nothing_else_can_be_reached_or_changed(archive: Archive, sql: str) -> None:
    [segment] = archive.manifest.segments
    path = archive.directory / segment.file.path
    before = path.read_bytes()
    with pytest.raises(QueryError):
        query(archive, sql.replace("{file}", str(path).replace("'", "''")), LAST)
    assert path.read_bytes() == before


def test_an_error_tells_nothing_of_an_event(archive: Archive) -> None:
    with pytest.raises(QueryError, match=r"^ended with ConversionException$"):
        query(archive, "select pupil::integer from pupils", LAST)


@pytest.mark.parametrize("table", MEASURES)
def test_the_call_gives_the_same_of_an_archive_and_of_a_file(archive: Archive, tmp_path: Path, table: str) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join(lines_of(HISTORY)))
    at = datetime.fromtimestamp(LAST // 1_000_000, UTC)
    assert replay(archive.directory, table=table).to_pylist() == replay(file, table=table).to_pylist() != []
    assert replay(archive.directory, at, table).to_pylist() == replay(file, at.isoformat(), table).to_pylist()
    with pytest.raises(ValueError, match="table must be"):
        replay(file, at, "other")
