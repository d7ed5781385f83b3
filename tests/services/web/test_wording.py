from __future__ import annotations

from datetime import date

import pytest

from services.web import wording
from tests.services.web.fake import at


def test_numbers() -> None:
    assert (wording.number(7031, "nl"), wording.number(7031, "en"), wording.number(31, "nl")) == (
        "7.031",
        "7,031",
        "31",
    )
    assert [wording.signed(n, "nl") for n in (1200, 0, -3)] == ["+1.200", "0", "−3"]


def test_days_and_moments_are_amsterdams() -> None:
    assert wording.day(date(2020, 3, 1), "nl") == "1 maart 2020"
    assert wording.moment(at("2020-03-29T03:00:05"), "en") == "29 March 2020, 03:00:05"
    assert wording.moment(at("2020-12-31T23:59:59"), "nl", seconds=False) == "31 december 2020, 23:59"
    assert wording.first_day("2020-W53", "nl") == "28 dec"


@pytest.mark.parametrize(
    ("name", "folded"),
    [("Súdwest-Fryslân", "sudwest-fryslan"), ("'s-Gravenhage", "s-gravenhage"), ("Bergen (NH.)", "bergen (nh.)")],
)
def test_names_fold(name: str, folded: str) -> None:
    assert wording.fold(name) == folded
