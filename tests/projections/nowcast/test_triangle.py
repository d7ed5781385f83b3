"""The reporting triangle is made of the tables as they were known; the chain ladder gives Mack's published figures."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from events import day_start, week_monday
from projections.archive import Archive
from projections.nowcast.mack import _factor, completeness, nowcast
from projections.nowcast.triangle import UNKNOWN_YET, Reported, Triangle, triangles
from projections.nowcast.validating import validate
from tests.projections.archive.making import archive_of, lines_of
from tests.projections.evaluation.histories import COUNTED, random_history
from tests.projections.evaluation.oracle import Oracle

WEEK = 7 * 86_400_000_000

# G. C. Taylor and F. R. Ashe, as used by Mack (1993).
TAYLOR_ASHE = """
357848 1124788 1735330 2218270 2745596 3319994 3466336 3606286 3833515 3901463
352118 1236139 2170033 3353322 3799067 4120063 4647867 4914039 5339085
290507 1292306 2218525 3235179 3985995 4132918 4628910 4909315
310608 1418858 2195047 3757447 4029929 4381982 4588268
443160 1136350 2128333 2897821 3402672 3873311
396132 1333217 2180715 2985752 3691712
440832 1288463 2419861 3483130
359480 1421128 2864498
376686 1363294
344014
"""


def published() -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    rows = [list(map(int, row.split())) for row in TAYLOR_ASHE.split("\n") if row]
    return np.array([row + [UNKNOWN_YET] * (10 - len(row)) for row in rows], dtype=np.int64)


def test_factors_are_those_that_mack_published() -> None:
    known = published()
    factors = [_factor(known, known, age, 100) for age in range(7)]
    assert all(factor is not None for factor in factors)
    values = [factor.value for factor in factors if factor]
    assert values == pytest.approx([3.490, 1.747, 1.457, 1.174, 1.104, 1.086, 1.054], abs=0.001)
    variances = [factor.variance / 1000 for factor in factors if factor]
    assert variances == pytest.approx([160.28, 37.74, 41.97, 15.18, 13.73, 8.19, 0.447], rel=0.002)


def weeks_of(count: int) -> tuple[str, ...]:
    return tuple(f"2020-W{12 + number}" for number in range(count))


def steady(share: tuple[float, ...], numbers: list[int]) -> Triangle:
    known = np.array([[round(number * part) for part in share] for number in numbers], dtype=np.int64)
    ages = np.arange(len(numbers))[::-1, None]
    return Triangle(weeks_of(len(numbers)), np.where(np.arange(len(share)) > ages, UNKNOWN_YET, known))


def test_delays_that_are_always_the_same_are_foretold_exactly() -> None:
    numbers = [1000, 1200, 800, 2000, 1600, 1400]
    lost = steady((0.5, 0.75, 1.0), numbers)
    none = steady((0.0, 0.0, 0.0), numbers)
    counted = steady((0.5, 0.75, 1.0), numbers)
    said = nowcast(Reported(counted, lost, none), Reported(counted, lost, none))
    # What is missing of the week before is missing in the last one too.
    assert [(each.week, each.after, each.counted) for each in said] == [("2020-W16", 1, 1200), ("2020-W17", 0, 700)]
    assert [each.expected for each in said] == pytest.approx([1600, 700 + 400 + 700])
    assert all(each.low == pytest.approx(each.expected) == each.high for each in said)
    assert completeness(counted) == pytest.approx([0.5, 0.75, 1.0])
    scores = validate([Reported(counted, lost, none)], Reported(counted, lost, none))
    assert all(score.covered <= 1 and score.naive_error > 0 for score in scores)


def test_nothing_is_foretold_from_too_little() -> None:
    few = steady((0.5, 0.75, 1.0), [1000, 1200, 800])
    assert nowcast(Reported(few, few, few), Reported(few, few, few)) == []


@pytest.mark.parametrize("seed", [3, 8])
def test_the_triangle_is_made_of_tables_as_they_were_known(seed: int) -> None:
    said = random_history(seed, COUNTED, ties=False)
    k = max(event.recorded for event in said) + 3 * WEEK
    with archive_of(lines_of(said)) as archive:
        [country, one] = triangles(archive, [None, {"GM0014"}], k, 3)
        assert country.unreached.weeks
        check(archive, country.unreached, said, None)
        check(archive, one.unreached, said, "GM0014")


def check(archive: Archive, triangle: Triangle, said: list, place: str | None) -> None:  # type: ignore[type-arg]
    for week, row in zip(triangle.weeks, triangle.known.tolist(), strict=True):
        for after, number in enumerate(row):
            if number != UNKNOWN_YET:
                k = day_start(week_monday(week) + 7 * (after + 1))
                cells = csv.reader(Oracle(said, k).counts().splitlines()[1:])
                assert number == sum(int(c[3]) for c in cells if c[2] == week and place in (None, c[0])), (week, after)
