"""The simulated country against the public figures, within the margins that docs/simulation.md states."""

from collections import Counter, defaultdict

import pytest

from events import to_micros
from projections.register import closure_decisions
from tests.services.simulate.reading import History, instant

SECOND = instant("2020-12-16T00:00+01:00")


def by_sector(history: History, at: str) -> Counter[str]:
    return Counter(interval.sector for interval in history.unreached(at))


def test_seven_thousand_in_mid_april(history: History) -> None:
    assert by_sector(history, "2020-04-15T12:00+02:00")["po"] == pytest.approx(7000, rel=0.05)


def test_what_schools_said_in_that_week_was_about_five_thousand(history: History) -> None:
    at = instant("2020-04-15T12:00+02:00")
    last = {e.data.school: e.data for e in history.known(at) if e.kind == "week-reported" and e.data.week == "2020-W15"}
    claimed = sum(data.unreached for data in last.values() if data.sector in ("po", "vo"))
    assert claimed == pytest.approx(5100, rel=0.08)


@pytest.mark.parametrize("day", ["2020-05-20", "2020-05-21", "2020-05-22"])
def test_five_hundred_in_may_at_three_in_a_hundred_schools_often_of_one_household(history: History, day: str) -> None:
    unreached = [interval for interval in history.unreached(f"{day}T12:00+02:00") if interval.sector == "po"]
    assert len(unreached) == pytest.approx(500, rel=0.10)
    schools = Counter(interval.school for interval in unreached)
    assert 0.025 < len(schools) / 6600 < 0.04
    assert sum(number in (2, 3) for number in schools.values()) > 0.7 * len(schools)
    household = {e.data.pupil: e.data.household for e in history.of("contact-lost")}
    families = defaultdict(list)
    for interval in unreached:
        families[interval.school].append(household[interval.pupil])
    several = [names for names in families.values() if len(names) > 1 and None not in names]
    assert sum(len(set(names)) == 1 for names in several) > 0.8 * len(several)


def test_june(history: History) -> None:
    found = by_sector(history, "2020-06-05T18:00+02:00")
    assert found["po"] == pytest.approx(430, rel=0.10)
    assert found["so"] == pytest.approx(150, rel=0.10)  # 50 so and 100 vso
    assert found["po"] + found["so"] == pytest.approx(580, rel=0.10)


def test_one_school_in_twenty_in_the_second_closure_and_half_of_those_told_leerplicht(history: History) -> None:
    lost = {i.pupil: i.school for i in history.intervals(history.last) if i.begin >= SECOND}
    registered = {event.data.school for event in history.of("school-registered")}
    assert len(set(lost.values())) / len(registered) == pytest.approx(0.05, rel=0.15)
    told = {
        lost[event.data.pupil]
        for event in history.known(history.last)
        if event.source.endswith(":leerplicht")
        and hasattr(event.data, "pupil")
        and event.data.pupil in lost
        and to_micros(event.data.occurred_at) >= SECOND
    }
    assert len(told) / len(set(lost.values())) == pytest.approx(0.5, abs=0.08)


def test_devices(history: History) -> None:
    once = {(event.source, event.id): event for event in history.of("device-lent")}.values()
    lent = Counter(event.data.lender for event in once)
    del lent[None]
    assert lent == {
        "gemeente Amsterdam": 3000,
        "gemeente Rotterdam": 3000,
        "SIVON": 6800,
        "Jeugdeducatiefonds": 2598,
        "Leergeld Den Haag": 850,
        "gemeente Groningen": 60,
    }
    assert {e.data.device for e in once if e.data.lender == "gemeente Groningen"} == {"internet"}


def test_answers_begin_in_the_second_week_po_before_vo_and_slow_schools_are_reminded(history: History) -> None:
    first: dict[str, int] = {}
    for (recorded, _), event in zip(history.lines, history.events, strict=True):
        if event.kind == "week-reported":
            first.setdefault(event.data.sector, recorded)
    assert instant("2020-03-23T00:00+01:00") < first["po"] < instant("2020-03-30T00:00+02:00")
    assert first["po"] < first["vo"]
    answered = {(e.data.school, e.data.week) for e in history.of("week-reported")}
    reminded = {(e.data.school, e.data.week) for e in history.of("reminder-sent")}
    assert len(reminded & answered) > 5000
    assert len(reminded - answered) > 5000


def test_schools_and_their_pupils_have_the_size_of_the_country(history: History) -> None:
    schools = {event.data.school: event.data for event in history.of("school-registered")}.values()
    count = Counter(school.sector for school in schools)
    assert count == {"po": 6600, "so": 500, "vo": 1500, "mbo": 300}
    for sector, pupils in {"po": 1_400_000, "so": 100_000, "vo": 930_000, "mbo": 500_000}.items():
        assert sum(s.pupils or 0 for s in schools if s.sector == sector) == pytest.approx(pupils, rel=0.08)


def test_every_decision_about_a_closure_is_announced_as_decided(history: History) -> None:
    announced = {(event.source, event.id): event.data for event in history.of("closure-announced")}.values()
    assert [(d.closure, to_micros(d.occurred_at), d.sectors, d.starts, d.until, d.regime) for d in announced] == [
        (d.closure, to_micros(d.decided_at), d.sectors, d.starts, d.until, d.regime) for d in closure_decisions()
    ]
