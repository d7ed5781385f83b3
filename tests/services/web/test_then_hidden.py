"""Sums of then and now are of what somebody sees exactly: nothing else changes them, nor which week is shown."""

from __future__ import annotations

import numpy as np
import pytest

from services.web.then.adding import add_up
from services.web.then.replays import NUMBERS, Compared

MINE = frozenset({"GM0014", "GM0024"})
OWN = [("GM0014", "po", "2020-W14", 5), ("GM0014", "vo", "2020-W14", 2), ("GM0024", "po", "2020-W15", 1)]


def compared(*rows: tuple[str, str, str, int]) -> Compared:
    keys = [np.array([row[at] for row in rows], dtype=np.str_) for at in range(3)]
    numbers = np.array([[row[3] * (at + 1) for at in range(len(NUMBERS))] for row in rows], dtype=np.int64)
    return Compared(1, 2, keys[0], keys[1], keys[2], numbers.reshape(-1, len(NUMBERS)))


@pytest.mark.parametrize("sector", [None, "po", "mbo"])
@pytest.mark.parametrize("week", ["", "2020-W14", "2020-W16"])
def test_others_make_no_difference(sector: str | None, week: str) -> None:
    others = [("GM0363", sector, f"2020-W{week}", week) for sector in ("po", "mbo") for week in (12, 14, 16)]
    one, two = compared(*OWN), compared(*OWN, *others, ("unknown", "po", "2020-W16", 9))
    assert add_up(one, MINE, sector, week, "2020-W20") == add_up(two, MINE, sector, week, "2020-W20")


def test_sums_are_by_week_and_by_municipality_of_one() -> None:
    sums = add_up(compared(*OWN, ("GM0363", "po", "2020-W14", 70)), None, None, "2020-W14", "")
    assert [(row.key, row.numbers[0]) for row in sums.weeks] == [("2020-W14", 77), ("2020-W15", 1)]
    assert [(row.key, row.numbers[:2]) for row in sums.places] == [("GM0363", (70, 140)), ("GM0014", (7, 14))]
    assert add_up(compared(*OWN), frozenset({"GM0363"}), None, "", "").weeks == ()
