"""What happens to pupils in a history: the cases that a count has to get right are all there."""

from collections import Counter, defaultdict

from events import to_micros
from tests.services.simulate.reading import History, instant

HOUR = 3_600_000_000
NEW_YEAR = instant("2021-01-01T00:00+01:00")


def test_losses_are_reported_hours_to_days_later_and_some_much_later(history: History) -> None:
    delays = sorted(
        recorded - to_micros(event.data.occurred_at)
        for (recorded, _), event in zip(history.lines, history.events, strict=True)
        if event.kind == "contact-lost"
    )
    assert delays[0] >= 0
    assert 12 * HOUR < delays[len(delays) // 2] < 10 * 24 * HOUR
    assert 0.01 < sum(delay > 14 * 24 * HOUR for delay in delays) / len(delays) < 0.15


def test_clocks_of_senders_may_be_ahead_but_less_than_the_tolerance(history: History) -> None:
    ahead = [
        to_micros(event.data.occurred_at) - recorded
        for (recorded, _), event in zip(history.lines, history.events, strict=True)
        if event.kind == "week-reported"
    ]
    assert 0 < max(ahead) < 2 * 60 * 1_000_000


def test_pupils_are_lost_again_and_reached_again(history: History) -> None:
    times = Counter(interval.pupil for interval in history.intervals(history.last))
    assert 0.03 < sum(number > 1 for number in times.values()) / len(times) < 0.09


def test_households_have_brothers_and_sisters_some_of_them_in_secondary_education(history: History) -> None:
    members, sectors = defaultdict(set), defaultdict(set)
    for event in history.of("contact-lost"):
        if event.data.household:
            members[event.data.household].add(event.data.pupil)
            sectors[event.data.household].add(event.data.sector)
    assert Counter(map(len, members.values()))[2] > 1000
    assert sum({"po", "vo"} <= seen for seen in sectors.values()) > 50


def test_residences_unknown_to_secondary_schools_are_established_for_most(history: History) -> None:
    unknown = {e.data.pupil for e in history.of("contact-lost") if e.data.municipality is None}
    sectors = {e.data.sector for e in history.of("contact-lost") if e.data.municipality is None}
    established = {e.data.pupil for e in history.of("residence-established")}
    assert sectors == {"vo", "mbo"}
    assert 0.6 < len(unknown & established) / len(unknown) < 0.9


def test_pupils_move_inside_an_unreached_interval(history: History) -> None:
    lost: dict[str, set[str]] = defaultdict(set)
    for event in history.of("contact-lost"):
        lost[event.data.pupil].add(event.data.municipality or "")
    until = {interval.pupil: interval for interval in history.intervals(history.last)}
    moves = [
        event
        for event in history.of("residence-established")
        if event.data.pupil in until
        and event.data.pupil in lost
        and "" not in lost[event.data.pupil]
        and event.data.municipality not in lost[event.data.pupil]
        and to_micros(event.data.occurred_at) < NEW_YEAR
    ]
    assert len(moves) > 50


def test_the_reorganisation_moves_whoever_is_unreached_and_registers_schools_anew(history: History) -> None:
    ended = {"GM0003", "GM0010", "GM0024", "GM0788"}
    new = {"GM1979", "GM0855", "GM0757", "GM0824", "GM0865"}
    at_midnight = [e for e in history.of("residence-established") if to_micros(e.data.occurred_at) == NEW_YEAR]
    assert at_midnight
    assert {e.data.municipality for e in at_midnight} <= new
    homes: dict[str, str | None] = {}
    for event in history.of("contact-lost"):
        homes.setdefault(event.data.pupil, event.data.municipality)
    assert {homes[e.data.pupil] for e in at_midnight} <= ended | {None}
    for event in history.of("contact-lost"):
        assert (event.data.municipality in ended) <= (to_micros(event.data.occurred_at) < NEW_YEAR)
        assert (event.data.municipality == "GM1979") <= (to_micros(event.data.occurred_at) >= NEW_YEAR)
    registered: dict[str, list[str]] = defaultdict(list)
    for event in history.of("school-registered"):
        registered[event.data.school].append(event.data.municipality)
    assert all(places[-1] not in ended for places in registered.values())
    assert sum(places[0] in ended for places in registered.values()) > 10


def test_claims_resemble_the_count_and_are_sometimes_wrong(history: History) -> None:
    friday = instant("2020-04-10T12:00+02:00")
    intervals = history.intervals(history.last)
    unreached = Counter(i.school for i in intervals if i.begin <= friday and (i.end is None or i.end > friday))
    claims = {e.data.school: e.data.unreached for e in history.of("week-reported") if e.data.week == "2020-W15"}
    equal = sum(claim == unreached[school] for school, claim in claims.items())
    assert 0.8 < equal / len(claims) < 1
    told_more_than_once = Counter((e.data.school, e.data.week) for e in history.of("week-reported"))
    assert sum(number > 1 for number in told_more_than_once.values()) > 1000
