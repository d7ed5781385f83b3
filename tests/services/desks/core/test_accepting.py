"""A desk by itself: what it accepts, what it knows, what it refuses and keeps."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from events import DESKS, KINDS, PUBLISHERS, parse_event
from services.desks.answers import TOGETHER_RULE, Fate
from services.desks.desk import Desk
from services.desks.rules import MAX_BYTES
from tests.services.desks.conftest import Store, Stores
from tests.support.examples import examples
from tests.support.reports import OTHER, SOURCE, lost, now, report, visited


@pytest.fixture
def store(stores: Stores) -> Store:
    return stores("desk")


@pytest.fixture
def school(store: Store) -> Iterator[Desk]:
    with Desk("school", store, now) as desk:
        yield desk


async def fates(desk: Desk, *raws: bytes, sources: frozenset[str] | None = None) -> list[Fate]:
    return [answer.fate for answer in await desk.accept(raws, sources=sources)]


def kinds_of(desk: Desk) -> list[str | None]:
    return [each.kind for each in desk.reports(SOURCE)]


async def test_a_report_is_stored_once_and_its_copies_are_known(school: Desk) -> None:
    assert await fates(school, lost(1), lost(2)) == [Fate.ACCEPTED, Fate.ACCEPTED]
    assert await fates(school, lost(2), lost(3), lost(3)) == [Fate.KNOWN, Fate.ACCEPTED, Fate.KNOWN]
    assert [each.id for each in school.reports(SOURCE)] == ["lost-1", "lost-2", "lost-3"]
    assert school.backlog == 3


async def test_a_copy_written_another_way_is_known(school: Desk) -> None:
    event = json.loads(lost(1))
    await school.accept([lost(1)])
    event["data"]["occurredAt"] = "2020-03-16T10:00:00.0+01:00"
    again = json.dumps(dict(reversed(event.items())), indent=1).encode()
    assert await fates(school, again) == [Fate.KNOWN]
    event["recordedtime"] = "2020-03-17T00:00:00Z"
    assert await fates(school, json.dumps(event).encode()) == [Fate.KNOWN]


async def test_another_content_under_the_same_id_is_a_conflict_and_kept(school: Desk) -> None:
    await school.accept([lost(1)])
    (answer,) = await school.accept([lost(1, sector="vo")])
    assert (answer.fate, answer.field, answer.id) == (Fate.CONFLICT, "id", "lost-1")
    (kept,) = school.rejected()
    assert kept.raw == lost(1, sector="vo")
    assert kept.fate is Fate.CONFLICT
    assert school.backlog == 1


async def test_of_two_contents_at_once_one_is_accepted(school: Desk) -> None:
    answers = await asyncio.gather(*[school.accept([lost(1, reason=reason)]) for reason in ("language", "other") * 20])
    counted = [answer.fate for (answer,) in answers]
    assert counted.count(Fate.ACCEPTED) == 1
    assert counted.count(Fate.KNOWN) == 19
    assert counted.count(Fate.CONFLICT) == 20
    assert len(school.rejected()) == 1


async def test_many_callers_share_transactions_and_each_gets_its_own_answer(school: Desk) -> None:
    answers = await asyncio.gather(*[school.accept([lost(number), lost(number + 1)]) for number in range(0, 400, 2)])
    assert [answer.id for pair in answers for answer in pair] == [f"lost-{number}" for number in range(400)]
    assert school.backlog == 400


async def test_what_is_accepted_is_there_after_a_restart(store: Store) -> None:
    with Desk("school", store, now) as desk:
        await desk.accept([lost(1), b"{"])
        first = desk.report(SOURCE, "lost-1")
    with Desk("school", store, now) as desk:
        assert desk.report(SOURCE, "lost-1") == first
        assert desk.backlog == 1
        assert await fates(desk, lost(1)) == [Fate.KNOWN]
        assert [each.raw for each in desk.rejected()] == [b"{"]


async def test_a_recorded_time_of_its_own_does_not_pass_a_desk(school: Desk) -> None:
    event = json.loads(lost(1)) | {"recordedtime": "2019-01-01T00:00:00Z"}
    await school.accept([json.dumps(event).encode()])
    (stored,) = school.reports(SOURCE)
    assert parse_event(stored.raw) == parse_event(lost(1))


@pytest.mark.parametrize("desk", DESKS)
async def test_a_desk_takes_its_own_kinds_only(desk: str, store: Store) -> None:
    with Desk(desk, store, now) as running:
        for kind in KINDS:
            (answer,) = await running.accept([report(f"of-{kind}", kind)])
            assert (answer.fate is Fate.ACCEPTED) == (desk in PUBLISHERS[kind]), kind
            assert answer.field == (None if desk in PUBLISHERS[kind] else "type")


async def test_only_leerplicht_retracts_what_another_reported(school: Desk, stores: Stores) -> None:
    own = report("taken-back", "report-retracted")
    others = report("of-another", "report-retracted", source=OTHER)
    assert await fates(school, own, others) == [Fate.ACCEPTED, Fate.FORBIDDEN]
    assert [each.field for each in school.rejected()] == ["data.retracts.source"]
    with Desk("leerplicht", stores("leerplicht"), now) as leerplicht:
        assert await fates(leerplicht, others) == [Fate.ACCEPTED]


async def test_who_sends_speaks_for_the_sources_of_its_key(school: Desk) -> None:
    mine = frozenset({SOURCE})
    assert await fates(school, lost(1), sources=mine) == [Fate.ACCEPTED]
    broken = json.dumps(json.loads(report("b", source=OTHER)) | {"data": {}}).encode()
    assert await fates(school, report("a", source=OTHER), broken, sources=mine) == [Fate.FORBIDDEN] * 2
    assert school.rejected() == []


async def test_what_breaks_a_rule_is_kept_whole_once(school: Desk) -> None:
    raws = [b"{", lost(1, pupil="x"), lost(2, occurredAt="2199-01-01T00:00:00Z"), lost(3)]
    for _ in range(2):
        answers = await school.accept(raws)
        assert [answer.field for answer in answers] == ["line", "data.pupil", "data.occurredAt", None]
        assert [answer.id for answer in answers] == [None, "lost-1", "lost-2", "lost-3"]
    kept = school.rejected()
    assert [each.raw for each in kept] == raws[:3]
    assert [each.rule for each in kept] == [answer.rule for answer in answers[:3]]
    assert {(each.id, each.fate) for each in school.reports(SOURCE)} == {
        ("lost-1", Fate.REJECTED),
        ("lost-2", Fate.REJECTED),
        ("lost-3", Fate.ACCEPTED),
    }
    assert school.backlog == 1


async def test_what_is_too_long_is_refused_and_not_kept(school: Desk) -> None:
    assert await fates(school, lost(1, more="x" * MAX_BYTES)) == [Fate.REJECTED]
    assert school.rejected() == []


async def test_a_clock_within_five_minutes_is_let_pass(store: Store) -> None:
    with Desk("school", store, lambda: 1_584_349_200_000_000 - 299_000_000) as desk:
        assert await fates(desk, lost(1)) == [Fate.ACCEPTED]
        assert await fates(desk, lost(2, occurredAt="2020-03-16T09:00:02Z")) == [Fate.REJECTED]


async def test_a_visit_that_met_the_pupil_brings_its_restoration(school: Desk) -> None:
    assert await fates(school, visited("visit"), visited("other", "no-answer")) == [Fate.ACCEPTED] * 2
    assert kinds_of(school) == ["door-visit", "door-visit", "contact-restored"]
    restored = parse_event(school.reports(SOURCE)[2].raw)
    visit = parse_event(visited("visit"))
    assert restored.source == visit.source
    assert restored.data.pupil == visit.data.pupil  # type: ignore[union-attr]
    assert restored.data.occurred_at == visit.data.occurred_at
    assert restored.data.via == "door-visit"  # type: ignore[union-attr]
    assert await fates(school, visited("visit")) == [Fate.KNOWN]
    assert len(kinds_of(school)) == 3


async def test_a_visit_given_with_its_restoration_gets_no_second_one(school: Desk) -> None:
    restored = report("restored", "contact-restored", via="door-visit", occurredAt="2020-03-16T10:00:00+01:00")
    assert await fates(school, restored, visited("visit")) == [Fate.ACCEPTED] * 2
    assert await fates(school, visited("visit")) == [Fate.KNOWN]
    assert kinds_of(school) == ["contact-restored", "door-visit"]


@pytest.mark.parametrize(
    "given", [{"via": "phone"}, {"pupil": "pupil-000002"}, {"occurredAt": "2020-03-16T09:00:01Z"}, {"via": "nothing"}]
)
async def test_a_restoration_of_something_else_does_not_count_for_a_visit(school: Desk, given: dict[str, str]) -> None:
    restored = report("restored", "contact-restored", **{"via": "door-visit"} | given)
    await school.accept([restored, visited("visit")])
    accepted = [each for each in school.reports(SOURCE) if each.fate is Fate.ACCEPTED]
    assert len([each for each in accepted if each.kind == "contact-restored" and each.id != "restored"]) == 1


async def test_a_visit_whose_restoration_cannot_be_is_not_taken_either(school: Desk, stores: Stores) -> None:
    with Desk("school", stores("elsewhere"), now) as elsewhere:
        await elsewhere.accept([visited("visit")])
        implied = elsewhere.reports(SOURCE)[1].id
    assert implied is not None
    await school.accept([report(implied)])
    assert await fates(school, visited("visit"), visited("visit")) == [Fate.CONFLICT] * 2
    assert [each.kind for each in school.reports(SOURCE) if each.fate is Fate.ACCEPTED] == ["contact-lost"]


async def test_together_is_all_or_none(school: Desk) -> None:
    answers = await school.accept_together([lost(1), b"{", lost(2)])
    assert [answer.rule for answer in answers][::2] == [TOGETHER_RULE] * 2
    assert school.reports(SOURCE) == []
    assert school.rejected() == []
    answers = await school.accept_together([lost(1), lost(2)])
    assert [answer.fate for answer in answers] == [Fate.ACCEPTED] * 2
    answers = await school.accept_together([lost(1), lost(2, sector="vo"), lost(3)])
    assert [answer.fate for answer in answers] == [Fate.KNOWN, Fate.CONFLICT, Fate.REJECTED]
    assert len(school.reports(SOURCE)) == 2


async def test_what_was_refused_can_be_given_again(school: Desk, store: Store) -> None:
    await school.accept([lost(1, pupil="x"), b"{"])
    first, second = school.rejected()
    assert (await school.resend(first.position)).fate is Fate.REJECTED
    assert len(school.rejected()) == 2
    assert (await school.resend(first.position, lost(1))).fate is Fate.ACCEPTED
    assert [each.position for each in school.rejected()] == [second.position]
    assert [each.resolved for each in school.rejected(unresolved=False)] == [True, False]
    with pytest.raises(LookupError):
        await school.resend(999)
    # Once more, as when two have the same in hand.
    assert (await school.resend(first.position, lost(1))).fate is Fate.KNOWN
    assert (await school.resend(first.position, lost(2))).fate is Fate.ACCEPTED
    assert school.problem is None


async def test_own_reports_are_read_in_pages(school: Desk) -> None:
    await school.accept([lost(number) for number in range(250)])
    await school.accept([report("of-another", source=OTHER)])
    found: list[str | None] = []
    after = 0
    while page := school.reports(SOURCE, after=after, limit=100):
        found += [each.id for each in page]
        after = page[-1].position
    assert found == [f"lost-{number}" for number in range(250)]
    assert school.report(OTHER, "of-another") is not None
    assert school.report(SOURCE, "of-another") is None


async def test_two_desks_on_one_store_accept_each_report_once(store: Store) -> None:
    with Desk("school", store, now) as one, Desk("school", store, now) as other:
        both = [(one, other)[number % 2].accept([lost(number // 4)]) for number in range(400)]
        counted = [answer.fate for (answer,) in await asyncio.gather(*both)]
        assert counted.count(Fate.ACCEPTED) == 100
        assert counted.count(Fate.KNOWN) == 300
        assert len(one.reports(SOURCE, limit=500)) == 100


async def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    with (
        Desk("school", tmp_path / "desk.sqlite", now) as school,
        school.store.recorder.datastore.get_connection(commit=True) as connection,  # type: ignore[attr-defined]
    ):
        raw: sqlite3.Connection = connection._sqlite_conn
        assert raw.execute("PRAGMA synchronous").fetchone()[0] == 2
        assert raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_only_desks_have_a_desk(store: Store) -> None:
    with pytest.raises(ValueError, match="desk"):
        Desk("import", store, now)


@pytest.fixture
def counter() -> Iterator[int]:
    return itertools.count()


_ACTS = st.lists(
    st.tuples(
        st.sampled_from(["lost", "visit", "restored", "broken"]), st.integers(1, 4), st.sampled_from(["po", "so"])
    ),
    max_size=6,
)


@examples(20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(st.tuples(_ACTS, st.booleans()), max_size=6), again=st.integers(1, 3))
async def test_any_calls_any_number_of_times_leave_one_content_for_each_id(
    stores: Stores, counter: Iterator[int], calls: list[tuple[list[tuple[str, int, str]], bool]], again: int
) -> None:
    made = {
        "lost": lambda n, sector: lost(n, sector=sector),
        "visit": lambda n, sector: visited(f"visit-{n}", sector=sector),
        "restored": lambda n, sector: report(f"visit-{n}", "contact-restored", via="door-visit"),
        "broken": lambda n, sector: lost(n, sector="nothing"),
    }
    with Desk("school", stores(f"example_{next(counter)}"), now) as desk:
        said: dict[bytes, set[Fate]] = {}
        for _ in range(again):
            for acts, together in calls:
                raws = [made[what](number, sector) for what, number, sector in acts]
                answers = await (desk.accept_together if together else desk.accept)(raws)
                for raw, answer in zip(raws, answers, strict=True):
                    if not (together and answer.fate is Fate.CONFLICT):  # a conflict with what was not taken in either
                        said.setdefault(raw, set()).add(answer.fate)
        stored = [each for each in desk.reports(SOURCE, limit=500) if each.fate is Fate.ACCEPTED]
        assert len({each.id for each in stored}) == len(stored) == desk.backlog
        raws_stored = {each.raw for each in stored}
        for raw, told in said.items():
            assert (raw in raws_stored) == bool(told & {Fate.ACCEPTED, Fate.KNOWN})
            assert Fate.CONFLICT not in told or raw not in raws_stored
        events = [parse_event(each.raw) for each in stored]
        met = {event.data.pupil for event in events if event.kind == "door-visit"}  # type: ignore[union-attr]
        restored = {event.data.pupil for event in events if event.kind == "contact-restored"}  # type: ignore[union-attr]
        assert met <= restored
