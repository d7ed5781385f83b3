"""The relay on a real ledger: everything accepted gets there, in order, once, whatever breaks."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import nats
import pytest

from deploy.streams import stream_config
from events import (
    EVENTS_STREAM,
    FIELD_HEADER,
    PARTS,
    REJECTED_STREAM,
    RULE_HEADER,
    desk_and_kind,
    parse_event,
    part_of_event,
)
from services.desks.desk import Desk
from services.desks.relay import Relay
from services.ledger import read_rejected
from services.system.ending import end_tasks
from tests.services.desks.conftest import Store, Stores
from tests.support.reports import SOURCE, lost, now, report, visited
from tests.support.systems import RunningLedger


@contextmanager
def relaying(desk: Desk, ledger: RunningLedger) -> Iterator[Relay]:
    with Relay(desk, lambda: ledger.record) as relay:
        yield relay


@pytest.fixture
def store(stores: Stores) -> Store:
    return stores("school")


@pytest.fixture
def school(store: Store) -> Iterator[Desk]:
    with Desk("school", store, now) as desk:
        yield desk


async def until(condition: Callable[[], bool], patience: float = 180) -> None:
    async with asyncio.timeout(patience):
        while not condition():  # noqa: ASYNC110 - what happens in other processes sets no event
            await asyncio.sleep(0.01)


async def carried(desk: Desk) -> None:
    await until(lambda: desk.carried.certain and desk.backlog == 0)


def accepted(desk: Desk) -> list[bytes]:
    facts, after = desk.store.outgoing("kindinbeeld.desk:ReportAccepted", 0, 100_000)
    assert after >= len(facts)
    return [each.fact.raw for each in facts]


async def test_what_is_accepted_comes_to_the_ledger_in_order(school: Desk, ledger: RunningLedger) -> None:
    await school.accept([lost(number) for number in range(2500)])
    assert school.backlog == 2500
    with relaying(school, ledger) as relay:
        await carried(school)
        await school.accept([visited("visit"), report("week", "week-reported")])
        await carried(school)
        assert relay.problem is None
    entries = await ledger.stored()
    assert [raw for *_, raw in entries] == accepted(school)
    assert [desk_and_kind(subject) for _, _, subject, _ in entries][2499:] == [
        ("school", "contact-lost"),
        ("school", "door-visit"),
        ("school", "week-reported"),
        ("school", "contact-restored"),
    ]
    for each, entry in zip(school.reports(SOURCE, limit=500, after=2300), entries[2300:], strict=True):
        assert each.relayed
        assert each.sequence == entry[0]


async def test_where_several_workers_keep_the_view_a_subject_names_kind_and_part(
    school: Desk, ledger: RunningLedger
) -> None:
    with Relay(school, lambda: replace(ledger.record, workers=2)) as relay:
        await school.accept([lost(number) for number in range(60)] + [report("week", "week-reported")])
        await school.accept([report("back", "report-retracted")])
        await carried(school)
        assert relay.problem is None
    entries = await ledger.stored()
    parts = [part_of_event(parse_event(raw)) for *_, raw in entries]
    assert set(parts) == {None, *range(PARTS)}
    for part, (_, _, subject, raw) in zip(parts, entries, strict=True):
        named = f"kib.events.school.{parse_event(raw).kind}"
        assert subject == (named if part is None else f"{named}.{part}")
        assert desk_and_kind(subject) == ("school", parse_event(raw).kind)
    # Carried on by one who does not know of workers: nothing twice, whatever the subjects were.
    with relaying(school, ledger):
        await school.accept([lost(100)])
        await carried(school)
    assert [raw for *_, raw in await ledger.stored()] == accepted(school)
    assert (await ledger.stored())[-1][2] == "kib.events.school.contact-lost"


async def test_what_was_refused_lies_beside_the_ledger_with_the_reason(school: Desk, ledger: RunningLedger) -> None:
    (answer,) = await school.accept([b"{}"])
    with relaying(school, ledger):
        await until(lambda: school.carried.certain)
        await school.accept([lost(1, sector="none"), lost(2)])
        await carried(school)
        async with asyncio.timeout(20):
            while len(await ledger.stored(REJECTED_STREAM)) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    async with ledger.connected() as connected:
        kept = [each async for batch in read_rejected(connected.nc) for each in batch]
    assert [each.content for each in kept] == [b"{}", lost(1, sector="none")]
    assert (kept[0].field, kept[0].rule, kept[0].desk) == (answer.field, answer.rule, "school")
    async with ledger.connected() as connected:
        message = await connected.nc.jetstream().get_msg(REJECTED_STREAM, 1)
    assert message.headers is not None
    assert {FIELD_HEADER, RULE_HEADER} <= set(message.headers)


async def test_a_second_relay_neither_loses_nor_doubles(school: Desk, store: Store, ledger: RunningLedger) -> None:
    with Desk("school", store, now) as twin, relaying(school, ledger), relaying(twin, ledger):
        for begin in range(0, 3000, 100):
            await (school, twin)[begin // 100 % 2].accept([lost(number) for number in range(begin, begin + 100)])
            await asyncio.sleep(0.002)
        async with asyncio.timeout(60):
            while len(await ledger.stored()) < 3000:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        await asyncio.sleep(0.3)
    assert [raw for *_, raw in await ledger.stored()] == accepted(school)


async def test_it_catches_up_after_the_ledger_was_away(school: Desk, ledger: RunningLedger) -> None:
    with relaying(school, ledger) as relay:
        await school.accept([lost(0)])
        await carried(school)
        ledger.server.kill()
        await until(lambda: relay.problem is not None)
        for begin in range(1, 5001, 500):
            await school.accept([lost(number) for number in range(begin, begin + 500)])
        assert school.backlog == 5000
        ledger.server.start()
        await carried(school)
        assert relay.problem is None
    assert [raw for *_, raw in await ledger.stored()] == accepted(school)


async def test_begun_before_the_ledger_it_waits_for_it(school: Desk, ledger: RunningLedger) -> None:
    ledger.server.stop()
    with relaying(school, ledger) as relay:
        await school.accept([lost(1)])
        await asyncio.sleep(0.5)
        assert relay.problem is not None
        assert school.backlog == 1
        ledger.server.start()
        await carried(school)


async def test_killed_in_the_middle_the_next_one_goes_on(store: Store, ledger: RunningLedger) -> None:
    with Desk("school", store, now) as desk:
        await desk.accept([lost(number) for number in range(8000)])
    found = 0
    for _ in range(6):
        with Desk("school", store, now) as desk:
            with relaying(desk, ledger):
                await until(lambda: desk.carried.certain)
                await asyncio.sleep(0.02)
            found = len(await ledger.stored())
            if found == 8000:
                break
    with Desk("school", store, now) as desk, relaying(desk, ledger):
        await carried(desk)
        assert [raw for *_, raw in await ledger.stored()] == accepted(desk)
        assert [each.relayed for each in desk.reports(SOURCE, after=7990)] == [True] * 10


async def test_it_stops_though_a_cancellation_is_missed() -> None:
    missed = 0

    async def once_deaf() -> None:
        nonlocal missed
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            missed += 1  # as `wait_for` does until Python 3.12, when the answer comes at the same moment
        await asyncio.sleep(60)

    task = asyncio.create_task(once_deaf())
    await asyncio.sleep(0)
    await asyncio.wait_for(end_tasks([task], 0.01), 50)
    assert (missed, task.cancelled()) == (1, True)


async def test_two_desks_carry_beside_each_other(school: Desk, ledger: RunningLedger, stores: Stores) -> None:
    with (
        Desk("wij", stores("wij"), now) as wij,
        relaying(school, ledger),
        relaying(wij, ledger),
    ):
        for number in range(50):
            await asyncio.gather(school.accept([lost(number)]), wij.accept([visited(f"visit-{number}")]))
        await carried(school)
        await carried(wij)
    entries = await ledger.stored()
    for desk in (school, wij):
        assert [raw for _, _, subject, raw in entries if desk_and_kind(subject)[0] == desk.name] == accepted_at(
            stores(desk.name), desk.name
        )


def accepted_at(store: Store, name: str) -> list[bytes]:
    with Desk(name, store, now) as desk:
        return accepted(desk)


async def test_a_store_put_back_from_a_copy_loses_nothing(ledger: RunningLedger, tmp_path: Path) -> None:
    store = tmp_path / "school.sqlite"
    with Desk("school", store, now) as desk, relaying(desk, ledger):
        await desk.accept([lost(number) for number in range(10)])
        await carried(desk)
    shutil.copytree(store.parent, tmp_path.parent / f"{tmp_path.name}-copy", ignore=shutil.ignore_patterns("system"))
    with Desk("school", store, now) as desk, relaying(desk, ledger):
        await desk.accept([lost(number) for number in range(10, 20)])
        await carried(desk)
    copy = tmp_path.parent / f"{tmp_path.name}-copy" / store.name
    with Desk("school", copy, now) as desk, relaying(desk, ledger):
        await desk.accept([lost(number) for number in range(100, 105)])
        await carried(desk)
    raws = [raw for *_, raw in await ledger.stored()]
    assert raws == [lost(number) for number in [*range(20), *range(100, 105)]]


async def test_a_store_begun_anew_loses_nothing(ledger: RunningLedger, stores: Stores) -> None:
    for name, numbers in (("first", range(30)), ("second", range(100, 110))):
        with Desk("school", stores(name), now) as desk, relaying(desk, ledger):
            await desk.accept([lost(number) for number in numbers])
            await carried(desk)
    raws = [raw for *_, raw in await ledger.stored()]
    assert raws == [lost(number) for number in [*range(30), *range(100, 110)]]


async def test_a_stream_without_batches_is_carried_to_as_well(school: Desk, ledger: RunningLedger) -> None:
    async with ledger.connected() as connected:
        js = connected.nc.jetstream()
        await js.delete_stream(EVENTS_STREAM)
        await js.add_stream(stream_config(EVENTS_STREAM).evolve(allow_atomic=None))
    with relaying(school, ledger):
        await school.accept([lost(number) for number in range(50)])
        await carried(school)
    assert [raw for *_, raw in await ledger.stored()] == accepted(school)


async def test_a_report_under_way_to_a_stranger_is_still_fenced(school: Desk, ledger: RunningLedger) -> None:
    """A batch that comes late, after another relay has gone on, is refused whole."""
    from services.desks.sending import Fenced, Outlet, Parcel

    async with ledger.connected() as connected:
        outlet = Outlet(connected.nc, EVENTS_STREAM, "kib.events.school.>")
        late = [Parcel(number, "kib.events.school.contact-lost", lost(number), {}) for number in range(3)]
        assert await outlet.send(late, 0) == 3
        with pytest.raises(Fenced):
            await outlet.send(late, 0)
        with pytest.raises(Fenced):
            await outlet.send(late[:1], 2)
        assert (await outlet.last()).sequence == 3
        with pytest.raises(nats.errors.Error):
            await connected.nc.request("kib.nobody", b"")
    assert len(await ledger.stored()) == 3
