"""The tables of COUNTS.md from the full history, by the columnar query."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import pyarrow as pa
import pytest

from projections.evaluation import columns_of, replaying
from projections.evaluation.query import Replay
from tests.services.simulate.reading import History, instant

FIRST_CLOSURE = {"po": (12, 23), "so": (12, 19), "vo": (12, 23), "mbo": (12, 24)}
"""First and last week of 2020 in which each sector was closed."""


@pytest.fixture(scope="module")
def replay(history: History) -> Iterator[Replay]:
    messages = ((number, recorded, line) for number, (recorded, line) in enumerate(history.lines, start=1))
    with replaying(columns_of(messages, keep_event=False)) as opened:
        yield opened


def total(table: pa.Table, week: str, measure: str) -> Counter[str]:
    """Sum a measure over municipalities, by sector."""
    rows = table.select(["sector", "week", measure]).to_pylist()
    found: Counter[str] = Counter()
    for row in rows:
        if row["week"] == week:
            found[row["sector"]] += row[measure]
    return found


@pytest.mark.parametrize(
    ("at", "week", "po"),
    [
        ("2020-04-15T12:00+02:00", "2020-W16", 7000),
        ("2020-05-21T12:00+02:00", "2020-W21", 500),
        ("2020-06-05T18:00+02:00", "2020-W23", 430),
    ],
)
def test_the_national_figures(history: History, replay: Replay, at: str, week: str, po: int) -> None:
    unreached = total(replay.table("counts", instant(at)), week, "unreached")
    assert unreached["po"] == pytest.approx(po, rel=0.10)
    assert unreached["po"] == sum(interval.sector == "po" for interval in history.unreached(at))


def test_the_balance_holds_everywhere(replay: Replay, history: History) -> None:
    rows: defaultdict[tuple[str, str], dict[int, dict[str, int]]] = defaultdict(dict)
    for row in replay.table("counts", history.last + 1).to_pylist():
        if row["week"].startswith("2020"):
            rows[row["municipality"], row["sector"]][int(row["week"][-2:])] = row
    moved = 0
    for (_, sector), weeks in rows.items():
        first, last = FIRST_CLOSURE[sector]
        for week in range(first + 1, last + 1):
            now = weeks.get(week, defaultdict(int))
            flows = now["newly_lost"] - now["restored"] + now["moved_in"] - now["moved_out"]
            assert now["unreached"] == weeks.get(week - 1, defaultdict(int))["unreached"] + flows
            moved += now["moved_in"]
    assert moved > 20


def test_answers_ramp_up_from_the_second_week_on(replay: Replay, history: History) -> None:
    table = replay.table("coverage", history.last + 1)
    assert not total(table, "2020-W12", "schools_reported").total()
    on_time = [total(table, f"2020-W{week}", "schools_on_time") for week in range(13, 17)]
    assert on_time[0]["po"] > 1000
    assert on_time[0]["vo"] == 0
    assert on_time[0]["po"] < on_time[1]["po"] < on_time[2]["po"]
    reported, expected = (total(table, "2020-W17", measure) for measure in ("schools_reported", "schools_expected"))
    assert 0.65 < reported["po"] / expected["po"] < 0.9
    assert reported["vo"] / expected["vo"] < reported["po"] / expected["po"]


def test_from_new_year_on_the_new_municipality_counts(replay: Replay, history: History) -> None:
    ended = {"GM0003", "GM0010", "GM0024", "GM0788"}
    rows = [row for row in replay.table("counts", history.last + 1).to_pylist() if row["week"] > "2020-W53"]
    assert not [row for row in rows if row["municipality"] in ended and row["unreached"]]
    assert [row for row in rows if row["municipality"] == "GM1979" and row["unreached"]]
