"""`evaluate`, `compare` and `triangle` on an archive, as they are run: what is written, and how they end."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from events import format_instant, parse_instant
from tests.projections.archive.making import lines_of, write
from tests.projections.evaluation.histories import COUNTED, COVERED, random_history
from tests.projections.evaluation.oracle import Oracle
from tests.projections.evaluation.running import run
from tests.support.inside import run_inside

HISTORY = random_history(140, [*COUNTED, *COVERED], ties=False)
WEEK = 7 * 86_400_000_000
LAST = max(event.recorded for event in HISTORY)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A data directory with an archive, in which nothing runs."""
    with TemporaryDirectory() as temporary:
        write(Path(temporary) / "archive", lines_of(HISTORY))
        yield Path(temporary)


def test_evaluate_without_a_file_reads_the_archive(place: Path) -> None:
    ran = run_inside("evaluate", data_dir=place)
    assert (ran.returncode, ran.stdout.decode()) == (0, Oracle(HISTORY, None).counts())
    k = sorted(event.recorded for event in HISTORY)[len(HISTORY) // 2]
    options = ("--as-of", format_instant(k), "--table", "coverage", "--archive", place / "archive")
    ran = run_inside("evaluate", *options, data_dir=place / "none")
    assert (ran.returncode, ran.stdout.decode()) == (0, Oracle(HISTORY, k).coverage())


def test_rows_of_zeros_are_those_that_a_file_gives(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join(lines_of(HISTORY)))
    for options in ([], ["--as-of", format_instant(sorted(event.recorded for event in HISTORY)[len(HISTORY) // 2])]):
        expected = run(file.read_text().splitlines(), parse_instant(options[1]) if options else None, all_rows=True)
        assert run_inside("evaluate", "--all-rows", *options, data_dir=place).stdout.decode() == expected.csv


def test_evaluate_as_of_one_instant_a_week(place: Path) -> None:
    ran = run_inside("evaluate", "--weekly", "5", data_dir=place)
    header, *rows = csv.reader(io.StringIO(ran.stdout.decode()))
    assert header[:4] == ["as_of", "municipality", "sector", "week"]
    ks = [LAST + 1 - week * WEEK for week in range(4, -1, -1)]
    expected = [Oracle(HISTORY, k).counts().splitlines()[1:] for k in ks]
    assert rows == [
        [format_instant(k), *row.split(",")] for k, lines in zip(ks, expected, strict=True) for row in lines
    ]


def test_compare(place: Path) -> None:
    k = sorted(event.recorded for event in HISTORY)[len(HISTORY) // 2]
    ran = run_inside("compare", "--then", format_instant(k), "--format", "json", data_dir=place)
    rows = json.loads(ran.stdout)
    known = csv.DictReader(io.StringIO(Oracle(HISTORY, LAST + 1).counts()))
    assert sum(row["now"] for row in rows) == sum(int(row["unreached"]) for row in known) > 0
    ran = run_inside("compare", "--then", format_instant(k), "--total", "--format", "csv", data_dir=place)
    [total] = csv.DictReader(io.StringIO(ran.stdout.decode()))
    assert int(total["difference"]) == sum(row["difference"] for row in rows)
    for options in (["--area", "GM0014"], ["--area", "NL", "--week", rows[0]["week"]]):
        assert run_inside("compare", "--then", format_instant(k), *options, data_dir=place).returncode == 0


@pytest.mark.parametrize("what", ["known", "completeness", "nowcast", "validation"])
def test_triangle(place: Path, what: str) -> None:
    ran = run_inside("triangle", "--what", what, "--area", "NL", "--weeks", "2", "--format", "csv", data_dir=place)
    header, *rows = csv.reader(io.StringIO(ran.stdout.decode()))
    assert ran.returncode == 0
    if what == "known":
        assert header == ["area", "week", "after_0", "after_1", "after_2"]
        assert rows


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["evaluate", "--all-rows", "--weekly", "2"], 2),
        (["evaluate", "file", "--archive", "here"], 2),
        (["evaluate", "--archive", "/none"], 3),
        (["evaluate", "--weekly", "2", "--table", "coverage"], 2),
        (["compare", "--then", "yesterday"], 2),
        (["compare", "--then", "2050-01-01T00:00:00Z"], 2),
        (["compare", "--then", "2020-01-01T00:00:00Z", "--measure", "all"], 2),
        (["triangle", "--area", "XX"], 2),
        (["triangle", "--sector", "none"], 2),
    ],
)
def test_what_cannot_be_done_is_one_line(place: Path, arguments: list[str], status: int) -> None:
    ran = run_inside(*arguments, data_dir=place)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (status, 1)


def test_query_writes_files_with_their_dictionary(place: Path, tmp_path: Path) -> None:
    sql = (
        "select municipality, sum(unreached) as unreached, '=1' as odd, max(recorded) as recorded from counts, reports"
    )
    sql += " group by municipality order by municipality"
    ran = run_inside("query", sql, "--format", "json", data_dir=place)
    expected = json.loads(ran.stdout)
    assert expected
    for suffix in ("csv", "parquet", "xlsx"):
        assert run_inside("query", sql, "--output", tmp_path / f"out.{suffix}", data_dir=place).returncode == 0
    with (tmp_path / "out.csv").open() as file:
        assert [row["unreached"] for row in csv.DictReader(file)] == [str(row["unreached"]) for row in expected]
    assert "household" not in (tmp_path / "out.dictionary.csv").read_text()
    assert "unreached,decimal128(38, 0),pupils not reached" in (tmp_path / "out.dictionary.csv").read_text().replace(
        '"', ""
    )
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert schema.field("unreached").metadata[b"meaning"].startswith(b"pupils not reached")
    assert schema.metadata[b"query"].decode() == sql
    book = load_workbook(tmp_path / "out.xlsx")
    assert [row[1] for row in book["rows"].iter_rows(min_row=2, values_only=True)] == [
        row["unreached"] for row in expected
    ]
    assert book["rows"]["C2"].data_type == "s"
    assert [row[0] for row in book["dictionary"].iter_rows(values_only=True)][:2] == ["column", "municipality"]


@pytest.mark.parametrize("arguments", [["drop view events"], ["select 1", "--output", "out.txt"], ["select wrong"]])
def test_a_query_that_is_none_is_one_line(place: Path, arguments: list[str]) -> None:
    ran = run_inside("query", *arguments, data_dir=place)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1)
