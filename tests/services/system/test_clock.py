"""The clock: one time for every process of a system, real or simulated."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.system import Clock
from services.system.clock import Simulation

MICROS = st.integers(0, 4_000_000_000_000_000)
RATES = st.floats(0, 100_000, allow_nan=False)


def test_the_real_clock_is_the_machines() -> None:
    before = time.time_ns() // 1000
    assert before <= Clock().now() <= time.time_ns() // 1000
    assert Clock().describe() is None


@given(MICROS, MICROS, RATES, st.none() | st.integers(0, 10**15), MICROS)
def test_a_description_gives_another_process_the_same_time(
    started: int, starts: int, rate: float, runs: int | None, real: int
) -> None:
    clock = Clock(Simulation(started, starts, rate, None if runs is None else starts + runs), read=lambda: real)
    described = json.loads(json.dumps(clock.describe()))
    other = Clock(Clock.from_description(described).simulation, read=lambda: real)
    assert other.now() == clock.now()


@given(MICROS, MICROS, RATES, st.integers(0, 10**15), MICROS, MICROS)
def test_simulated_time_never_goes_back_and_stays_in_its_bounds(
    started: int, starts: int, rate: float, runs: int, one: int, other: int
) -> None:
    simulation = Simulation(started, starts, rate, starts + runs)
    early, late = sorted((one, other))
    assert starts <= simulation.at(early) <= simulation.at(late) <= starts + runs


def test_a_rate_is_simulated_seconds_in_a_real_second() -> None:
    simulation = Simulation(started_at=1_000_000, starts_at=0, rate=3600, ends_at=None)
    assert simulation.at(3_000_000) == 2 * 3_600_000_000
    assert simulation.at(500_000) == 0


def test_the_wire_names_are_those_of_system_json() -> None:
    assert Clock.simulated(5, 2.0, ends_at=9, started_at=1).describe() == {
        "startedAt": 1,
        "startsAt": 5,
        "rate": 2.0,
        "endsAt": 9,
    }


@pytest.mark.parametrize(("rate", "ends_at"), [(-1, None), (1, 4)])
def test_a_clock_that_cannot_be_is_refused(rate: float, ends_at: int | None) -> None:
    with pytest.raises(ValueError, match="simulated clock"):
        Clock.simulated(5, rate, ends_at=ends_at)


@pytest.mark.parametrize("described", [{}, {"startedAt": 1}, {"startedAt": "x", "startsAt": 1, "rate": 1, "endsAt": 2}])
def test_what_is_no_description_is_refused(described: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="clock"):
        Clock.from_description(described)
