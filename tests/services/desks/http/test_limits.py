"""Counting what a key asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.desks.http.limits import Limits, Meter

LIMITS = Limits(rate=100.0, burst=50.0, at_once=2)


class Time:
    """A clock set by hand, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 200)), max_size=60))
def test_a_key_gives_no_more_than_its_burst_its_rate_and_one_batch(asked: list[tuple[float, int]]) -> None:
    time = Time()
    meter = Meter(LIMITS, time)
    taken, largest = 0, 0
    for pause, reports in asked:
        time.now += pause
        if not meter.wait("one"):
            meter.pay("one", reports)
            taken += max(1, reports)
            largest = max(largest, reports, 1)
    assert taken <= LIMITS.burst + LIMITS.rate * (time.now - 1000) + largest + 1e-6


@given(st.lists(st.integers(1, 500), min_size=1, max_size=20))
def test_whoever_waits_as_told_is_let_in(batches: list[int]) -> None:
    time = Time()
    meter = Meter(LIMITS, time)
    for reports in batches:
        meter.pay("one", reports)
        seconds = meter.wait("one")
        assert meter.wait("other") == 0
        time.now += seconds + 0.001
        assert meter.wait("one") == 0


def test_requests_under_way_are_counted_by_key() -> None:
    meter = Meter(LIMITS)
    meter.begin("one")
    meter.begin("one")
    assert (meter.wait("one"), meter.wait("other")) == (1, 0)
    meter.end("one")
    assert meter.wait("one") == 0
    meter.end("one")
    with pytest.raises(KeyError):
        meter.end("one")
