"""`evaluate`, `compare` and `triangle` on an archive, as they are run: what is written, and how they end."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from events import format_instant
from tests.projections.archive.making import lines_of, write
from tests.projections.replay.histories import COUNTED, COVERED, random_history
from tests.projections.replay.oracle import Oracle
from tests.support.inside import run_inside

HISTORY = random_history(140, [*COUNTED, *COVERED], ties=False)
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
        (["evaluate", "--all-rows"], 2),
        (["evaluate", "file", "--archive", "here"], 2),
        (["evaluate", "--archive", "/none"], 3),
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
