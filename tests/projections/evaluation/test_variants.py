"""Variants of the definition: each parameter changes what it says, and nothing of the official table."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import Rejected
from projections.evaluation import columns_of, replaying
from projections.evaluation.definition import OFFICIAL, Definition, definition_of, read_definition
from projections.evaluation.whatif import what_if
from tests.projections.archive.making import csv_of, messages_of
from tests.projections.evaluation.histories import COUNTED, DAY, HOUR, line, random_history
from tests.projections.evaluation.oracle import Oracle, Said
from tests.projections.evaluation.test_cases import MONDAY, closure, lost, moved, restored, said
from tests.support.examples import examples

VARIANTS = (
    Definition("visits", restores=("contact-restored", "door-visit")),
    Definition("announced", closed_from="announcement"),
    Definition("elsewhere", time_zone="America/New_York"),
    Definition("then", residence="known-then"),
    Definition("end", residence="at-the-end"),
    Definition("whole", partial=False),
)


def cells(
    events: Iterable[Said], definition: Definition, k: int, measure: str = "unreached"
) -> list[tuple[object, ...]]:
    """Give (municipality, week, official, variant) of the cells where either is not zero."""
    with replaying(columns_of(messages_of(map(line, events)), keep_event=False)) as replay:
        found = what_if(replay, k, definition, measure)
    assert set(found.column("definition").to_pylist()) <= {definition.mark}
    names = ("municipality", "week", "official", "variant")
    return list(zip(*(found.column(name).to_pylist() for name in names), strict=True))


def visit(id: str, at: int, outcome: str) -> Said:
    return said(id, "door-visit", at, pupil="pupil-1x", sector="po", outcome=outcome, visitor="wij")


@examples(5)
@given(st.integers(0, 2**32))
def test_the_official_table_is_the_oracles_whatever_was_asked_before(seed: int) -> None:
    history = random_history(seed, COUNTED)
    k = max(event.recorded for event in history) + 1
    expected = Oracle(history, k).counts()
    with replaying(columns_of(messages_of(map(line, history)), keep_event=False)) as replay:
        replay.table("counts", k, definition=VARIANTS[seed % len(VARIANTS)])
        assert csv_of("counts", replay.table("counts", k)) == expected
        same = Definition(OFFICIAL.name, **OFFICIAL.parameters)
        assert csv_of("counts", replay.table("counts", k, definition=same)) == expected


@examples(8)
@given(st.integers(0, 2**32))
def test_without_partial_closures_is_the_official_table_of_a_history_without_them(seed: int) -> None:
    history = random_history(seed, COUNTED, ties=False)
    k = max(event.recorded for event in history) + 1
    whole = [e for e in history if e.kind != "closure-announced" or e.data.get("regime") != "partial"]
    names = {e.data["closure"] for e in history if e.kind == "closure-announced"}
    partial = {e.data["closure"] for e in history if e not in whole}
    if any(
        len({e.data.get("regime") for e in history if e.kind == "closure-announced" and e.data["closure"] == of}) > 1
        for of in names & partial
    ):
        return  # which announcement stands decides then: the hand-made history below has that
    with replaying(columns_of(messages_of(map(line, history)), keep_event=False)) as replay:
        table = replay.table("counts", k, definition=VARIANTS[-1])
    assert csv_of("counts", table) == Oracle(whole, k).counts()


def test_a_visit_that_met_restores_contact() -> None:
    events = [
        closure("2020-03-16", None),
        lost("a", MONDAY + HOUR),
        visit("b", MONDAY + 2 * DAY, "no-answer"),
        visit("c", MONDAY + 8 * DAY, "contact"),
    ]
    k = MONDAY + 13 * DAY
    assert cells(events, VARIANTS[0], k) == [("GM0014", "2020-W12", 1, 1), ("GM0014", "2020-W13", 1, 0)]
    assert cells(events, VARIANTS[0], k, "restored") == [("GM0014", "2020-W13", 0, 1)]
    only = Definition("only", restores=("door-visit",))
    assert cells([*events, restored("d", MONDAY + DAY)], only, k) == [("GM0014", "2020-W12", 0, 1)]


def test_a_closure_counts_from_its_announcement() -> None:
    """Announced on Saturday the 14th, again on the 20th, from the 16th on: the weekend before is closed too."""
    events = [
        closure("2020-03-16", None, at=MONDAY - 2 * DAY),
        closure("2020-03-16", "2020-04-05", at=MONDAY + 4 * DAY),
        lost("a", MONDAY - DAY),
    ]
    k = MONDAY + 5 * DAY
    assert cells(events, VARIANTS[1], k) == [("GM0014", "2020-W11", 0, 1), ("GM0014", "2020-W12", 1, 1)]
    late = [closure("2020-03-16", None, at=MONDAY + 4 * DAY), lost("a", MONDAY + HOUR)]
    assert cells(late, VARIANTS[1], k) == [("GM0014", "2020-W12", 1, 1)]


def test_weeks_of_another_zone() -> None:
    """Monday 02:00 in Amsterdam is Sunday in New York."""
    events = [
        closure("2020-03-01", None, at=MONDAY - 20 * DAY),
        lost("a", MONDAY - DAY),
        restored("b", MONDAY + 2 * HOUR),
    ]
    assert cells(events, VARIANTS[2], MONDAY + 3 * HOUR) == [("GM0014", "2020-W11", 1, 0)]
    assert cells(events, VARIANTS[2], MONDAY + 3 * HOUR, "restored") == [
        ("GM0014", "2020-W11", 0, 1),
        ("GM0014", "2020-W12", 1, 0),
    ]


def test_residence_as_known_then_and_at_the_end() -> None:
    """Lost in W12 with no municipality; in W13 it is told that the pupil has lived in one, and in W14 in another."""
    events = [
        closure("2020-03-16", None),
        lost("a", MONDAY + HOUR, None),
        said(
            "b", "residence-established", MONDAY + 2 * HOUR, MONDAY + 8 * DAY, pupil="pupil-1x", municipality="GM0363"
        ),
        moved("c", MONDAY + 15 * DAY, "GM0599"),
        # Known last, but of before: it does not undo what is known of later.
        said("d", "residence-established", MONDAY + DAY, MONDAY + 17 * DAY, pupil="pupil-1x", municipality="GM0014"),
    ]
    k = MONDAY + 20 * DAY
    official = {("GM0014", "2020-W12"), ("GM0014", "2020-W13"), ("GM0599", "2020-W14")}
    then = {("unknown", "2020-W12"), ("GM0363", "2020-W13"), ("GM0599", "2020-W14")}
    end = {("GM0599", "2020-W12"), ("GM0599", "2020-W13"), ("GM0599", "2020-W14")}
    for definition, expected in ((VARIANTS[3], then), (VARIANTS[4], end)):
        found = cells(events, definition, k)
        assert {(place, week) for place, week, counted, _ in found if counted} == official
        assert {(place, week) for place, week, _, counted in found if counted} == expected


def test_the_announcement_that_stands_says_whether_it_is_partial() -> None:
    tuesday = MONDAY + DAY
    events = [closure("2020-03-16", None, regime="closed"), lost("a", MONDAY + HOUR)]
    events.append(closure("2020-03-16", None, at=tuesday, regime="partial"))
    assert cells(events, VARIANTS[5], tuesday - 1) == [("GM0014", "2020-W12", 1, 1)]
    assert cells(events, VARIANTS[5], tuesday + 1) == [("GM0014", "2020-W12", 1, 0)]


def test_a_saved_variant_is_read_again_and_one_that_was_changed_is_not() -> None:
    for variant in VARIANTS:
        again = read_definition(variant.toml())
        assert (again, again.checksum) == (variant, variant.checksum)
        assert not variant.official
        assert variant.mark == f"variant {variant.name} {variant.checksum[:12]}"
    assert len({variant.checksum for variant in VARIANTS}) == len(VARIANTS)
    assert Definition("other", partial=False).checksum == VARIANTS[5].checksum
    with pytest.raises(Rejected, match="changed after it was saved"):
        read_definition(VARIANTS[5].toml().replace("stated", "at-the-end"))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "a", "restores": []}, "restores"),
        ({"name": "a", "restores": ["x') or true --"]}, "restores"),
        ({"name": "a", "restores": "door-visit"}, "restores"),
        ({"name": "a", "closed_from": "never"}, "closed_from"),
        ({"name": "a", "time_zone": "Nowhere/Else"}, "time_zone"),
        ({"name": "a", "time_zone": "Pacific/Auckland"}, "time_zone"),
        ({"name": "a", "residence": "x"}, "residence"),
        ({"name": "a", "partial": "no"}, "partial"),
        ({"name": "a", "weeks": "x"}, "weeks"),
        ({"name": "a"}, "parameters"),
        ({"name": "", "partial": False}, "name"),
        ({"name": "official", "partial": False}, "name"),
    ],
)
def test_what_is_no_variant_is_refused(given: dict[str, object], field: str) -> None:
    with pytest.raises(Rejected) as error:
        definition_of(given)
    assert error.value.field == field
