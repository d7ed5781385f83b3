"""Which schools are silent, on a real ledger, and marking them by the real desk of the coordinator."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from events import parse_instant
from projections.evaluation import evaluate
from services.cli import reminders as command
from services.desks.desk import Desk
from services.desks.intake import make_intake
from services.desks.relay import Relay
from services.reminders import Silent, mark_sent, silent_schools
from services.system import Clock, Finding, SystemUnavailable, WrongUsage
from tests.support.systems import RunningLedger, running_ledger

SOURCE = "urn:nld:oin:00000001234567890000:systeem:crisis"
NOW = parse_instant("2020-04-02T10:00:00+02:00")
WEEK = "2020-W14"


def event(kind: str, recorded: str, **data: Any) -> bytes:
    event.count += 1  # type: ignore[attr-defined]
    body = {
        "specversion": "1.0",
        "id": f"event-{event.count}",  # type: ignore[attr-defined]
        "source": SOURCE,
        "type": f"nl.kinderen-in-beeld.v1.{kind}",
        "recordedtime": recorded,
        "data": {"occurredAt": "2020-03-10T09:00:00Z", **data},
    }
    return json.dumps(body).encode()


event.count = 0  # type: ignore[attr-defined]


def school(code: str, municipality: str = "GM0014", sector: str = "po", **more: Any) -> bytes:
    day = {"from": "2010-08-01"}
    return event(
        "school-registered",
        "2020-03-12T09:00:00Z",
        school=code,
        sector=sector,
        municipality=municipality,
        **day,
        **more,
    )


def answer(code: str, week: str, recorded: str, sector: str = "po") -> bytes:
    return event("week-reported", recorded, school=code, sector=sector, week=week, unreached=0)


HISTORY = [
    event(
        "closure-announced",
        "2020-03-15T18:00:00Z",
        closure="first",
        sectors=["po", "vo"],
        **{"from": "2020-03-16", "until": "2020-04-28"},
    ),
    school("01AA00", name="De Eik"),
    school("02AA00"),
    school("03AA00", until="2020-03-20"),
    school("04AA00", municipality="GM0034", sector="vo"),
    school("05AA00", sector="so"),
    # The first answered in time, too late, and not at all; the second always in time.
    answer("01AA00", "2020-W12", "2020-03-20T12:00:00Z"),
    answer("01AA00", "2020-W13", "2020-04-01T12:00:00Z"),
    *(answer("02AA00", f"2020-W{week}", f"2020-03-{day}T12:00:00Z") for week, day in ((12, 20), (13, 27), (14, 31))),
]


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    with running_ledger(tmp_path / "system", Clock.simulated(NOW, 0)) as running:
        yield running


@asynccontextmanager
async def coordinator(ledger: RunningLedger, tmp_path: Path) -> AsyncIterator[Desk]:
    """The coordinator's desk, with its intake and its relay, for the length of the block."""
    with Desk("coordinator", tmp_path / "coordinator.sqlite", lambda: NOW) as desk:
        relay = Relay(desk, lambda: ledger.record)
        relay.start()
        broker = make_intake(desk, lambda: ledger.record)
        await broker.start()
        try:
            yield desk
        finally:
            await broker.stop()
            relay.close()


async def run(ledger: RunningLedger, *arguments: str) -> Any:
    app = typer.Typer()
    command.register(app)
    # In a thread: the command has an event loop of its own.
    return await asyncio.to_thread(CliRunner().invoke, app, ["--data-dir", str(ledger.data_dir.path), *arguments])


async def silent(ledger: RunningLedger, week: str = WEEK, as_of: int = NOW + 60_000_000) -> list[Silent]:
    return await asyncio.to_thread(silent_schools, ledger.record, week, as_of)


async def listed(ledger: RunningLedger, *arguments: str) -> list[dict[str, Any]]:
    done = await run(ledger, "--format", "json", *arguments)
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


async def test_the_silent_schools_and_how_often_they_were_late(ledger: RunningLedger) -> None:
    await ledger.store(*HISTORY)
    found = await listed(ledger, "--week", WEEK)
    assert [(each["municipality"], each["school"], each["lateBefore"], each["weeksBefore"]) for each in found] == [
        ("GM0014", "01AA00", 1, 2),
        ("GM0034", "04AA00", 2, 2),
    ]
    assert (found[0]["name"], found[1]["name"]) == ("De Eik", None)
    assert [each["school"] for each in await listed(ledger, "--week", "2020-W12")] == ["03AA00", "04AA00"]
    assert [each["school"] for each in await listed(ledger, "--week", WEEK, "--municipality", "GM0034")] == ["04AA00"]
    assert [each["school"] for each in await listed(ledger, "--week", WEEK, "--sector", "po")] == ["01AA00"]
    assert [each["school"] for each in await listed(ledger, "--week", WEEK, "--school", "04aa00")] == ["04AA00"]
    before = await listed(ledger, "--week", "2020-W13", "--as-of", "2020-03-31T12:00:00Z")
    assert [each["school"] for each in before] == ["01AA00", "04AA00"]
    assert await listed(ledger, "--week", "2020-W15") == []


async def test_the_same_where_subjects_name_parts(tmp_path: Path) -> None:
    history = tmp_path / "history.ndjson"
    history.write_bytes(b"\n".join(HISTORY) + b"\n")
    with running_ledger(tmp_path / "system", Clock.simulated(NOW, 0), workers=2) as ledger:
        imported = await asyncio.to_thread(ledger.run_inside, "import", history)
        assert imported.returncode == 0, imported.stderr
        assert [each.school for each in await silent(ledger)] == ["01AA00", "04AA00"]


