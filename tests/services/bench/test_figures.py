from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bench.figures import RATE, Figure, Target, percentile, ratios
from services.bench.growth import GROWTH, drawn
from services.bench.opening import Opened, figures_of
from services.bench.results import Results

CATCH_UP = Figure("catch-up", "catching up", RATE, 50_000.0, Target(40_000, at_least=True), "1.0 s")
FETCH = Figure("fetch", "bare fetch", RATE, 25_000.0)
SLOW = Figure("live-p99", "publish to page", "ms", 61.0, Target(60.0))
ABSENT = Figure("library", "the library", "", None, note="it is not here")


def results(*figures: Figure) -> Results:
    return Results(datetime(2020, 3, 15, 17, 30, tzinfo=UTC), "kindinbeeld bench", {"processors": "2 (old)"}, figures)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([0.0, 0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
    below = [value for value in values if value < found]
    assert not below or len(below) < share * len(values) + 1e-6


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_targets_have_a_direction_and_are_met_on_the_edge() -> None:
    assert Target(60.0).met_by(60.0)
    assert not Target(60.0).met_by(60.1)
    assert Target(30_000, at_least=True).met_by(30_000)
    assert not Target(30_000, at_least=True).met_by(29_999)


def test_without_a_target_or_a_number_nothing_is_judged() -> None:
    assert FETCH.met is None
    assert Figure("live-p99", "publish to page", "ms", None, Target(60.0)).met is None


def test_only_what_was_measured_is_compared() -> None:
    (ratio,) = ratios([CATCH_UP, FETCH, ABSENT, SLOW])
    assert (ratio.ours, ratio.baseline, ratio.value) == (CATCH_UP, FETCH, 2.0)
    assert ratios([CATCH_UP]) == []


@pytest.mark.parametrize(
    ("figures", "check", "status"),
    [((CATCH_UP,), True, 0), ((SLOW,), False, 0), ((SLOW,), True, 1), ((SLOW, ABSENT), True, 3), ((ABSENT,), False, 3)],
)
def test_the_exit_status_tells_what_came_of_it(figures: tuple[Figure, ...], check: bool, status: int) -> None:
    assert results(*figures).status(check=check) == status


def test_markdown_tells_ratios_first_and_what_is_missing() -> None:
    to = io.StringIO()
    results(CATCH_UP, FETCH, SLOW, ABSENT).write_markdown(to)
    text = to.getvalue()
    assert text.startswith("Measured 15 March 2020, 17:30 UTC by `kindinbeeld bench` on 2 (old) processors.")
    assert text.index("**2.00×**") < text.index("| catching up | 50,000 events/s | ≥ 40,000 events/s | met | 1.0 s |")
    assert "| publish to page | 61.0 ms | ≤ 60.0 ms | NOT MET |" in text
    assert "| the library | not measured |  |  | it is not here |" in text


def test_json_keeps_the_numbers_as_they_are() -> None:
    to = io.StringIO()
    results(CATCH_UP, FETCH, SLOW, ABSENT).write_json(to)
    document = json.loads(to.getvalue())
    assert document["begun"] == "2020-03-15T17:30:00Z"
    assert document["ratios"] == [{"ours": "catch-up", "baseline": "fetch", "times": 2.0}]
    assert document["figures"][0]["target"] == {"value": 40_000, "atLeast": True}
    assert [figure["met"] for figure in document["figures"]] == [True, None, False, None]
    assert [figure["value"] for figure in document["figures"]] == [50_000.0, 25_000.0, 61.0, None]


def test_the_table_has_every_figure() -> None:
    to = io.StringIO()
    results(CATCH_UP, FETCH, SLOW, ABSENT).write_table(to)
    for words in ("catching up", "bare fetch", "NOT MET", "not measured", "2.00×", "processors 2 (old)"):
        assert words in to.getvalue()


def test_what_a_page_weighs_is_told_of_the_heaviest_and_its_paint_of_the_slowest() -> None:
    opened = {
        "/": [Opened(40_000, 90_000, 200.0), Opened(41_500, 80_000, 300.0)],
        "/kaart": [Opened(401_000, 0, 150.0)],
    }
    weight, median, slowest = figures_of("156", opened, judged=True)
    assert (weight.value, weight.unit, weight.met) == (401.0, "kB", False)
    assert weight.note == "/ 42 kB (pictures 90), /kaart 401 kB"
    assert (median.value, slowest.value, slowest.met) == (200.0, 300.0, True)
    assert slowest.note == "Chromium 156, 3 loads, nothing kept; / 300, /kaart 150"
    assert [figure.met for figure in figures_of("156", opened, judged=False)] == [None] * 3


def test_growth_is_drawn_with_every_line_named() -> None:
    figures = [Figure(f"growth-{key}-{number}", "", "s", number / 1e5) for key in GROWTH for number in (1_000, 100_000)]
    drawing = drawn([*figures, CATCH_UP, Figure("growth-table-10", "", "s", None, note="not measured")])
    assert drawing.startswith("<svg")
    assert all(drawing.count(words) >= 1 for words in GROWTH.values())
    with pytest.raises(ValueError, match="not measured"):
        drawn([CATCH_UP])
