"""The client against the real desk, by both ways, with the desk going away and coming back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette

from events import (
    AMSTERDAM,
    Answer,
    ContactLost,
    DoorVisit,
    NotDeliveredError,
    OutboxError,
    Rejected,
    Reporter,
    WeekReported,
    new_pseudonym_key,
)
from events.outbox import Outbox
from services.desks.access import Access, AccessStore
from services.desks.desk import Desk
from services.desks.http import routes, server_config
from services.desks.intake import make_intake
from services.system import Settings
from services.system.clock import real_now
from tests.support.systems import RunningLedger, running_ledger

SOURCE = "urn:nld:oin:00000001234567890000:systeem:lvs"
NOW = 1_585_742_730_000_000
"""1 April 2020, 12:05:30 UTC."""


HAPPENED = datetime(2020, 3, 30, 9, tzinfo=AMSTERDAM)
FUTURE = "2020-04-02T09:00:00Z"


async def lose(reporter: Reporter, number: int = 1, id: str | None = None) -> Answer:
    return await reporter.report(
        ContactLost, id=id, occurred_at=HAPPENED, pupil=f"pupil-{number:05}", school="06KR00", sector="po"
    )


def held(desk: Desk) -> list[dict[str, Any]]:
    facts, _ = desk.store.outgoing("kindinbeeld.desk:ReportAccepted", 0)
    return [json.loads(each.fact.raw) for each in facts]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk("school", tmp_path / "school.sqlite", lambda: NOW) as desk:
        yield desk


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@asynccontextmanager
async def by_http(desk: Desk, port: int, access: Access | None = None) -> AsyncIterator[str]:
    """Serve the desk by HTTP for the length of the block."""
    server = uvicorn.Server(server_config(Starlette(routes=[*routes(desk, access)]), port=port, log_config=None))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await asyncio.to_thread(thread.join, 20)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[RunningLedger]:
    with running_ledger(tmp_path / "system") as running:
        yield running


@asynccontextmanager
async def by_nats(desk: Desk, ledger: RunningLedger) -> AsyncIterator[None]:
    """Let the desk answer by NATS for the length of the block."""
    broker = make_intake(desk, lambda: ledger.record)
    await broker.start()
    try:
        yield
    finally:
        await broker.stop()


def nats_options(ledger: RunningLedger) -> dict[str, Any]:
    address = ledger.server.address
    return {"where": address.url, "user": address.user, "key": address.password, "source": SOURCE}


async def test_a_report_by_http_is_answered(desk: Desk, port: int) -> None:
    async with by_http(desk, port) as url, Reporter(url, source=SOURCE) as reporter:
        answer = await lose(reporter)
        again = await lose(reporter, id=answer.id)
        conflict = await lose(reporter, 2, id=answer.id)
    assert (answer.fate, again.fate, conflict.fate) == ("accepted", "known", "conflict")
    assert (answer.stands, conflict.stands, conflict.field) == (True, False, "id")
    (event,) = held(desk)
    assert (event["id"], event["source"], event["type"]) == (
        answer.id,
        SOURCE,
        "nl.kinderen-in-beeld.v1.contact-lost",
    )
    assert event["data"] == {
        "occurredAt": "2020-03-30T09:00:00+02:00",
        "pupil": "pupil-00001",
        "school": "06KR00",
        "sector": "po",
    }


async def test_a_report_by_nats_is_answered(desk: Desk, ledger: RunningLedger) -> None:
    async with by_nats(desk, ledger), Reporter(**nats_options(ledger)) as reporter:
        answers = await asyncio.gather(*(lose(reporter, number) for number in range(50)))
        week: dict[str, Any] = {"school": "06KR00", "sector": "po", "week": "2020-W14", "unreached": 0}
        future = await reporter.report(WeekReported, occurred_at=FUTURE, **week)
    assert {answer.fate for answer in answers} == {"accepted"}
    assert (future.fate, future.field) == ("rejected", "data.occurredAt")
    assert len(held(desk)) == 50


async def test_a_connection_of_ones_own_is_left_open(desk: Desk, ledger: RunningLedger) -> None:
    async with by_nats(desk, ledger), ledger.connected() as connection:
        async with Reporter(connection.nc, source=SOURCE) as reporter:
            assert (await lose(reporter)).stands
        assert connection.nc.is_connected


async def test_the_key_decides(desk: Desk, port: int, tmp_path: Path) -> None:
    keys = AccessStore(tmp_path / "access.sqlite")
    _, key = keys.create("school", [SOURCE], coordinator=False, now=1)
    async with by_http(desk, port, Access(keys.path)) as url:
        async with Reporter(url, source=SOURCE, key=key) as reporter:
            assert (await lose(reporter)).stands
        async with Reporter(url, source=SOURCE.replace("lvs", "other"), key=key) as reporter:
            answer = await lose(reporter)
            assert (answer.fate, answer.field) == ("forbidden", "source")
        async with Reporter(url, source=SOURCE) as reporter:
            with pytest.raises(NotDeliveredError, match="does not accept the key"):
                await lose(reporter)


async def test_what_breaks_the_contract_is_not_sent(port: int) -> None:
    async with Reporter(f"http://127.0.0.1:{port}", source="nobody") as reporter:
        with pytest.raises(Rejected) as caught:
            await lose(reporter)
        assert caught.value.field == "source"


async def test_data_and_kinds_with_members_say_the_same(desk: Desk, port: int) -> None:
    data = ContactLost.model_validate(
        {"occurredAt": HAPPENED.isoformat(), "pupil": "pupil-00001", "school": "06KR00", "sector": "po"}
    )
    async with by_http(desk, port) as url, Reporter(url, source=SOURCE) as reporter:
        answer = await lose(reporter)
        assert (await reporter.report(data, id=answer.id)).fate == "known"
        with pytest.raises(TypeError, match="no member municipalty"):
            await reporter.report(ContactLost, occurred_at=HAPPENED, municipalty="GM0014")
        with pytest.raises(TypeError):
            await reporter.report(data, school="06KR00")
        with pytest.raises(Rejected):
            await reporter.report(ContactLost, occurred_at=date(2020, 3, 30))


async def test_the_desk_comes_back_in_time(desk: Desk, port: int) -> None:
    async with Reporter(f"http://127.0.0.1:{port}", source=SOURCE, patience=180) as reporter:
        reporting = asyncio.create_task(lose(reporter))
        await asyncio.sleep(0.5)
        assert not reporting.done()
        async with by_http(desk, port):
            assert (await reporting).fate == "accepted"
    assert len(held(desk)) == 1


async def test_without_an_outbox_the_caller_is_told(port: int) -> None:
    async with Reporter(f"http://127.0.0.1:{port}", source=SOURCE, patience=0) as reporter:
        with pytest.raises(NotDeliveredError, match="does not answer"):
            await lose(reporter)


async def test_what_cannot_be_sent_is_kept_and_sent_later(desk: Desk, port: int, tmp_path: Path) -> None:
    path = tmp_path / "reports.ndjson"
    later: list[Answer] = []
    options: dict[str, Any] = {"source": SOURCE, "outbox": path, "patience": 0, "on_later": later.append}
    async with Reporter(f"http://127.0.0.1:{port}", **options) as reporter:
        answers = [await lose(reporter, number) for number in range(3)]
        assert {answer.fate for answer in answers} == {"waiting"}
        assert reporter.waiting == 3
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes().splitlines()) == 3
    async with by_http(desk, port) as url, Reporter(url, **options) as reporter:
        await asyncio.wait_for(reporter.delivered(), 60)
    assert [answer.id for answer in later] == [answer.id for answer in answers]
    assert [event["id"] for event in held(desk)] == [answer.id for answer in answers]
    assert path.read_bytes() == b""


async def test_the_desk_goes_and_comes_under_load_and_each_report_arrives_once(
    desk: Desk, ledger: RunningLedger, tmp_path: Path
) -> None:
    options = nats_options(ledger) | {"outbox": tmp_path / "reports.ndjson", "patience": 0.3}
    sent: list[Answer] = []
    async with Reporter(**options) as reporter:

        async def report(numbers: range) -> None:
            for number in numbers:
                sent.append(await lose(reporter, number, id=f"report-{number}"))

        for round in range(3):
            async with by_nats(desk, ledger):
                under_way = asyncio.gather(
                    *(report(range(n, n + 20)) for n in range(round * 100, round * 100 + 100, 20))
                )
                await asyncio.sleep(0.03)
            await under_way
        assert reporter.waiting
        async with by_nats(desk, ledger):
            await asyncio.wait_for(reporter.delivered(), 60)
    assert len(sent) == 300
    assert sorted(event["id"] for event in held(desk)) == sorted(f"report-{number}" for number in range(300))


async def test_a_broker_that_is_restarted_is_found_again(desk: Desk, ledger: RunningLedger, tmp_path: Path) -> None:
    options = nats_options(ledger) | {"outbox": tmp_path / "reports.ndjson", "patience": 0.1}
    async with Reporter(**options) as reporter:
        assert (await lose(reporter, 1)).fate == "waiting"
        await asyncio.to_thread(ledger.server.kill)
        assert (await lose(reporter, 2)).fate == "waiting"
        await asyncio.to_thread(ledger.server.start)
        async with by_nats(desk, ledger):
            await asyncio.wait_for(reporter.delivered(), 60)
    assert len(held(desk)) == 2


async def test_what_is_refused_later_is_put_aside_and_holds_nothing_up(desk: Desk, port: int, tmp_path: Path) -> None:
    path = tmp_path / "reports.ndjson"
    later: list[Answer] = []
    options: dict[str, Any] = {"source": SOURCE, "outbox": path, "patience": 0, "on_later": later.append}
    visit: dict[str, Any] = {"pupil": "pupil-00001", "sector": "po", "outcome": "refused", "visitor": "school"}
    async with Reporter(f"http://127.0.0.1:{port}", **options) as reporter:
        await reporter.report(DoorVisit, id="bad", occurred_at=FUTURE, **visit)
        await lose(reporter, id="good")
    async with by_http(desk, port) as url, Reporter(url, **options) as reporter:
        await asyncio.wait_for(reporter.delivered(), 60)
    assert [(answer.id, answer.fate) for answer in later] == [("bad", "rejected"), ("good", "accepted")]
    aside = path.with_name("reports.ndjson.refused")
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600
    (line,) = map(json.loads, aside.read_text().splitlines())
    assert line["report"]["id"] == "bad"
    assert "data.occurredAt" in line["refused"]


async def test_what_cannot_be_put_aside_waits_and_holds_nothing_up(desk: Desk, port: int, tmp_path: Path) -> None:
    path = tmp_path / "reports.ndjson"
    path.with_name("reports.ndjson.refused").mkdir()

    def fail(answer: Answer) -> None:
        raise RuntimeError

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    options: dict[str, Any] = {"source": SOURCE, "outbox": path, "patience": 0, "on_later": fail}
    visit: dict[str, Any] = {"pupil": "pupil-00001", "sector": "po", "outcome": "refused", "visitor": "school"}
    async with Reporter(f"http://127.0.0.1:{port}", **options) as reporter:
        await reporter.report(DoorVisit, id="bad", occurred_at=FUTURE, **visit)
        for number in range(3):
            await lose(reporter, number, id=f"good-{number}")
    async with by_http(desk, port) as url, Reporter(url, **options) as reporter:
        async with asyncio.timeout(20):
            while reporter.waiting > 1:  # noqa: ASYNC110 - one waits for ever, so nothing tells of the others
                await asyncio.sleep(0.02)
    assert len(held(desk)) == 3
    assert b'"bad"' in path.read_bytes()


def test_a_file_cut_off_while_writing_is_read_to_its_last_whole_report(tmp_path: Path) -> None:
    path = tmp_path / "reports.ndjson"
    one, other = (json.dumps({"source": SOURCE, "id": id}).encode() for id in ("one", "other"))
    box = Outbox(path)
    with pytest.raises(OutboxError, match="another program"):
        Outbox(path)
    box.keep(one)
    box.keep(one)
    box.keep(other)
    box.done(one)
    box.close()
    with path.open("ab") as file:
        file.write(b'{"source": "urn')
    box = Outbox(path)
    assert list(box) == [other]
    third = other.replace(b"other", b"third")
    box.keep(third)
    box.close()
    box = Outbox(path)
    assert list(box) == [other, third]
    for raw in (other, third):
        box.done(raw)
    box.close()
    assert path.read_bytes() == b""


def test_an_outbox_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(OutboxError):
            Outbox(tmp_path / "closed" / "reports.ndjson")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutboxError):
        Outbox(tmp_path / "folder")


def test_another_address_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with http"):
        Reporter("ftp://127.0.0.1", source=SOURCE)


async def test_the_program_in_the_readme_runs_as_it_is(tmp_path: Path, port: int) -> None:
    page = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert f"127.0.0.1:{Settings().desk_port_of('school')}" in program
    with Desk("school", tmp_path / "school.sqlite", real_now) as desk:
        async with by_http(desk, port) as url:
            done = await asyncio.to_thread(
                subprocess.run,
                [sys.executable, "-c", program.replace("http://127.0.0.1:8801", url)],
                cwd=tmp_path,
                capture_output=True,
                timeout=60,
            )
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"fate='accepted'" in done.stdout
        (event,) = held(desk)
    assert event["data"]["school"] == "06KR00"


async def test_the_program_in_the_documentation_runs(desk: Desk, port: int, tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "desks.md").read_text("utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    key_file = tmp_path / "pseudonym-key.json"
    chain = new_pseudonym_key(key_file)
    async with by_http(desk, port) as url:
        given: dict[str, Any] = {"url": url, "key": None, "source": SOURCE, "key_file": key_file}
        # By the machine's clock, which the desk's does not follow here.
        exec(program.replace("datetime.now(UTC)", "datetime(2020, 4, 1, tzinfo=UTC)"), given)  # noqa: S102
        with contextlib.chdir(tmp_path):
            await given["report_loss"]("111222333")
    (event,) = held(desk)
    assert event["data"]["pupil"] == chain.of_bsn("111222333")
