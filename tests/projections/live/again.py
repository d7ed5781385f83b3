"""What the tests of the live view on SQLite say, to be said again of a view that is kept in another way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.projections.live import test_moment, test_registered


def said(test: Callable[..., Any]) -> Callable[..., Any]:
    """What a test of SQLite does with one example."""
    inner: Callable[..., Any] = test.hypothesis.inner_test  # type: ignore[attr-defined]
    return inner


def told_beside_the_tables(seed: int) -> None:
    """Say all that is told beside the tables."""
    said(test_moment.test_past_weeks_are_told_as_the_replay_tells_them)(seed)
    said(test_moment.test_a_household_and_a_pupil_are_one_however_many_rows_they_are_in)(seed)
    said(test_moment.test_the_split_by_how_long_is_that_of_the_intervals_that_run)(seed)
    said(test_moment.test_yesterday_is_the_table_for_its_end_by_what_is_known_now)(seed)
    said(test_moment.test_the_schools_are_those_that_the_row_of_the_coverage_counts)(seed)
    said(test_registered.test_they_are_those_of_the_schools_that_are_expected)(seed)
