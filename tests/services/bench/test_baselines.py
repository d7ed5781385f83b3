"""The baselines give the right table: a measure against something that does less would mean nothing."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from events import parse_event, parse_instant
from projections.evaluation import evaluate
from projections.live.reading import LiveReader
from projections.tables import write_csv
from services.bench.data import Data, lines_of
from services.bench.figures import NotMeasured
from services.bench.in_polars import counted
from services.bench.in_postgres import refreshed
from services.bench.library import Durable, InMemory, run_library
from services.bench.peers import _same, cells_of, weeks_of
from services.bench.plain import recompute

FEW = 1_500


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return Data(tmp_path_factory.mktemp("events"))


def rows(found: Iterable[tuple[object, ...]]) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in found]


@pytest.mark.parametrize("table", ["counts", "coverage"])
def test_plain_python_gives_the_table_of_evaluate(data: Data, table: str) -> None:
    file = data.events(FEW)
    expected = rows(evaluate(file, table=table).rows())
    assert len(expected) > 100
    assert rows(recompute(lines_of(file), table)) == expected


def test_plain_python_gives_the_golden_tables(golden: Path) -> None:
    cases = json.loads((golden / "cases.json").read_text("utf-8"))
    assert cases
    for case in cases:
        as_of = None if case["asOf"] is None else parse_instant(case["asOf"])
        given = recompute(lines_of(golden / case["events"]), case["table"], as_of)
        to = io.StringIO()
        write_csv(case["table"], given, to)
        assert to.getvalue() == (golden / case["expected"]).read_text("utf-8"), case["expected"]


def test_the_librarys_runner_with_a_durable_view_gives_the_table_of_evaluate(data: Data, tmp_path: Path) -> None:
    file = data.events(FEW)
    number, seconds = run_library(Durable, file, tmp_path / "view.sqlite")
    assert (number, seconds > 0) == (len(lines_of(file)), True)
    reader = LiveReader(tmp_path / "view.sqlite")
    try:
        tables = reader.tables(last_recorded(file) + 1)
        assert tables.position == number
        assert rows(tables.rows("counts")) == rows(evaluate(file).rows())
    finally:
        reader.close()


def test_the_librarys_runner_with_its_view_in_memory_processes_every_event(data: Data, tmp_path: Path) -> None:
    file = data.events(FEW)
    number, seconds = run_library(InMemory, file, tmp_path / "none.sqlite")
    assert (number, seconds > 0) == (len(lines_of(file)), True)
    assert not (tmp_path / "none.sqlite").exists()


def test_a_sample_has_the_mix_of_kinds_of_the_whole(data: Data) -> None:
    whole, sample = (kinds(file) for file in (data.events(20_000), data.sample(4_000, 20_000)))
    assert sum(sample.values()) == pytest.approx(4_000, rel=0.1)
    for kind, number in whole.items():
        assert sample[kind] / sum(sample.values()) == pytest.approx(number / sum(whole.values()), abs=0.03), kind


def test_events_that_are_there_are_used_again(data: Data) -> None:
    file = data.events(FEW)
    made = file.stat().st_mtime_ns
    assert data.events(FEW) == file
    assert file.stat().st_mtime_ns == made


def test_the_same_events_as_columns_give_the_same_table(data: Data) -> None:
    file = data.parquet(FEW)
    assert rows(evaluate(file).rows()) == rows(evaluate(data.events(FEW)).rows())


def kinds(file: Path) -> Counter[str]:
    return Counter(parse_event(line).kind for line in lines_of(file))


def last_recorded(file: Path) -> int:
    return max(parse_instant(json.loads(line)["recordedtime"]) for line in lines_of(file))


def test_the_peers_count_as_evaluate_does(data: Data, tmp_path: Path) -> None:
    """PostgreSQL's materialized view and Polars: the same number of pupils not reached in every cell."""
    file = data.parquet(FEW)
    expected = cells_of(evaluate(file).columns)
    assert len(expected) > 100
    weeks = weeks_of(file)
    assert cells_of(counted(file, weeks)) == expected
    found, loaded, seconds = refreshed(tmp_path / "postgres", file, weeks)
    assert found == expected
    assert loaded > 0
    assert seconds > 0
    one = min(expected)
    with pytest.raises(NotMeasured, match="otherwise in 1 cells"):
        _same(expected | {one: expected[one] + 1}, expected, "it")
