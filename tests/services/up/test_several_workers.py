"""`kindinbeeld up --workers N`: the whole system, of which several workers keep the live view."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import signal
import threading
import urllib.request
from pathlib import Path

import httpx
import pytest

from events import event_subject, part_of_raw
from services.ledger.connecting import connect
from services.ledger.reading import read_ledger
from services.simulate import simulate
from services.system import DataDir, SystemRecord, find_system
from tests.support.reports import lost, report
from tests.support.systems import run_command
from tests.support.whole import Whole, fetch, name_of, until, whole

WEEK = "2020-W14"
ALONE = ("up", "--port", "0", "--no-desks")


def named(system: Whole, name: str) -> list[int]:
    """The processes of the system whose name begins so."""
    return [pid for pid in system.processes() if name_of(pid).startswith(name)]


def counted(system: Whole) -> bytes:
    """The table, by the command."""
    outcome = system.run_apart("counts", "--format", "csv")
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


def unreached(table: bytes) -> int:
    """The pupils not reached in a week over the country, by a table as CSV."""
    rows = csv.DictReader(io.StringIO(table.decode()))
    return sum(int(row["unreached"]) for row in rows if row["week"] == WEEK)


def served(url: str) -> int:
    """The same number, by the pages."""
    with urllib.request.urlopen(f"{url}v1/counts?format=csv&pageSize=5000&week={WEEK}", timeout=60) as rows:  # noqa: S310
        return unreached(rows.read())


def test_pages_commands_and_replay_agree_however_many_workers_there_are(tmp_path: Path) -> None:
    lines = [line + b"\n" for _, line in simulate(11, "first", events=6_000)]
    later = lines[5::6]
    sooner = [line for number, line in enumerate(lines) if number % 6 != 5]
    pieces = {"early": sooner[:2_000], "late": sooner[2_000:], "last": later, "most": sooner, "all": lines}
    for name, some in pieces.items():
        (tmp_path / name).write_bytes(b"".join(some))
    early, late, last, most, all_of_it = (tmp_path / name for name in pieces)
    by_then, expected = (
        run_command("evaluate", file, "--as-of", "2026-01-01T00:00:00Z", data_dir=tmp_path).stdout
        for file in (most, all_of_it)
    )
    assert unreached(by_then) != unreached(expected)
    settings = {"KINDINBEELD_AUDIT_EVERY": "2s"}
    with whole(tmp_path / "system", *ALONE, "--workers", "2", settings=settings) as system:
        url = system.ready()
        assert len(named(system, "kib worker")) == 2
        assert system.run("import", early).returncode == 0
        importing = threading.Thread(target=system.run_apart, args=("import", late))
        importing.start()
        for _ in range(3):
            before = fetch(f"{url}v1/status")["position"]
            os.kill(named(system, "kib worker")[0], signal.SIGKILL)
            until(lambda before=before: fetch(f"{url}v1/status")["position"] > before or not importing.is_alive())
        importing.join()
        until(lambda: fetch(f"{url}health")["eventsBehind"] == 0)
        assert counted(system) == by_then
        audit = system.run_apart("audit")
        assert audit.returncode == 0, audit.stderr
        until(lambda: fetch(f"{url}v1/status")["lastAudit"] is not None)
        assert fetch(f"{url}v1/status")["lastAudit"]["equal"] is True
        assert unreached(by_then) > 100
        # Pages rest after a look that held the workers up, as one does while they are away: up to twenty seconds.
        until(lambda: served(url) == unreached(by_then))
        with urllib.request.urlopen(f"{url}metrics", timeout=60) as told:  # noqa: S310 - loopback
            assert b"\nkib_view_applied_messages_total " in told.read()
        built = system.run_apart("rebuild")
        assert built.returncode == 0, built.stderr
        assert b"cells with the view in place: none differ\n" in built.stderr
        assert b"the new view is in place\n" in built.stderr
        assert system.run("import", last).returncode == 0
        until(lambda: fetch(f"{url}health")["eventsBehind"] == 0)
        assert counted(system) == expected, "they go on with the new parts"
        until(lambda: served(url) == unreached(expected))
        assert len(named(system, "kib worker")) == 2
        assert system.stop() == 0
    # Another number moves no data; the one view is another database, which catches up by itself.
    for arguments in (("--workers", "3"), ()):
        with whole(tmp_path / "system", *ALONE, *arguments) as system:
            url = system.ready()
            until(lambda url=url: fetch(f"{url}health")["eventsBehind"] == 0)
            assert len(named(system, "kib worker")) == (3 if arguments else 0)
            assert counted(system) == expected
            until(lambda url=url: served(url) == unreached(expected))
            assert system.stop() == 0


def test_what_desks_report_is_divided_by_the_broker_too(tmp_path: Path) -> None:
    kind = {"content-type": "application/cloudevents-batch+json"}
    reports = [lost(number) for number in range(40)]
    with whole(
        tmp_path / "system", "up", "--port", "0", "--workers", "2", settings={"KINDINBEELD_DESK_PORT": "0"}
    ) as up:
        url = up.ready()
        record = find_system(DataDir(up.data_dir))
        for desk, some in (("school", reports), ("coordinator", [report("closed", "closure-announced")])):
            body = b"[" + b",".join(some) + b"]"
            answers = httpx.post(f"{record.desks[desk]}v1/events", content=body, headers=kind, timeout=60).json()
            assert {each["fate"] for each in answers["answers"]} == {"accepted"}
        until(lambda: fetch(f"{url}v1/status")["position"] == len(reports) + 1)
        assert unreached(counted(up)) == len(reports)
        assert up.run("audit").returncode == 0
        subjects = asyncio.run(stored(record))
        divided = [event_subject("school", "contact-lost", part_of_raw(each)) for each in reports]
        assert sorted(subjects) == sorted([*divided, event_subject("coordinator", "closure-announced")])
        assert up.stop() == 0


async def stored(record: SystemRecord) -> list[str]:
    """The subjects of all messages in the ledger, in order."""
    async with await connect(record.nats) as ledger:
        return [subject async for batch in read_ledger(ledger.nc) for _, _, subject, _ in batch]


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["--workers", "2", "--postgres"], {}),
        (["--workers", "2"], {"KINDINBEELD_DATABASE": "postgresql://localhost/x"}),
    ],
)
def test_several_workers_and_postgresql_are_refused(
    tmp_path: Path, arguments: list[str], settings: dict[str, str]
) -> None:
    with whole(tmp_path / "system", "up", "--port", "0", *arguments, settings=settings) as system:
        assert system.process.wait(60) == 2
        assert "not in PostgreSQL" in system.log.read_text()


@pytest.mark.parametrize("number", ["0", "10", "x"])
def test_so_many_workers_cannot_be(tmp_path: Path, number: str) -> None:
    refused = run_command("up", "--workers", number, data_dir=tmp_path / "system")
    assert refused.returncode == 2
    assert b"--workers" in refused.stderr
