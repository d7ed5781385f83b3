"""The archive gives what the definition says as of any instant: against a brute-force program, and the golden ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.times import parse_instant
from projections.archive import Archive, rows_of
from tests.conftest import SHARED
from tests.projections.archive.making import archive_of, csv_of, lines_of, write
from tests.projections.evaluation.histories import COUNTED, COVERED, random_history, random_moments
from tests.projections.evaluation.oracle import Oracle
from tests.support.examples import examples

SEEDS = st.integers(0, 2**32)
EXAMPLES = examples(12)
CASES = json.loads((SHARED / "golden" / "cases.json").read_text()) if SHARED else []


@EXAMPLES
@given(SEEDS)
def test_counts_are_those_of_the_oracle_in_any_order_and_duplication(seed: int) -> None:
    random = Random(seed)
    said = random_history(seed, COUNTED, ties=False)
    lines = lines_of(said)
    lines += random.sample(lines, random.randint(0, len(lines)))
    random.shuffle(lines)
    ks = sorted(random_moments(seed, said, 6))
    expected = [Oracle(said, k).counts() for k in ks]
    with archive_of(lines, random.randint(1, 3), random.choice((5, 1000)), random.choice((3, 1000))) as archive:
        assert [csv_of("counts", archive.table("counts", k)) for k in ks[:3]] == expected[:3]
        assert [csv_of("counts", rows_of(tables)) for _, tables in archive.many(ks)] == expected


@examples(5)
@given(SEEDS)
def test_coverage_is_that_of_the_oracle(seed: int) -> None:
    said = random_history(seed, COVERED)
    with archive_of(lines_of(said)) as archive:
        for k in random_moments(seed, said, 3):
            assert csv_of("coverage", archive.table("coverage", k)) == Oracle(said, k).coverage(), k


@pytest.fixture(scope="module")
def golden_archives(golden: Path) -> Iterator[dict[str, Archive]]:
    made: dict[str, Archive] = {}
    with TemporaryDirectory() as temporary:
        for name in sorted({case["events"] for case in CASES}):
            directory = Path(temporary) / name
            write(directory, (golden / name).read_text("utf-8").splitlines())
            made[name] = Archive(directory)
        yield made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["expected"])
def test_golden_history(case: dict[str, str], golden: Path, golden_archives: dict[str, Archive]) -> None:
    archive = golden_archives[case["events"]]
    last = archive.last_recorded
    assert last is not None
    k = parse_instant(case["asOf"]) if case["asOf"] else last + 1
    assert csv_of(case["table"], archive.table(case["table"], k)).encode() == (golden / case["expected"]).read_bytes()
