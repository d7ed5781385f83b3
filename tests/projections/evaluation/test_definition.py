"""The query gives what the definition says: against a brute-force program, over random histories."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.projections.evaluation.histories import COUNTED, COVERED, line, random_history, random_moments
from tests.projections.evaluation.oracle import Oracle
from tests.projections.evaluation.running import run, run_as_of
from tests.support.examples import examples

SEEDS = st.integers(0, 2**32)
"""Of a pseudo-random history: one that comes out of choices drawn one by one is nearly always empty."""
EXAMPLES = examples(15)
FEW_EXAMPLES = examples(6)


@EXAMPLES
@given(SEEDS)
def test_counts_are_those_of_the_oracle(seed: int) -> None:
    said = random_history(seed, COUNTED)
    ks = random_moments(seed, said, 5)
    for k, csv in zip(ks, run_as_of(map(line, said), ks, "counts"), strict=True):
        assert csv == Oracle(said, k).counts(), k


@EXAMPLES
@given(SEEDS)
def test_coverage_is_that_of_the_oracle(seed: int) -> None:
    said = random_history(seed, COVERED)
    ks = random_moments(seed, said, 5)
    for k, csv in zip(ks, run_as_of(map(line, said), ks, "coverage"), strict=True):
        assert csv == Oracle(said, k).coverage(), k


@FEW_EXAMPLES
@given(SEEDS)
def test_a_file_gives_the_tables_of_the_oracle(seed: int) -> None:
    said = random_history(seed, COUNTED + COVERED)
    assert run(map(line, said)).csv == Oracle(said, None).counts()
    assert run(map(line, said), table="coverage").csv == Oracle(said, None).coverage()


@FEW_EXAMPLES
@given(SEEDS)
def test_the_order_of_the_lines_makes_no_difference(seed: int) -> None:
    said = random_history(seed, COUNTED + COVERED, ties=False)
    shuffled = Random(seed).sample(said, len(said))
    for table in ("counts", "coverage"):
        assert run(map(line, said), None, table).csv == run(map(line, shuffled), None, table).csv
