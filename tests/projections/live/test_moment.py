"""What is told beside the live tables of one moment: against a plain reading of the definition."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import format_instant, parse_instant
from projections.live.distinct import distinct
from projections.live.durations import DURATIONS, durations
from projections.live.moment import Moment
from projections.live.reading import LiveReader
from projections.live.schools import schools
from projections.live.settling import FOLLOWED, Settling, following, settling, settling_in_time
from projections.live.yesterday import yesterday
from projections.tables import SECTORS
from tests.projections.evaluation.histories import COUNTED, COVERED, DAY, line, random_history, random_moments
from tests.projections.evaluation.oracle import FOUR_WEEKS, Oracle, Said, day_of, midnight
from tests.projections.evaluation.running import run_as_of
from tests.support.examples import examples
from tests.support.live import fed_view, known_at, messages_of

SEEDS = st.integers(0, 2**32)
EXAMPLES = examples(20)
FEW_EXAMPLES = examples(10)
WEEK = 7 * DAY


@dataclass(frozen=True)
class Case:
    """A random history, and the view of all that was recorded up to K, at K."""

    said: list[Said]
    k: int
    moment: Moment


@contextmanager
def case(seed: int, kinds: list[str], *, later: int = 0) -> Iterator[Case]:
    random = Random(seed)
    said = random_history(seed, kinds, ties=False)
    k = random_moments(seed, said, 1)[0] + random.choice((0, later))
    messages = messages_of(line(event).encode() for event in random.sample(said, len(said)))
    with fed_view() as fed:
        known = known_at(messages, k)
        fed.feed(known, [random.randint(1, 9) for _ in known])
        # Whether it has followed or reads all anew, and whether early events are left out again, makes no difference.
        if random.random() < 0.5:
            fed.reader.tables(k)
        with fed.reader.moment(k) as moment:
            yield Case(said, k, moment)


def rows_of(text: str) -> dict[tuple[str, str, str], dict[str, int]]:
    """A table by its keys."""
    found = {}
    for row in csv.DictReader(io.StringIO(text)):
        key = row.pop("municipality"), row.pop("sector"), row.pop("week")
        found[key] = {name: int(value) for name, value in row.items()}
    return found


# How the figures of past weeks became known


def hold_settling(moment: Moment, lines: list[str]) -> int:
    """Compare each figure with the replay as of its K; give how many differ from what is known now."""
    places = [*sorted({*moment.tables.places} & {"GM0014", "GM0363", "GM9999", "GM0518", "unknown"})]
    found = {place: settling(moment, place) for place in places}
    ks = next(iter(found.values())).moments
    assert all(each.moments == ks for each in found.values())
    assert ks[-1] == moment.at
    changed = 0
    for number, text in enumerate(run_as_of(lines, ks, "counts")):
        counted = rows_of(text)
        for place, each in found.items():
            for week, name in enumerate(each.weeks):
                for sector, of in enumerate(each.sectors):
                    value = int(each.unreached[sector, week, number])
                    if not each.exists[sector, week, number]:
                        assert value == 0
                        assert each.ends[week] > ks[number] or (place, of, name) not in counted
                        continue
                    row = counted.get((place, of, name), {"unreached": 0})
                    assert value == row["unreached"], (place, of, name, format_instant(ks[number]))
                    changed += value != int(each.unreached[sector, week, -1])
            over = {each.weeks[week] for week in np.flatnonzero(np.array(each.ends) <= ks[number])}
            rows = {key for key in counted if key[0] == place}
            past = {key[2] for key in rows if midnight(monday_of(key[2]) + timedelta(days=7)) <= ks[number]}
            assert past <= over, "a row of a week that is over is missing"
    return changed


def monday_of(week: str) -> date:
    return date.fromisocalendar(int(week[:4]), int(week[-2:]), 1)


@FEW_EXAMPLES
@given(SEEDS)
def test_past_weeks_are_told_as_the_replay_tells_them(seed: int) -> None:
    with case(seed, [*COUNTED, "contact-lost"], later=5 * WEEK) as found:
        hold_settling(found.moment, [line(event) for event in found.said])


@pytest.mark.parametrize("name", ["random", "closures", "residence", "retractions"])
def test_the_golden_histories_as_they_became_known(golden: Path, name: str) -> None:
    lines = (golden / f"{name}.ndjson").read_text("utf-8").splitlines()
    with fed_view() as fed:
        fed.feed(messages_of(each.encode() for each in lines), [500])
        with fed.reader.moment(0) as moment:
            changed = hold_settling(moment, lines)
    assert changed > 0 or name != "random"


LOST = {"pupil": "pupil--1", "school": "06KR00", "sector": "po", "municipality": "GM0014"}


def said(kind: str, number: int, recorded: str, occurred: str, data: Mapping[str, object]) -> bytes:
    source = "urn:nld:oin:00000099000000001000:systeem:test"
    return line(Said(source, f"e{number}", kind, parsed(recorded), parsed(occurred), dict(data))).encode()


def parsed(day: str) -> int:
    return parse_instant(f"{day}T12:00:00+02:00")


def test_a_late_report_a_retraction_a_move_and_a_closure_made_shorter() -> None:
    source = "urn:nld:oin:00000099000000001000:systeem:test"
    closure = {"closure": "one", "sectors": ["po"], "from": date(2020, 3, 16), "until": None, "municipalities": None}
    events = [
        said("closure-announced", 1, "2020-03-15", "2020-03-15", closure),
        said("contact-lost", 2, "2020-03-18", "2020-03-18", LOST),
        said("contact-lost", 3, "2020-04-01", "2020-03-19", LOST | {"pupil": "pupil--2"}),
        said("contact-lost", 4, "2020-03-19", "2020-03-19", LOST | {"pupil": "pupil--3"}),
        said("report-retracted", 5, "2020-04-07", "2020-04-07", {"source": source, "id": "e4"}),
        said(
            "residence-established",
            6,
            "2020-04-14",
            "2020-03-19",
            {"pupil": "pupil--1", "municipality": "GM0363"},
        ),
        said("closure-announced", 7, "2020-04-21", "2020-04-21", closure | {"until": date(2020, 3, 18)}),
    ]
    with fed_view() as fed:
        fed.feed(messages_of(events), [3])
        with fed.reader.moment(parsed("2020-04-28")) as moment:
            home, new = settling(moment, "GM0014"), settling(moment, "GM0363")
    # The weeks after the closure, as its end became known, are told too: there was a row, and there is none now.
    assert home.weeks == tuple(f"2020-W{week}" for week in range(12, 17))
    first = home.of("2020-W12")
    assert [known.weeks_after for known in first] == [0, 1, 2, 3, 4, 5, None]
    assert [known.unreached for known in first] == [2, 2, 3, 2, 1, 1, 1]
    assert [known.unreached for known in home.of("2020-W12", "po")] == [2, 2, 3, 2, 1, 1, 1]
    assert [known.unreached for known in home.of("2020-W12", "vo")] == [None] * 7
    assert [known.unreached for known in home.of("2020-W14")] == [3, 2, 1, None, None]
    assert [known.unreached for known in new.of("2020-W12")] == [0, 0, 0, 0, 1, 0, 0]


def test_years_later_a_week_is_followed_for_half_a_year_and_told_as_it_is_known_now() -> None:
    closure = {"closure": "one", "sectors": ["po"], "from": date(2020, 3, 16), "until": date(2020, 3, 29)}
    events = [
        said("closure-announced", 1, "2020-03-15", "2020-03-15", closure | {"municipalities": None}),
        said("contact-lost", 2, "2022-03-18", "2020-03-18", LOST),
    ]
    with fed_view() as fed:
        fed.feed(messages_of(events), [3])
        with fed.reader.moment(parsed("2026-03-15")) as moment:
            known = settling(moment, "GM0014").of("2020-W13")
    assert [each.weeks_after for each in known] == [*range(FOLLOWED + 1), None]
    assert [each.unreached for each in known] == [0] * (FOLLOWED + 1) + [1]


PLACES = ("GM0014", "GM0363", "unknown")


def plain(told: Settling) -> dict[str, object]:
    return vars(told) | {"exists": told.exists.tolist(), "unreached": told.unreached.tolist()}


@EXAMPLES
@given(SEEDS)
def test_what_is_kept_of_the_past_is_what_is_counted_anew(seed: int) -> None:
    """Whether what comes was recorded now or long ago, and however far time goes on."""
    random = Random(seed)
    said = random_history(seed, [*COUNTED, "contact-lost"])
    messages = messages_of(line(event).encode() for event in random.sample(said, len(said)))
    if random.random() < 0.5:
        messages.sort(key=lambda message: message.recorded)
        messages = [message._replace(position=number) for number, message in enumerate(messages, 1)]
    with fed_view() as fed:
        k = 0
        for begin in range(0, len(messages), 9):
            fed.feed(messages[begin : begin + 9], [random.randint(1, 9)])
            k = max(k, fed.reader.recorded_until) + random.choice((0, 0, DAY, WEEK))
            new = LiveReader(fed.place)
            with fed.reader.moment(k) as kept, new.moment(k) as moment:
                for place in PLACES:
                    assert plain(settling(kept, place)) == plain(settling(moment, place))
            new.close()


def test_what_takes_long_is_counted_in_pieces_while_more_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_SOME", 2)
    closure = {"closure": "one", "sectors": ["po"], "from": date(2020, 3, 16), "until": None, "municipalities": None}
    events = [said("closure-announced", 1, "2020-03-15", "2020-03-15", closure)] + [
        said("contact-lost", number, "2020-03-18", "2020-03-18", LOST | {"pupil": f"pupil--{number}"})
        for number in range(2, 9)
    ]
    restored = said("contact-restored", 9, "2020-04-15", "2020-03-19", {"pupil": "pupil--2", "via": "phone"})
    late = said("contact-lost", 10, "2020-04-02", "2020-03-18", LOST | {"pupil": "pupil-10"})
    messages = messages_of([*events, restored, late])
    with fed_view() as fed:
        found: list[Settling | None] = []

        def look(day: str = "2020-04-15") -> Settling | None:
            with fed.reader.moment(parsed(day)) as moment:
                found.append(settling_in_time(moment, "GM0014", 0))
            return found[-1]

        fed.feed(messages[:-2], [9])
        assert look() is None
        fed.feed(messages[-2:-1], [9])
        # Recorded after every moment that is counted: what was counted stands.
        assert [look() for _ in range(2)] == [None, None]
        told = look()
        assert told is not None
        assert [each.unreached for each in told.of("2020-W12")] == [7, 7, 7, 7, 6]
        # Recorded before some of them: until it is counted anew, what was told is told.
        fed.feed(messages[-1:], [9])
        assert [look() for _ in range(3)] == [told] * 3
        told = look()
        assert told is not None
        assert [each.unreached for each in told.of("2020-W12")] == [7, 7, 8, 8, 7]
        # Another week begins.
        assert look("2020-04-21") == told
        for _ in range(2):
            look("2020-04-21")
        told = look("2020-04-21")
        assert told is not None
        assert [each.unreached for each in told.of("2020-W12")] == [7, 7, 8, 8, 7, 7]


# Distinct over municipalities and sectors


def counted_once(oracle: Oracle, week: str) -> tuple[dict[tuple[str, str], set[str]], dict[tuple[str, str], set[str]]]:
    """Who is in each row of a week: the households just before τ, and the pupils during the week."""
    standing: dict[tuple[str, str], set[str]] = defaultdict(set)
    during: dict[tuple[str, str], set[str]] = defaultdict(set)
    for place, sector, label, _, days in oracle.frame(oracle.places()):
        if label != week:
            continue
        tau = min(midnight(days[-1] + timedelta(days=1)), oracle.k)
        for pupil in oracle.pupils:
            moments = {event.occurred for event in oracle._statements(pupil)} | {midnight(day) for day in days}
            for interval in oracle.intervals[pupil]:
                if interval.opened_by.data["sector"] != sector:
                    continue
                if interval.holds(tau - 1) and oracle.lives(pupil, tau - 1) == place:
                    household = interval.opened_by.data.get("household")
                    standing[place, sector].add(f"one {pupil}" if household is None else household)
                for at in {interval.began, *moments}:
                    if interval.holds(at) and at < oracle.k and day_of(at) in days and oracle.lives(pupil, at) == place:
                        during[place, sector].add(pupil)
    return standing, during


@EXAMPLES
@given(SEEDS)
def test_a_household_and_a_pupil_are_one_however_many_rows_they_are_in(seed: int) -> None:
    with case(seed, COUNTED) as found:
        oracle, moment = Oracle(found.said, found.k), found.moment
        places = moment.tables.places
        groups = {"NL": set(places), "one": {"GM0014"}, "two": {"GM0014", "unknown"}, "none": set()}
        for week in moment.tables.weeks:
            standing, during = counted_once(oracle, week)
            for name, counts in distinct(moment, week, groups).items():
                inside = [key for key in standing.keys() | during.keys() if key[0] in groups[name]]
                for sector in SECTORS:
                    of = [key for key in inside if key[1] == sector]
                    assert counts.households[sector] == len(set().union(*(standing[key] for key in of)))
                    assert counts.during[sector] == len(set().union(*(during[key] for key in of)))
                assert counts.households_together == len(set().union(*(standing[key] for key in inside)))
                assert counts.during_together == len(set().union(*(during[key] for key in inside)))


# How long


@EXAMPLES
@given(SEEDS)
def test_the_split_by_how_long_is_that_of_the_intervals_that_run(seed: int) -> None:
    with case(seed, COUNTED) as found:
        oracle, moment = Oracle(found.said, found.k), found.moment
        k, tables = found.k, found.moment.tables
        if not tables.weeks:
            return
        split = durations(moment)
        monday = day_of(k - 1) - timedelta(days=day_of(k - 1).weekday())
        running = {(p, s) for p, s, _, week, _ in oracle.frame(tables.places) if week[0] == monday}
        assert {(tables.places[p], tables.sectors[s]) for p, s in np.argwhere(split.running)} == running
        expected: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * len(DURATIONS))
        for pupil in oracle.pupils:
            for interval in oracle.intervals[pupil]:
                if interval.holds(k - 1):
                    age = k - interval.began
                    at = 3 if age >= FOUR_WEEKS else 2 if age >= 2 * WEEK else 1 if age >= WEEK else 0
                    expected[oracle.lives(pupil, k - 1), interval.opened_by.data["sector"]][at] += 1
        for p, place in enumerate(tables.places):
            for s, sector in enumerate(tables.sectors):
                key = (place, sector)
                wanted = expected[key] if key in running else [0] * len(DURATIONS)
                assert split.counts[p, s].tolist() == wanted, key
                if key in running and oracle.closed(place, sector, day_of(k - 1)):
                    # Schools are closed now: it is the row's own number that is split.
                    assert sum(wanted) == tables.counts["unreached"][p, s, -1]
                    assert wanted[3] == tables.counts["unreached_over_4_weeks"][p, s, -1]


# Since yesterday


@EXAMPLES
@given(SEEDS)
def test_yesterday_is_the_table_for_its_end_by_what_is_known_now(seed: int) -> None:
    with case(seed, COUNTED, later=2 * WEEK) as found:
        oracle, tables = Oracle(found.said, found.k), found.moment.tables
        before = yesterday(found.moment)
        today = day_of(found.k)
        assert before.until == midnight(today)
        oracle.k = midnight(today)
        week = today - timedelta(days=1)
        name = f"{week.isocalendar()[0]}-W{week.isocalendar()[1]:02}"
        open_ = {(p, s) for p, s, label, _, _ in oracle.frame(tables.places) if label == name}
        assert {(tables.places[p], tables.sectors[s]) for p, s in np.argwhere(before.open)} == open_
        counted = rows_of(oracle.counts())
        change, both = before.change(tables)
        for p, place in enumerate(tables.places):
            for s, sector in enumerate(tables.sectors):
                then = counted.get((place, sector, name), {"unreached": 0})["unreached"]
                assert before.unreached[p, s] == then
                if both[p, s]:
                    assert change[p, s] == tables.counts["unreached"][p, s, -1] - then
                else:
                    assert change[p, s] == 0


# School by school


@EXAMPLES
@given(SEEDS)
def test_the_schools_are_those_that_the_row_of_the_coverage_counts(seed: int) -> None:
    with case(seed, COVERED) as found:
        rows = rows_of(Oracle(found.said, found.k).coverage())
        tables = found.moment.tables
        for place in tables.places:
            weeks = {sector: [w for p, s, w in sorted(rows) if (p, s) == (place, sector)] for sector in SECTORS}
            unheard: dict[tuple[str, str], list[str]] = defaultdict(list)
            for week in tables.weeks:
                listed = schools(found.moment, place, week)
                for sector in SECTORS:
                    of = [school for school in listed if school.sector == sector]
                    row = rows.get((place, sector, week), dict.fromkeys(("schools_expected",), 0))
                    assert len(of) == row["schools_expected"]
                    if not of:
                        continue
                    assert week in weeks[sector]
                    assert sum(school.reported for school in of) == row["schools_reported"]
                    assert sum(school.on_time for school in of) == row["schools_on_time"]
                    assert sum(school.claim or 0 for school in of) == row["claimed_unreached"]
                    for school in of:
                        assert (school.claim is None) == (school.last_recorded is None) == (not school.reported)
                        key = (school.school, sector)
                        unheard[key] = [] if school.reported else [*unheard[key], week]
                        assert school.silent_weeks == len(unheard[key])
                        assert school.silent_since == (unheard[key][0] if unheard[key] else None)


def test_a_municipality_that_is_none_of_the_tables_has_no_schools() -> None:
    with fed_view() as fed, fed.reader.moment(0) as moment:
        assert schools(moment, "GM9999", "2020-W14") == []
        assert schools(moment, "unknown", "2020-W14") == []
        with pytest.raises(ValueError, match="not in tuple"):
            distinct(moment, "2020-W14", {})
