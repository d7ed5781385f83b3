"""What is written: valid by the contract, in order, the same for the same seed, by whoever may publish it."""

import hashlib
import re
from collections import Counter, defaultdict

import pytest

from events import KINDS, content_digest, to_micros
from services.simulate import Plan, blocks, plan_for, simulate
from tests.services.simulate.reading import History

PUBLISHERS = {
    "contact-lost": {"leerlingadministratie", "leerplicht"},
    "contact-restored": {"leerlingadministratie", "wijkteam", "leerplicht", "jeugdhulp"},
    "device-lent": {"leerlingadministratie", "wijkteam"},
    "door-visit": {"leerlingadministratie", "wijkteam", "leerplicht", "jeugdhulp"},
    "residence-established": {"leerlingadministratie", "wijkteam", "leerplicht"},
    "report-retracted": {"leerlingadministratie", "leerplicht"},
    "week-reported": {"leerlingadministratie"},
    "reminder-sent": {"coordinatie", "leerplicht"},
    "school-registered": {"coordinatie"},
    "closure-announced": {"coordinatie"},
}

DIGEST = "ecdef2986b8408053b325bccc936cafa59e4d2e02975e0903435921161b77cbf"
KIND = re.compile(rb"v1\.([a-z-]+)")


def digest(**plan: object) -> str:
    whole = hashlib.sha256()
    for _, line in simulate(**plan):  # type: ignore[arg-type]
        whole.update(line + b"\n")
    return whole.hexdigest()


def test_every_platform_writes_these_bytes() -> None:
    # A change of what is simulated changes this on purpose; a change of platform, Python or NumPy must not.
    assert digest(seed=7, scale=0.02, schools=0.02) == DIGEST


def test_another_seed_is_another_history() -> None:
    first, second = ({line for _, line in simulate(seed, "second", 0.02, 0.02)} for seed in (1, 2))
    assert not first & second


def test_lines_come_in_the_order_recorded_and_say_when(history: History) -> None:
    recorded = [at for at, _ in history.lines]
    assert recorded == sorted(recorded)
    assert recorded == [to_micros(event.recordedtime) for event in history.events if event.recordedtime]


def test_every_kind_is_there_and_published_by_whoever_may(history: History) -> None:
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for event in history.events:
        seen[event.kind].add(event.source.rsplit(":", 1)[1])
    assert seen == PUBLISHERS
    assert set(seen) == set(KINDS)


def test_organisations_schools_and_pseudonyms_are_clearly_made_up(history: History) -> None:
    # The prefix for test numbers in the OIN system.
    assert all(event.source.startswith("urn:nld:oin:00000099") for event in history.events)
    # A BRIN begins with two digits.
    assert all(re.fullmatch("[PSVM][0-9][0-9A-Z]{2}[0-9]{2}", e.data.school) for e in history.of("school-registered"))
    assert {len(event.data.pupil) for event in history.of("contact-lost")} == {22}


def test_copies_have_equal_content_and_come_later(history: History) -> None:
    first: dict[tuple[str, str], tuple[int, bytes]] = {}
    copied: Counter[str] = Counter()
    for (recorded, line), event in zip(history.lines, history.events, strict=True):
        known = first.setdefault((event.source, event.id), (recorded, line))
        if known[1] is not line:
            assert recorded > known[0]
            assert content_digest(line) == content_digest(known[1])
            copied[event.kind] += 1
    assert 0.005 < copied.total() / len(history.events) < 0.011
    assert {"contact-lost", "contact-restored", "week-reported", "report-retracted"} <= set(copied)


def test_retractions_name_an_event_of_the_same_source_unless_leerplicht_retracts(history: History) -> None:
    recorded: dict[tuple[str, str], int] = {}
    for (at, _), event in zip(history.lines, history.events, strict=True):
        recorded.setdefault((event.source, event.id), at)
    kinds, overtaken = Counter[str](), 0
    by_key = {(event.source, event.id): event for event in history.events}
    for event in history.of("report-retracted"):
        target = (event.data.retracts.source, event.data.retracts.id)
        kinds[by_key[target].kind] += 1
        assert target[0] == event.source or event.source.endswith(":leerplicht")
        overtaken += recorded[event.source, event.id] < recorded[target]
    assert kinds["contact-lost"] > 100
    assert kinds["contact-restored"] > 30
    assert overtaken > 0


def test_a_visit_that_makes_contact_comes_with_the_restoration_and_the_other_way_round(history: History) -> None:
    def made(kind: str, member: str, word: str) -> set[tuple[str, str, object]]:
        chosen = (event for event in history.of(kind) if getattr(event.data, member) == word)
        return {(event.source, event.data.pupil, event.data.occurred_at) for event in chosen}

    visits = made("door-visit", "outcome", "contact")
    assert visits == made("contact-restored", "via", "door-visit")
    assert len(visits) > 2000


@pytest.mark.parametrize(
    # The list of schools is made anew; what schools answer in the second closure includes whom the first one left.
    ("closure", "but"),
    [("first", {b"school-registered"}), ("second", {b"school-registered", b"week-reported", b"reminder-sent"})],
)
def test_one_closure_is_that_part_of_both(closure: str, but: set[bytes]) -> None:
    both = {line for _, line in simulate(3, "both", 0.05, 0.05)}
    one = {line for _, line in simulate(3, closure, 0.05, 0.05)}  # type: ignore[arg-type]
    missing = Counter(KIND.search(line)[1] for line in one - both)  # type: ignore[index]
    assert set(missing) <= but
    assert len(one) > 4000


@pytest.mark.parametrize(
    ("events", "closure"), [(2_000, "both"), (30_000, "first"), (20_000, "second"), (600_000, "both")]
)
def test_as_many_events_as_asked_for(events: int, closure: str) -> None:
    plan = plan_for(events, Plan(seed=5, closure=closure))  # type: ignore[arg-type]
    assert abs(sum(len(lines) for _, lines in blocks(plan)) - events) <= 0.02 * events


def test_scale_multiplies_pupils_and_devices_and_leaves_schools_alone(history: History) -> None:
    twice = Counter(KIND.search(line)[1].decode() for _, line in simulate(scale=2.0))  # type: ignore[index]
    once = Counter(event.kind for event in history.events)
    for kind in ("contact-lost", "contact-restored", "device-lent", "door-visit", "residence-established"):
        assert 1.9 < twice[kind] / once[kind] < 2.1, kind
    for kind in ("school-registered", "week-reported", "reminder-sent", "closure-announced"):
        assert 0.98 < twice[kind] / once[kind] < 1.02, kind


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"scale": 0.0}, {"schools": 0.0}, {"schools": 1.5}, {"events": 99}])
def test_plans_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        simulate(**wrong)  # type: ignore[arg-type]
