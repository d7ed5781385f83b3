"""Sorting by way of runs gives what sorting everything at once gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.simulate import runs as module
from services.simulate.records import RECORD
from services.simulate.runs import Runs

START = 1_584_300_000_000_000
MOMENTS = st.integers(0, 5 * 3_600_000_000).map(lambda offset: START + offset // 900_000_000 * 900_000_000)


@given(st.lists(st.lists(MOMENTS, max_size=30), max_size=6), st.integers(1, 40))
def test_any_chunks_come_out_in_order_and_ties_as_added(chunks: list[list[int]], size: int) -> None:
    rows = np.zeros(sum(map(len, chunks)), dtype=RECORD)
    rows["recorded"] = [moment for chunk in chunks for moment in chunk]
    rows["number"] = np.arange(len(rows))
    with Runs() as runs:
        for chunk in np.split(rows, np.cumsum([len(chunk) for chunk in chunks])[:-1]) if chunks else []:
            runs.add(chunk)
        blocks = list(runs.blocks(size))
    assert all(len(block) <= size for block in blocks)
    given_back = [row for block in blocks for row in block["number"].tolist()]
    assert given_back == rows["number"][np.argsort(rows["recorded"], kind="stable")].tolist()


def test_more_than_memory_may_hold_goes_by_way_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IN_MEMORY", 1000)
    rows = np.zeros(500, dtype=RECORD)
    rows["recorded"] = START + np.arange(500)[::-1] * 1_000_000
    with Runs() as runs:
        runs.add(rows[:200])
        runs.add(rows[200:])
        back = np.concatenate(list(runs.blocks(64)))
    assert back["recorded"].tolist() == sorted(rows["recorded"].tolist())


def test_a_time_outside_the_calendar_is_an_error_not_a_loss() -> None:
    rows = np.zeros(1, dtype=RECORD)
    with Runs() as runs, pytest.raises(ValueError, match="calendar"):
        runs.add(rows)