async def test_a_retracted_answer_is_none(ledger: RunningLedger) -> None:
    given = answer("04AA00", WEEK, "2020-04-01T12:00:00Z", sector="vo")
    await ledger.store(*HISTORY, given)
    assert [each["school"] for each in await listed(ledger, "--week", WEEK)] == ["01AA00"]
    retracts = {"source": SOURCE, "id": json.loads(given)["id"]}
    await ledger.store(event("report-retracted", "2020-04-01T13:00:00Z", retracts=retracts))
    assert [each["school"] for each in await listed(ledger, "--week", WEEK)] == ["01AA00", "04AA00"]


async def test_a_list_is_worked_through(ledger: RunningLedger, tmp_path: Path) -> None:
    await ledger.store(*HISTORY)
    async with coordinator(ledger, tmp_path) as desk:
        for number, each in enumerate(("01AA00", "04AA00"), start=1):
            todo = await silent(ledger)
            chosen = [one for one in todo if one.school == each]
            assert [one.reminded for one in chosen] == [0]
            assert await mark_sent(ledger.record, chosen, WEEK, SOURCE, NOW) == {"accepted": 1}
            # Somebody else with the same list, a minute later.
            assert await mark_sent(ledger.record, chosen, WEEK, SOURCE, NOW + 60_000_000) == {"known": 1}
            await relayed(desk, number)
    entries = await ledger.stored()
    sent = [json.loads(raw)["data"] for _, _, subject, raw in entries if subject.endswith("coordinator.reminder-sent")]
    assert [(each["school"], each["sector"], each["week"]) for each in sent] == [
        ("01AA00", "po", WEEK),
        ("04AA00", "vo", WEEK),
    ]


async def relayed(desk: Desk, number: int) -> None:
    for _ in range(600):
        if desk.backlog == 0 and desk.carried.position >= number:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the relay does not carry it")


async def test_reminders_are_counted_by_school_and_week(ledger: RunningLedger) -> None:
    about = {"school": "01AA00", "sector": "po"}
    await ledger.store(
        *HISTORY,
        event("reminder-sent", "2020-04-01T09:00:00Z", **about, week=WEEK),
        event("reminder-sent", "2020-04-01T15:00:00Z", **about, week=WEEK, occurredAt="2020-04-01T14:00:00Z"),
        event("reminder-sent", "2020-04-01T15:00:00Z", **about, week="2020-W13"),
    )
    first, other = await listed(ledger, "--week", WEEK)
    assert (first["reminded"], first["lastReminded"]) == (2, "2020-04-01T14:00:00Z")
    assert (other["reminded"], other["lastReminded"]) == (0, None)
    assert [each["school"] for each in await listed(ledger, "--week", WEEK, "--not-reminded")] == ["04AA00"]


async def test_the_command_writes_tables_for_people_and_programs(ledger: RunningLedger) -> None:
    await ledger.store(*HISTORY)
    table = await run(ledger, "--week", WEEK)
    assert table.stdout.splitlines()[1].split() == ["GM0014", "01AA00", "po", "1/2", "0", "De", "Eik"]
    assert table.stderr == "silent 2, of them reminded 0\n"
    text = (await run(ledger, "--week", WEEK, "--format", "csv")).stdout.splitlines()
    assert text[0] == "municipality,school,sector,name,lateBefore,weeksBefore,reminded,lastReminded"
    assert text[2] == "GM0034,04AA00,vo,,2,2,0,"


async def test_marking_says_when_the_desk_is_away(ledger: RunningLedger) -> None:
    await ledger.store(*HISTORY)
    done = await run(ledger, "--week", WEEK, "--mark-sent")
    assert isinstance(done.exception, SystemUnavailable)
    assert "the coordinator's desk" in str(done.exception)


async def test_a_reminder_that_the_desk_refuses_is_a_finding(ledger: RunningLedger, tmp_path: Path) -> None:
    await ledger.store(*HISTORY)
    async with coordinator(ledger, tmp_path):
        found = await silent(ledger)
        with pytest.raises(Finding, match="occurredAt"):
            await mark_sent(ledger.record, found, WEEK, SOURCE, NOW + 3_600_000_000)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--week", "2020-W54"], "--week"),
        (["--week", WEEK, "--mark-sent", "--as-of", "2020-04-01T12:00:00Z"], "--as-of"),
    ],
)
async def test_wrong_usage_is_explained(ledger: RunningLedger, arguments: list[str], said: str) -> None:
    done = await run(ledger, *arguments)
    assert isinstance(done.exception, WrongUsage)
    assert said in str(done.exception)


@pytest.mark.parametrize("case", ["coverage", "random"])
async def test_silent_are_those_expected_and_not_reported(tmp_path: Path, golden: Path, case: str) -> None:
    file = golden / f"{case}.ndjson"
    result = evaluate(file, None, "coverage")
    assert result.as_of is not None
    rows = [(str(place), str(sector), str(week), numbers) for place, sector, week, *numbers in result.rows()]
    found: Counter[tuple[str, str, str]] = Counter()
    with running_ledger(tmp_path / "system") as ledger:
        done: subprocess.CompletedProcess[bytes] = ledger.run_inside("import", "--strict", file)
        assert done.returncode == 0, done.stderr
        for week in {row[2] for row in rows}:
            for each in await silent(ledger, week, result.as_of):
                found[each.municipality, each.sector, week] += 1
                assert 0 <= each.late_before <= each.weeks_before
    expected = {(place, sector, week): n[0] - n[1] for place, sector, week, n in rows if n[0] != n[1]}  # type: ignore[operator]
    assert found == expected
