"""A desk as a process: however it is started it takes in, and with the whole system its reports reach the count."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest

from events import DESKS
from services.desks.access import AccessStore, access_path
from services.desks.app import limits_of, make_desk
from services.desks.http import Limits
from services.desks.surroundings import Surroundings
from services.system import DataDir, Settings, SystemRecord, find_system
from tests.support.cluster import free_ports
from tests.support.reports import lost, now, report, visited
from tests.support.systems import COMMAND, RunningLedger, run_command
from tests.support.whole import fetch, until, whole

BIN = Path(sys.executable).parent


def give(url: str, raw: bytes) -> tuple[int, Any]:
    """Report by HTTP, structured mode."""
    request = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}v1/events", raw, {"content-type": "application/cloudevents+json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@contextmanager
def started(data_dir: Path, *command: str | Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KINDINBEELD_")}
    log = data_dir.parent / "desk.log"
    with log.open("ab") as file:
        process = subprocess.Popen(
            [str(each) for each in command],
            env=environment | settings | {"KINDINBEELD_DATA_DIR": str(data_dir)},
            stdout=file,
            stderr=file,
        )
    try:
        yield process
    finally:
        process.terminate()
        assert process.wait(60) in (0, -signal.SIGTERM), log.read_text()


def answers(url: str) -> bool:
    with contextlib.suppress(OSError):
        return bool(fetch(f"{url}health/ready")["ready"])
    return False


@pytest.mark.parametrize("way", ["faststream", "uvicorn", "kindinbeeld"])
def test_however_it_is_started_it_takes_in_without_a_ledger(tmp_path: Path, way: str) -> None:
    port = str(free_ports(1)[0])
    url = f"http://127.0.0.1:{port}/"
    command: dict[str, list[str | Path]] = {
        "faststream": [BIN / "faststream", "run", "services.wij:app", "--port", port],
        "uvicorn": [BIN / "uvicorn", "services.wij:app", "--port", port],
        "kindinbeeld": [COMMAND, "desk", "wij", "--port", port],
    }
    with started(tmp_path / "system", *command[way]):
        until(lambda: answers(url))
        assert give(url, visited("visit"))[0] in (200, 201, 202)
        health = fetch(f"{url}health")
        assert health["backlog"] == 2
        assert health["ledger"]["reached"] is False
        told = urllib.request.urlopen(f"{url}metrics").read().decode()  # noqa: S310
        assert 'kib_desk_backlog{desk="wij"} 2' in told
        disk = shutil.disk_usage(tmp_path)
        assert f'kib_desk_disk_bytes{{desk="wij"}} {disk.total}\n' in told
        free = int(told.partition('\nkib_desk_disk_free_bytes{desk="wij"} ')[2].split()[0])
        assert abs(free - disk.free) < disk.total / 20
    store = tmp_path / "system" / "desks" / "wij.sqlite"
    assert store.stat().st_mode & 0o077 == 0
    assert store.parent.stat().st_mode & 0o077 == 0


def test_of_a_disk_that_is_elsewhere_nothing_is_told(tmp_path: Path) -> None:
    here, elsewhere = Settings(), Settings(database="postgresql://h/d")
    assert [Surroundings(DataDir(tmp_path), each).place for each in (here, elsewhere)] == [tmp_path / "desks", None]


async def test_a_disk_that_hangs_takes_one_thread_and_none_of_the_desk_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_desk("school", DataDir(tmp_path), Settings())
    again, asked, usage = threading.Event(), threading.Semaphore(0), shutil.disk_usage

    def hanging(place: Path) -> Any:
        asked.release()
        again.wait(60)
        return usage(place)

    app.surroundings.prepare("school")
    site = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")
    with app.desk:
        async with site as client:
            monkeypatch.setattr(shutil, "disk_usage", hanging)
            try:
                told = await asyncio.gather(*(client.get("/metrics") for _ in range(40)))
                assert {(each.status_code, "kib_desk_disk" in each.text) for each in told} == {(200, False)}
                # What the desk does in threads goes on.
                await asyncio.wait_for(asyncio.to_thread(int), 10)
                assert asked.acquire(blocking=False)
                assert not asked.acquire(blocking=False)
            finally:
                again.set()
            async with asyncio.timeout(30):
                while "kib_desk_disk_free_bytes{" not in (await client.get("/metrics")).text:
                    await _pause()


def test_the_limits_of_a_desk_are_settings(tmp_path: Path) -> None:
    assert limits_of(Settings()) == Limits()
    port = str(free_ports(1)[0])
    url = f"http://127.0.0.1:{port}/"
    limits = {"KINDINBEELD_DESK_BATCH": "2", "KINDINBEELD_DESK_BODY_BYTES": "2000", "KINDINBEELD_DESK_BURST": "3"}
    limits |= {"KINDINBEELD_DESK_RATE": "1", "KINDINBEELD_DESK_CONNECTIONS": "5"}
    with started(tmp_path / "system", COMMAND, "desk", "wij", "--port", port, **limits):
        until(lambda: answers(url))
        batch = {"content-type": "application/cloudevents-batch+json"}
        given = [visited(f"visit-{number}", "no-answer") for number in range(3)]
        with httpx.Client(base_url=url, timeout=60) as client:
            many = client.post("/v1/events", content=b"[" + b",".join(given) + b"]", headers=batch)
            assert (many.status_code, many.json()["mostEvents"]) == (413, 2)
            large = client.post("/v1/events", content=b" " * 2001, headers=batch)
            assert (large.status_code, large.json()["mostBytes"]) == (413, 2000)
            two = b"[" + b",".join(given[:2]) + b"]"
            fates = [client.post("/v1/events", content=two, headers=batch).status_code for _ in range(3)]
            assert fates == [200, 200, 429]
        with contextlib.ExitStack() as stack:
            for _ in range(8):
                stack.enter_context(socket.create_connection(("127.0.0.1", int(port))))
            time.sleep(0.3)
            with httpx.Client(base_url=url, timeout=60) as client:
                assert client.get("/health/live").status_code == 503
        until(lambda: answers(url))


def test_with_the_whole_system_a_report_reaches_the_count(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path / "system")
    with whole(data_dir.path) as system:
        system.ready()
        record = find_system(data_dir, Settings())
        assert set(record.desks) == set(DESKS)
        assert system.log.read_text().count("desk ") >= 5
        then = datetime.now(UTC) - timedelta(days=14)
        closed = report("closed", "closure-announced", **{"from": (then - timedelta(days=7)).date().isoformat()})
        for raw in (closed, report("is", "school-registered")):
            assert give(record.desks["coordinator"], raw)[0] < 300
        gone = lost(1, occurredAt=then.isoformat(timespec="seconds"))
        assert give(record.desks["school"], gone)[0] < 300
        assert give(record.desks["school"], gone)[0] < 300
        assert give(record.desks["school"], lost(1, sector="vo"))[0] == 409
        assert give(record.desks["jeugdhulp"], lost(2))[0] == 403
        until(lambda: all(fetch(f"{record.desks[desk]}health")["backlog"] == 0 for desk in ("school", "coordinator")))
        counted = system.run("counts", "--format", "csv").stdout.decode()
        assert counted.splitlines()[-1].startswith("GM0014,po,20")
        assert system.run("audit").returncode == 0

        pid = find_system(data_dir, Settings()).pids["school"]
        os.kill(pid, signal.SIGKILL)
        until(lambda: find_system(data_dir, Settings()).pids["school"] != pid)
        assert give(record.desks["school"], lost(3))[0] < 300
        until(lambda: b'"lost-3"' in system.run("export").stdout)
        assert system.stop() == 0
    assert "pupil-" not in system.log.read_text()
    assert not data_dir.record.exists()


def test_without_desks(tmp_path: Path) -> None:
    with whole(tmp_path / "system", "up", "--port", "0", "--no-desks") as system:
        system.ready()
        assert find_system(DataDir(tmp_path / "system"), Settings()).desks == {}


async def test_reports_by_request_and_reply(ledger: RunningLedger) -> None:
    url = f"http://127.0.0.1:{(port := free_ports(1)[0])}/"
    with started(ledger.data_dir.path, COMMAND, "desk", "school", "--port", str(port)):
        until(lambda: answers(url))
        reporter = ledger.server.parts["reporter"]
        nc = await nats.connect(
            reporter.servers, user=reporter.user, password=reporter.password, inbox_prefix="_INBOX.reporter"
        )

        async def asked(raw: bytes) -> dict[str, Any]:
            for _ in range(100):
                with contextlib.suppress(nats.errors.NoRespondersError):
                    answer: dict[str, Any] = json.loads(
                        (await nc.request("kib.desk.school.report", raw, timeout=60)).data
                    )
                    return answer
                await _pause()
            raise AssertionError("nobody answers")

        assert (await asked(lost(1)))["fate"] == "accepted"
        assert (await asked(lost(1)))["fate"] == "known"
        refused = await asked(lost(2, sector="none"))
        assert (refused["fate"], refused["field"], refused["id"]) == ("rejected", "data.sector", "lost-2")
        await nc.close()
        until(lambda: fetch(f"{url}health")["backlog"] == 0)
        assert [raw for *_, raw in await ledger.stored()] == [lost(1)]


def test_it_stops_in_order_while_the_ledger_is_away(ledger: RunningLedger) -> None:
    url = f"http://127.0.0.1:{(port := free_ports(1)[0])}/"
    with started(ledger.data_dir.path, COMMAND, "desk", "school", "--port", str(port)) as process:
        until(lambda: answers(url) and fetch(f"{url}health")["ledger"]["reached"])
        ledger.server.kill()
        until(lambda: not fetch(f"{url}health")["ledger"]["reached"])
        process.terminate()
        process.wait(60)
    assert "Traceback" not in (ledger.data_dir.path.parent / "desk.log").read_text()


async def _pause() -> None:
    await asyncio.sleep(0.05)


def test_it_describes_itself(tmp_path: Path) -> None:
    app = make_desk("school", DataDir(tmp_path), Settings())
    from services.desks.intake import describe_intake

    document = describe_intake(app.schema.to_specification(), "school")
    assert document["asyncapi"] == "3.0.0"
    operation = document["operations"]["kib.desk.school.report"]
    assert operation["reply"]["channel"] == {"$ref": "#/channels/answer"}
    for reference in _references(document):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    payload = document["components"]["schemas"]["kib.desk.school.report.payload"]
    assert {"$ref": "#/components/schemas/ContactLostEvent"} in payload["oneOf"]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def test_it_refuses_to_listen_to_the_network_without_access_control(tmp_path: Path) -> None:
    outcome = run_command("desk", "school", "--host", "0.0.0.0", "--port", "0", data_dir=tmp_path / "system")  # noqa: S104
    assert outcome.returncode == 2
    assert b"access control must be on" in outcome.stderr
    outcome = run_command("desk", "nobody", data_dir=tmp_path / "system")
    assert outcome.returncode == 2


async def test_any_server_that_lets_the_network_in_is_answered_with_a_refusal(tmp_path: Path) -> None:
    data_dir = DataDir(tmp_path / "system")
    app = make_desk("school", data_dir, Settings())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        assert (await client.get("http://192.0.2.1/health/live")).status_code == 403
        assert (await client.get("http://127.0.0.1/health/live")).status_code == 200
        AccessStore(access_path(data_dir)).create(
            "school", ["urn:nld:kvknr:12345678:systeem:x"], coordinator=False, now=now()
        )
        assert (await client.get("http://192.0.2.1/health/live")).status_code == 200


def test_the_record_tells_the_parts_and_the_desks(tmp_path: Path, ledger: RunningLedger) -> None:
    record = ledger.record
    whole_record = SystemRecord(
        record.nats, parts=record.parts, desks={"school": "http://127.0.0.1:1/"}, pids={"school": 1}
    )
    whole_record.write(ledger.data_dir)
    assert find_system(ledger.data_dir, Settings()) == whole_record
    assert whole_record.address_of("school").user == "school"
    assert whole_record.address_of("another") == record.nats
    assert not [each for each in record.parts.values() if str(each.password) in repr(whole_record)]
