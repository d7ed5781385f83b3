"""The live view gives what the definition says, whatever the order, the number of times and the pieces."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.tables import MEASURES
from tests.projections.evaluation.histories import COUNTED, COVERED, line, random_history, random_moments
from tests.projections.evaluation.oracle import Oracle, Said, midnight
from tests.support.examples import examples
from tests.support.live import fed_view, known_at, messages_of

SEEDS = st.integers(0, 2**32)
EXAMPLES = examples(25)
DAY = 86_400_000_000
SOURCE = "urn:nld:oin:00000099000000001000:systeem:test"


def instant_of(year: int, month: int, day: int) -> int:
    return midnight(date(year, month, day))


def contact(pupil: str) -> dict[str, Any]:
    return {"pupil": pupil, "school": "06KR00", "sector": "po"}


def announced(name: str, first: date, last: date, at: int) -> Said:
    data = {"closure": name, "sectors": ["po"], "from": first, "until": last, "municipalities": None}
    return Said(SOURCE, f"closure-{name}", "closure-announced", at, at, data)


@pytest.mark.parametrize(("table", "kinds"), [("counts", COUNTED), ("coverage", COVERED)])
@EXAMPLES
@given(SEEDS)
def test_as_the_oracle_in_any_order_any_number_of_times_and_any_pieces(table: str, kinds: list[str], seed: int) -> None:
    random = Random(seed)
    said = random_history(seed, kinds, ties=False)
    k = random_moments(seed, said, 1)[0]
    events = [line(event).encode() for event in said]
    events += random.sample(events, random.randint(0, len(events)))
    random.shuffle(events)
    with fed_view() as fed:
        known = known_at(messages_of(events), k)
        half = len(known) // 2
        fed.feed(known[:half], [random.randint(1, 9) for _ in range(half)])
        fed.reader.tables(k)  # from here on the reader follows by what the commits add
        fed.feed(known[half:], [random.randint(1, 9) for _ in range(half)])
        oracle = Oracle(said, k)
        assert fed.csv(table, k) == (oracle.counts() if table == "counts" else oracle.coverage())


@EXAMPLES
@given(SEEDS, st.data())
def test_what_was_written_before_a_crash_is_counted_once(seed: int, data: st.DataObject) -> None:
    said = random_history(seed, [*COUNTED, *COVERED], ties=False)
    k = max(event.recorded for event in said) + 1
    messages = messages_of(line(event).encode() for event in said)
    with fed_view() as fed:
        while fed.view.position < len(messages):
            begin = fed.view.position
            piece = data.draw(st.integers(1, len(messages)))
            fed.view.take(messages[begin : begin + piece])
            if data.draw(st.booleans()) or piece == len(messages):
                fed.view.write()
                # The ledger may hand on again what was taken in already.
                fed.view.take(messages[: begin + piece])
            if data.draw(st.booleans()):
                fed.view.write()
                fed.restart()
        fed.view.write()
        oracle = Oracle(said, k)
        assert fed.csv("counts", k) == oracle.counts()
        assert fed.csv("coverage", k) == oracle.coverage()


@EXAMPLES
@given(SEEDS)
def test_a_reader_that_follows_sees_what_a_new_one_sees(seed: int) -> None:
    """Also while only time goes on: into a new week, past four weeks, past the end of a closure."""
    random = Random(seed)
    said = sorted(random_history(seed, [*COUNTED, *COVERED]), key=lambda event: event.recorded)
    messages = messages_of(line(event).encode() for event in said)
    with fed_view() as fed:
        for number in range(0, len(messages), 7):
            fed.feed(messages[number : number + 7], [7])
            known = fed.reader.recorded_until
            for later in (random.choice((0, 1, 3_600_000_000, 9 * 86_400_000_000)), random.choice((2, 86_400_000_000))):
                tables = {table: fed.csv(table, known + later) for table in MEASURES}
                with_new = type(fed.reader)(fed.place)
                old, fed.reader = fed.reader, with_new
                assert {table: fed.csv(table, known + later) for table in MEASURES} == tables
                fed.reader = old
                with_new.close()


def test_while_only_time_goes_on_the_same_arrays_are_given_until_a_figure_may_differ() -> None:
    lost, minute = instant_of(2020, 4, 1) + 9 * 3_600_000_000, 60_000_000
    said = [
        announced("one", date(2020, 3, 16), date(2020, 5, 31), lost),
        Said(SOURCE, "lost", "contact-lost", lost, lost, contact("pupil--1") | {"municipality": "GM0014"}),
    ]
    with fed_view() as fed:
        fed.feed(messages_of(line(event).encode() for event in said), [1])
        # 28 days after it the clocks stand as they did: Amsterdam changed to summer time on 29 March.
        before = fed.reader.tables(lost + 28 * DAY - 2 * minute)
        again = fed.reader.tables(lost + 28 * DAY - minute)
        assert again.as_of == before.as_of + minute
        assert all(again.counts[measure] is before.counts[measure] for measure in again.counts)
        assert again.counts["unreached_over_4_weeks"].sum() == 0
        assert fed.reader.tables(lost + 28 * DAY).counts["unreached_over_4_weeks"].sum() == 1
        assert fed.reader.tables(lost + 28 * DAY - 1).counts["unreached_over_4_weeks"].sum() == 0
        next_week = fed.reader.tables(lost + 33 * DAY)
        assert next_week.weeks == (*before.weeks, "2020-W19")
        with pytest.raises(ValueError, match="read-only"):
            next_week.counts["unreached"][:] = 0


def test_what_was_taken_back_leaves_no_empty_weeks_to_who_follows() -> None:
    at = instant_of(2020, 5, 4)
    said = [announced("one", date(2020, 3, 16), date(2020, 5, 31), at)]
    for month in (3, 4):
        data = contact(f"pupil--{month}") | {"municipality": "GM0014"}
        said.append(Said(SOURCE, f"lost-{month}", "contact-lost", at + month, instant_of(2020, month, 17), data))
    back = Said(SOURCE, "back", "report-retracted", at + 9, at + 9, {"source": SOURCE, "id": "lost-3"})
    with fed_view() as fed:
        fed.feed(messages_of(line(event).encode() for event in said), [1])
        assert fed.reader.tables(at + 9).weeks[0] == "2020-W12"
        fed.feed(messages_of([line(back).encode()], len(said)), [1])
        assert fed.reader.tables(at + 9).weeks[0] == "2020-W16"


def test_a_closure_that_turns_out_to_have_begun_earlier_shows_what_was_reported_of_the_weeks_before() -> None:
    """What lay before every closure when it came in has to be there once a closure reaches back to it."""
    first, later = date(2020, 3, 16), date(2020, 3, 30)
    at = instant_of(2020, 4, 1)
    registered = {"school": "06KR00", "sector": "po", "municipality": "GM0014", "from": first, "until": first}
    said = [
        announced("one", later, date(2020, 4, 5), at),
        Said(SOURCE, "school-1", "school-registered", at + 1, at + 1, registered | {"pupils": 7}),
        replace(announced("one", first, date(2020, 4, 5), at + 2), id="closure-earlier"),
    ]
    with fed_view() as fed:
        for number, event in enumerate(said, 1):
            fed.feed(messages_of([line(event).encode()], fed.view.position), [1])
            assert fed.csv("coverage", at + number) == Oracle(said[:number], at + number).coverage()
        assert "GM0014,po,2020-W12,1,0,0,0" in fed.csv("coverage", at + 3)


def test_between_two_closed_stretches_of_a_week_the_count_is_as_of_now() -> None:
    """τ is K while closed days of the week are still to come: a restoration in between counts in `unreached`."""
    opened = instant_of(2020, 5, 4)  # a Monday
    said = [
        announced("one", date(2020, 5, 4), date(2020, 5, 4), opened - 2),
        announced("two", date(2020, 5, 8), date(2020, 5, 8), opened - 1),
        Said(
            SOURCE, "lost-1", "contact-lost", opened + 9, opened + 8, contact("pupil--1") | {"municipality": "GM0014"}
        ),
        Said(
            SOURCE, "lost-2", "contact-lost", opened + 9, opened + 8, contact("pupil--2") | {"municipality": "GM0014"}
        ),
        Said(
            SOURCE, "back-1", "contact-restored", opened + DAY + 9, opened + DAY, {"pupil": "pupil--1", "via": "phone"}
        ),
    ]
    for k in (opened + 20, opened + 2 * DAY, opened + 5 * DAY, opened + 9 * DAY):
        with fed_view() as fed:
            fed.feed(known_at(messages_of(line(event).encode() for event in said), k), [9])
            assert fed.csv("counts", k) == Oracle(said, k).counts()
        if k == opened + 2 * DAY:
            assert "GM0014,po,2020-W19,1,2," in Oracle(said, k).counts()


@examples(8)  # eight years of weeks are ten times the work
@given(SEEDS)
def test_a_history_that_was_recorded_years_later(seed: int) -> None:
    """A whole closure may be brought in long after it was: the tables reach back to what happened."""
    later = 8 * 365 * DAY
    said = [
        replace(event, recorded=event.recorded + later)
        for event in random_history(seed, [*COUNTED, *COVERED], ties=False)
        if event.occurred > instant_of(2015, 1, 1)
    ]
    if not said:
        return
    k = max(event.recorded for event in said) + 1
    with fed_view() as fed:
        messages = messages_of(line(event).encode() for event in said)
        fed.feed(messages[:5], [2])
        fed.reader.tables(k)
        fed.feed(messages[5:], [9])
        assert fed.csv("counts", k) == Oracle(said, k).counts()
        assert fed.csv("coverage", k) == Oracle(said, k).coverage()
