"""What was counted under earlier codes, seen in a later division: nothing lost, nothing counted twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from projections.register import Municipality, codes_on, municipalities
from projections.register.divisions import Division, divide, division_of, divisions, into_division

FIRST = date(2019, 1, 1)
Y2021, Y2022, Y2023 = (date(year, 1, 1).toordinal() for year in (2021, 2022, 2023))
WEESP = date(2022, 3, 24).toordinal()


def known(code: str, began: int, ended: int | None, *successors: str) -> Municipality:
    """Make a municipality whose code holds in years of 365 days from `began` up to `ended`."""
    last = None if ended is None else FIRST + timedelta(365 * ended - 1)
    return Municipality(code, code, FIRST + timedelta(365 * began), last, successors, "", "", "", 52.0, 5.0)


def year(number: int) -> int:
    return (FIRST + timedelta(365 * number)).toordinal()


def test_the_divisions_of_the_register() -> None:
    assert divisions() == (FIRST.toordinal(), Y2021, Y2022, WEESP, Y2023)
    assert division_of(date(2020, 4, 1).toordinal()) == FIRST.toordinal()
    assert division_of(Y2021) == Y2021
    assert division_of(Y2021 - 1) == FIRST.toordinal()
    assert division_of(date(2018, 5, 1).toordinal()) == FIRST.toordinal()


def test_2020_in_the_division_of_2021() -> None:
    division = into_division(Y2021)
    assert division.codes == codes_on(Y2021)
    assert division.merged == {"GM0003": "GM1979", "GM0010": "GM1979", "GM0024": "GM1979"}
    assert division.split == {"GM0788": ("GM0757", "GM0824", "GM0855", "GM0865")}
    assert division.comparable_from == dict.fromkeys(("GM0757", "GM0824", "GM0855", "GM0865"), Y2021)
    seen = division.seen(("GM0003", "GM0010", "GM0014", "GM0024", "GM0788", "GM0855", "unknown"))
    assert seen.codes == ("GM0014", "GM0788", "GM0855", "GM1979", "unknown")
    assert seen.sum(np.array([[1, 0], [2, 0], [4, 1], [8, 0], [16, 2], [32, 3], [64, 4]])).tolist() == [
        [4, 1],
        [16, 2],
        [32, 3],
        [11, 0],
        [64, 4],
    ]
    before_and_after = seen.comparable((Y2021 - 1, Y2021)).tolist()
    assert before_and_after == [[True, True], [False, False], [False, True], [True, True], [True, True]]


def test_on_its_own_day_nothing_changes() -> None:
    for day in divisions():
        seen = into_division(day).seen(codes_on(day))
        assert seen.codes == codes_on(day)
        assert seen.comparable((day,)).all()


def test_a_later_code_has_no_place() -> None:
    division = into_division(date(2020, 4, 1).toordinal())
    assert division.merged == {}
    assert "GM1979" in division.later
    with pytest.raises(ValueError, match="begins after"):
        division.seen(("GM0014", "GM1979"))


def test_the_whole_register_as_it_ended() -> None:
    division = into_division(Y2023)
    assert division.merged["GM0457"] == "GM0363"
    assert division.merged["GM1684"] == "GM1982"
    assert set(division.split) == {"GM0788"}
    assert set(division.merged.values()) <= set(division.codes)


def test_through_two_mergers_and_a_split_of_what_had_merged() -> None:
    register = (
        known("A", 0, 1, "M"),
        known("B", 0, 1, "M"),
        known("M", 1, 2, "N"),
        known("C", 0, 2, "N"),
        known("N", 2, 3, "P", "Q"),
        known("P", 0, None),
        known("Q", 3, 4, "R"),
        known("R", 4, None),
        known("S", 0, 1, "T", "U"),
        known("T", 1, 2, "V"),
        known("U", 0, 2, "V"),
        known("V", 2, None),
    )
    second = divide(register, year(2))
    assert second.merged == {"A": "N", "B": "N", "C": "N", "M": "N", "S": "V", "T": "V", "U": "V"}
    assert second.split == {}
    assert divide(register, year(1)).split == {"S": ("T", "U")}
    last = divide(register, year(4))
    assert last.codes == ("P", "R", "V")
    assert last.split == dict.fromkeys("ABCMN", ("P", "R"))
    assert last.merged == {"Q": "R", "S": "V", "T": "V", "U": "V"}
    seen = last.seen(("N", "P", "Q", "S"))
    assert seen.codes == ("N", "P", "R", "V")
    comparable = seen.comparable((year(0), year(3) - 1, year(3))).tolist()
    assert comparable == [[False] * 3, [False, False, True], [False, False, True], [True] * 3]


@st.composite
def registers(draw: st.DrawFn) -> tuple[Municipality, ...]:
    """Draw a register of five years in which codes merge, are split, and both again."""
    random = Random(draw(st.integers(0, 2**32)))
    alive = {f"A{number}": 0 for number in range(random.randint(2, 8))}
    done = []
    for now in range(1, 5):
        ending = random.sample(sorted(alive), random.randint(0, len(alive) - 1))
        began = {code: alive.pop(code) for code in ending}
        heirs = sorted(alive) + [f"N{now}{number}" for number in range(random.randint(0, 2))]
        for code, since in began.items():
            successors = random.sample(heirs, random.randint(1, min(3, len(heirs))))
            done.append(known(code, since, now, *successors))
            alive |= {successor: now for successor in successors if successor not in alive}
    return (*done, *(known(code, since, None) for code, since in alive.items()))


@given(registers(), st.integers(0, 4), st.integers(0, 4), st.data())
def test_nothing_is_lost_and_a_second_time_changes_nothing(
    register: tuple[Municipality, ...], one: int, other: int, data: st.DataObject
) -> None:
    first, later = (divide(register, year(number)) for number in sorted((one, other)))
    codes = (*(m.code for m in register if m.code not in first.later), "unknown")
    values = data.draw(arrays(np.int64, (len(codes), 3), elements=st.integers(0, 1000)))
    seen = first.seen(codes)
    summed = seen.sum(values)
    assert summed.sum(axis=0).tolist() == values.sum(axis=0).tolist()
    assert set(seen.codes) <= {*first.codes, *first.split, "unknown"}
    again = first.seen(seen.codes)
    assert again.codes == seen.codes
    assert (again.sum(summed) == summed).all()
    # What first merged and then was split keeps the row of what it had merged into: only heirs' rows must agree.
    directly = heirs_of(later, codes, values)
    assert heirs_of(later, seen.codes, summed) == directly


def heirs_of(division: Division, codes: Sequence[str], values: NDArray[np.int64]) -> dict[str, list[int]]:
    """Sum rows into a division, and all that was split in one row beside those of the division itself."""
    seen = division.seen(codes)
    rows: dict[str, list[int]] = {"split": [0, 0, 0]}
    for code, row in zip(seen.codes, seen.sum(values).tolist(), strict=True):
        if code in division.split:
            rows["split"] = [one + more for one, more in zip(rows["split"], row, strict=True)]
        else:
            rows[code] = row
    return rows


@given(registers(), st.integers(0, 4))
def test_every_code_is_of_the_day_or_merged_or_split_or_later(register: tuple[Municipality, ...], number: int) -> None:
    division = divide(register, year(number))
    parts: list[set[str]] = [set(division.codes), set(division.merged), set(division.split), set(division.later)]
    assert sum(map(len, parts)) == len(set().union(*parts)) == len(register)
    assert set(division.merged.values()) <= parts[0]
    assert set().union(*division.split.values()) <= parts[0]
    assert parts[0] == set(division.codes) == valid(register, division)


def valid(register: tuple[Municipality, ...], division: Division) -> set[str]:
    day = date.fromordinal(division.day)
    return {m.code for m in register if m.valid_from <= day and (m.valid_until is None or m.valid_until >= day)}


def test_flags_of_those_that_merged_hold_where_any_did() -> None:
    seen = into_division(Y2021).seen(("GM0003", "GM0010", "GM0024", "GM0014"))
    assert seen.sum(np.array([False, True, True, False])).tolist() == [False, True]


def test_the_register_itself_loses_nothing() -> None:
    codes = tuple(m.code for m in municipalities() if m.valid_from == FIRST)
    values = np.arange(len(codes), dtype=np.int32)
    for day in divisions():
        seen = into_division(day).seen(codes)
        assert seen.sum(values).sum() == values.sum()
        assert set(codes_on(day)) | {"GM0788"} >= set(seen.codes)
