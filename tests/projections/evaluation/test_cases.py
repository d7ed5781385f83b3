"""Edges of the definition, each by a history of its own, where a word of it decides."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from projections.register import municipalities
from tests.projections.evaluation.histories import DAY, HOUR, SOURCES, line
from tests.projections.evaluation.oracle import Said, midnight
from tests.projections.evaluation.running import run

MONDAY = midnight(date(2020, 3, 16))
SOURCE = SOURCES[0]


def said(name: str, kind: str, at: int, recorded: int | None = None, **data: Any) -> Said:
    return Said(SOURCE, name, kind, at if recorded is None else recorded, at, data)


def closure(first: str, until: str | None, at: int = MONDAY - DAY, **data: Any) -> Said:
    data = {"closure": "one", "sectors": ["po"], "municipalities": None, **data}
    last = date.fromisoformat(until) if until else None
    return said(
        f"closure-{first}-{at}", "closure-announced", at, **{**data, "from": date.fromisoformat(first), "until": last}
    )


def lost(id: str, at: int, place: str | None = "GM0014", recorded: int | None = None, **data: Any) -> Said:
    return said(
        id,
        "contact-lost",
        at,
        recorded,
        **{"pupil": "pupil-1x", "school": "06KR00", "sector": "po", "municipality": place, **data},
    )


def restored(id: str, at: int, **data: Any) -> Said:
    return said(id, "contact-restored", at, **{"pupil": "pupil-1x", "via": "phone", **data})


def moved(id: str, at: int, place: str) -> Said:
    return said(id, "residence-established", at, pupil="pupil-1x", municipality=place)


def rows(*events: Said, k: int | None = None, table: str = "counts") -> list[str]:
    ran = run(map(line, events), k, table)
    assert ran.rejected == []
    return ran.csv.splitlines()[1:]


def test_the_first_statement_holds_before_it_though_a_second_at_that_instant_has_the_last_word() -> None:
    tuesday = MONDAY + DAY
    events = (
        closure("2020-03-16", None),
        lost("a", MONDAY, None),
        moved("b", tuesday, "GM0363"),
        moved("c", tuesday, "GM0599"),
    )
    assert rows(*events, k=tuesday) == ["GM0363,po,2020-W12,1,1,1" + ",0" * 4 + ",1" + ",0" * 7]
    assert rows(*events, k=tuesday + 1) == [
        "GM0363,po,2020-W12,0,1,1,0,0,1,0" + ",0" * 8,
        "GM0599,po,2020-W12,1,1,0,0,1,0,0,1" + ",0" * 7,
    ]


def test_what_happened_within_the_clock_tolerance_after_k_is_known_but_not_yet_counted() -> None:
    at = MONDAY + 9 * HOUR
    events = (closure("2020-03-16", None), lost("a", at, recorded=at - 1))
    assert rows(*events, k=at - 1) == rows(*events, k=at) == []
    assert len(rows(*events, k=at + 1)) == 1


def test_k_in_a_gap_of_the_closure_ends_the_week_there() -> None:
    """Closed on Monday and again from Friday on: on Wednesday τ is K, and what happens on Tuesday is not inside C."""
    wednesday = MONDAY + 2 * DAY
    events = (
        closure("2020-03-16", "2020-03-16"),
        closure("2020-03-20", None, closure="two"),
        lost("a", MONDAY + DAY),
    )
    assert rows(*events, k=wednesday) == ["GM0014,po,2020-W12,1,0,0" + ",0" * 4 + ",1" + ",0" * 7]
    assert rows(*events, k=MONDAY + 5 * DAY) == ["GM0014,po,2020-W12,1,1,0" + ",0" * 4 + ",1" + ",0" * 7]
    # The week exists by its Monday, also for who was lost after it.
    late = (*events[:2], lost("a", wednesday))
    assert rows(*late, k=wednesday + DAY) == ["GM0014,po,2020-W12,1,0,0" + ",0" * 4 + ",1" + ",0" * 7]


def test_unreached_up_to_the_midnight_of_a_closed_day_is_not_unreached_on_it() -> None:
    """Closed on Monday and on Friday, unreached between the two."""
    friday = MONDAY + 4 * DAY
    events = (
        closure("2020-03-16", "2020-03-16"),
        closure("2020-03-20", "2020-03-20", closure="two"),
        lost("a", MONDAY + DAY),
    )
    k = friday + DAY
    assert rows(*events, restored("b", friday), k=k) == ["GM0014,po,2020-W12,0,0,0,1" + ",0" * 11]
    assert rows(*events, restored("b", friday - 1), k=k) == []
    assert rows(*events, restored("b", friday + 1), k=k) == ["GM0014,po,2020-W12,0,1,0,1" + ",0" * 11]


def retracting(id: str, target: str, at: int) -> Said:
    return said(id, "report-retracted", at, source=SOURCE, id=target)


def test_a_retraction_cannot_be_retracted_and_the_first_of_its_copies_says_what_it_retracts() -> None:
    events = (
        closure("2020-03-16", None),
        lost("a", MONDAY),
        lost("b", MONDAY, pupil="pupil-2x"),
        retracting("r", "a", MONDAY + 1),
        retracting("s", "r", MONDAY + 2),
    )
    counted = ["GM0014,po,2020-W12,1,1,1,0,0,0,0,1" + ",0" * 7]
    assert rows(*events) == counted
    ran = run(map(line, (*events, retracting("r", "b", MONDAY + 3))))
    assert ran.csv.splitlines()[1:] == counted
    assert [(number, field) for number, field, _ in ran.rejected] == [(6, "id")]


def test_a_household_named_like_a_pupil_is_another_household() -> None:
    events = (
        closure("2020-03-16", None),
        lost("a", MONDAY, pupil="pupil-1x"),
        lost("b", MONDAY, pupil="pupil-2x", household="pupil-1x"),
    )
    assert rows(*events)[0].split(",")[3:11] == ["2", "2", "2", "0", "0", "0", "0", "2"]


def test_closed_everywhere_by_name_is_not_closed_for_the_unknown_residence() -> None:
    everywhere = [of.code for of in municipalities()]
    pupil = lost("a", MONDAY, None)
    assert rows(closure("2020-03-16", None, municipalities=everywhere), pupil) == []
    assert rows(closure("2020-03-16", None), pupil)[0].startswith("unknown,po,2020-W12,1,")


def test_of_week_reports_recorded_last_at_one_instant_the_highest_source_and_id_counts() -> None:
    report: dict[str, Any] = {"school": "06KR00", "sector": "po", "week": "2020-W12"}
    school: dict[str, Any] = {
        "school": "06KR00",
        "sector": "po",
        "municipality": "GM0014",
        "from": date(2010, 8, 1),
        "until": None,
    }
    events = (
        closure("2020-03-16", None),
        said("s", "school-registered", MONDAY - DAY, **school),
        said("b", "week-reported", MONDAY + DAY, **report, unreached=7),
        said("a", "week-reported", MONDAY + DAY, **report, unreached=3),
        said("z", "week-reported", MONDAY + HOUR, **report, unreached=9),
    )
    assert rows(*events, table="coverage") == ["GM0014,po,2020-W12,1,1,1,7"]


def test_without_as_of_k_is_just_after_the_last_recordedtime_even_of_a_copy() -> None:
    first = lost("a", MONDAY)
    copy = lost("a", MONDAY, recorded=MONDAY + 15 * DAY)
    events = [line(closure("2020-03-16", None)), line(first), line(copy)]
    result = run(events).result
    assert result.as_of == MONDAY + 15 * DAY + 1
    assert [row[2] for row in result.rows()] == ["2020-W12", "2020-W13", "2020-W14"]


def test_of_copies_recorded_at_one_instant_the_first_line_stands() -> None:
    one, other = lost("a", MONDAY, "GM0014"), lost("a", MONDAY, "GM0363")
    ran = run([line(closure("2020-03-16", None)), line(one), line(other)])
    assert ran.csv.splitlines()[1].startswith("GM0014,")
    assert [number for number, _, _ in ran.rejected] == [3]


def test_all_rows_has_every_municipality_of_the_register_valid_on_a_closed_day() -> None:
    """On 1 January 2021 Appingedam (GM0003) became part of Eemsdelta (GM1979)."""
    events = [line(closure("2020-12-30", "2021-01-05", at=MONDAY)), line(lost("a", MONDAY, "GM9999"))]
    k = midnight(date(2021, 2, 1))
    ran = run(events, k, all_rows=True)
    found = [row.split(",") for row in ran.csv.splitlines()[1:]]
    of_week = {week: {row[0] for row in found if row[2] == week} for week in ("2020-W53", "2021-W01")}
    assert {row[1] for row in found} == {"po"}
    assert len(of_week["2020-W53"]) == 355 + 1 + 1 == len(of_week["2021-W01"]) + 4
    assert {"GM0003", "GM1979", "GM9999"} <= of_week["2020-W53"]
    assert "GM0003" not in of_week["2021-W01"]
    assert found == sorted(found)
    assert [row for row in found if set(row[3:]) != {"0"}] == [
        r.split(",") for r in run(events, k).csv.splitlines()[1:]
    ]
    # Before the new year nobody knows Eemsdelta.
    early = run(events, midnight(date(2021, 1, 1)), all_rows=True).csv
    assert "GM0003,po,2020-W53" in early
    assert "GM1979" not in early


@pytest.mark.parametrize("k", [midnight(date(2199, 6, 1)), midnight(date(1900, 1, 3))], ids=["late", "early"])
def test_a_closure_without_beginning_or_end_gives_only_weeks_in_which_something_happened(k: int) -> None:
    """From 1900 on and not over: 15,000 weeks, of which the pupil was unreached in three."""
    long_ago = midnight(date(1900, 1, 2))
    events = (
        closure("1900-01-01", None, at=long_ago),
        lost("a", MONDAY),
        restored("b", MONDAY + 14 * DAY + 1),
    )
    weeks = [row.split(",")[2] for row in rows(*events, k=k)]
    assert weeks == (["2020-W12", "2020-W13", "2020-W14"] if k > MONDAY else [])


@pytest.mark.parametrize("table", ["counts", "coverage"])
@pytest.mark.parametrize("events", [(), (lost("a", MONDAY),)], ids=["no events", "no closure"])
def test_nothing_to_count(table: str, events: tuple[Said, ...]) -> None:
    assert rows(*events, table=table) == rows(*events, table=table, k=MONDAY) == []
    assert run(map(line, events), MONDAY, all_rows=True).csv.count("\n") == 1
