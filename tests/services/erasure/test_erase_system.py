"""A whole system forgets a pupil by one command: no byte of it is left in any file, and every table is what it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.system import DataDir
from services.system.retention import erased_at
from tests.services.erasure.test_erase import CHILD, REPORT, SIBLING, SOURCE, day, everything_in, history
from tests.support.inside import run_inside
from tests.support.reports import lost, report
from tests.support.systems import COMMAND, run_command
from tests.support.whole import Whole, fetch, until, whole

INSTANTS = [day(18, 10), day(20, 10), day(21, 10), day(25, 10), day(28, 10), day(50, 10)]
SETTINGS = {"KINDINBEELD_AUDIT_EVERY": "0"}
REFUSED = b'{"specversion":"1.0","id":"geweigerd-1","source":"%b","data":{"pupil":"%b"}}' % (
    SOURCE.encode(),
    CHILD.encode(),
)


def ended() -> list[dict[str, Any]]:
    """The history, in which the closure has an end: with the reports of today it would last for years."""
    closure, *others = history()
    return [closure | {"data": closure["data"] | {"until": "2020-06-01"}}, *others]


def known(system: Whole) -> list[bytes]:
    results = [system.run("counts", "--format", "csv", "--as-of", at) for at in INSTANTS]
    results.append(system.run("counts", "--format", "csv"))
    assert [result.returncode for result in results] == [0] * len(results), results[0].stderr
    return [result.stdout for result in results]


@contextmanager
def running(place: Path, settings: Mapping[str, str] = SETTINGS) -> Iterator[tuple[Whole, str]]:
    """The system with the desk of schools, both ended in order."""
    with whole(place, "up", "--port", "0", "--no-desks", settings=settings) as system:
        system.ready()
        with whole(place, "desk", "school", "--port", "0", settings=settings) as desk:
            yield system, desk.ready()
        assert system.stop() == 0


def give(desk: str, *reports: bytes) -> list[dict[str, Any]]:
    kind = {"content-type": "application/cloudevents-batch+json"}
    answer = httpx.post(f"{desk}v1/events", content=b"[" + b",".join(reports) + b"]", headers=kind, timeout=60)
    found: list[dict[str, Any]] = answer.json()["answers"]
    return found


def erase(place: Path, *arguments: str, whom: str | None = CHILD) -> subprocess.CompletedProcess[bytes]:
    return run_inside("erase", *arguments, data_dir=place, input=whom.encode() if whom else None)


def due(place: Path, days: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KINDINBEELD_RETENTION_DAYS", days)
        return run_inside("erase", "--due", *arguments, data_dir=place)


def when_due(place: Path, days: str) -> bytes:
    done = due(place, days)
    assert done.returncode == 0, done.stderr
    return done.stderr


def there(place: Path) -> list[str]:
    found = everything_in(place)
    return [name for name in (CHILD, REPORT, "geweigerd-1") if name.encode() in found]


def test_a_system_forgets_a_pupil(tmp_path: Path) -> None:
    place = tmp_path / "system"
    by_desk = (
        report(f"{REPORT}-desk", source=SOURCE, pupil=CHILD, household="gezin-van-deze-twee-1"),
        report("s2", source=SOURCE, pupil=SIBLING),
        lost(1),
    )
    with running(place) as (system, desk):
        file = tmp_path / "history.ndjson"
        file.write_text("".join(json.dumps(each) + "\n" for each in ended()))
        assert system.run("import", file).returncode == 0
        assert [each["fate"] for each in give(desk, *by_desk, REFUSED)] == ["accepted"] * 3 + ["rejected"]
        until(lambda: fetch(f"{desk}health")["backlog"] == 0)
        assert system.run("archive", "build").returncode == 0
        before = known(system)
        assert erase(place, "--pupils", "-", "--yes").returncode == 3  # while it runs nothing is touched
    (tmp_path / "history.ndjson").unlink()
    assert there(place) == [CHILD, REPORT, "geweigerd-1"]
    files = {path: path.read_bytes() for path in (place / "desks").iterdir()}
    told = erase(place, "--pupils", "-")
    assert told.returncode == 0, told.stderr
    assert b"1 pupils, 7 events" in told.stderr
    assert there(place) == [CHILD, REPORT, "geweigerd-1"]

    terms = {days: when_due(place, days) for days in ("30", "36500")}
    assert (b"due since 2020-07-01" in terms["30"], b"not due before 2120-" in terms["36500"]) == (True, True)
    assert b"--yes does it" in terms["30"]

    proof = tmp_path / "proof.json"
    # A process of its own: what its children write is looked through too.
    words = ("erase", "--pupils", "-", "--yes", "--proof", str(proof))
    done = run_command(*words, data_dir=place, input=CHILD.encode())
    assert done.returncode == 0, done.stderr
    proved = json.loads(proof.read_text())
    assert (proved["holds"], proved["files_left"], proved["events_rewritten"]) == (True, [], 7)
    assert proved["files_searched"] > 3
    assert proved["facts_of_desks"] == 2  # the child's report, and what was refused
    assert there(place) == []
    assert files  # there were stores, and they are others now
    assert [name for name in (CHILD, REPORT) if name.encode() in done.stdout + done.stderr] == []
    assert not list(place.glob("erasing*"))

    with running(place) as (system, desk):
        assert known(system) == before
        assert system.run("audit").returncode == 0
        # What was reported of others is known still, and the desk carries on.
        assert [each["fate"] for each in give(desk, *by_desk[1:], lost(2))] == ["known", "known", "accepted"]
        until(lambda: fetch(f"{desk}health")["backlog"] == 0)
        assert system.run("archive", "build").returncode == 0
        assert system.run("archive", "verify").returncode == 0
        assert there(place) == []
        listed = system.run("export")
        assert listed.stdout.count(SIBLING.encode()) == 2
        before = known(system)

    # When the term is over, and not before, nobody is left; a timer calls it each night.
    for days, left in (("36500", True), ("30", False)):
        done = due(place, days, "--yes")
        assert done.returncode == 0, done.stderr
        assert (SIBLING.encode() in everything_in(place)) == left
        assert (erased_at(DataDir(place)) is None) == left
    with running(place) as (system, _):
        assert known(system) == before
        assert system.run("audit").returncode == 0
        exported = system.run("export").stdout

    # The closures are over still: the night after, the timer finds nothing to do.
    done = due(place, "30", "--yes")
    assert (done.returncode, done.stdout, b"everyone was erased since" in done.stderr) == (0, b"", True), done.stderr
    with running(place) as (system, _):
        assert system.run("export").stdout == exported


def test_killed_at_any_moment_it_is_done_or_not_done(tmp_path: Path) -> None:
    place = tmp_path / "system"
    several = ("up", "--port", "0", "--no-desks", "--workers", "2")
    with whole(place, *several, settings=SETTINGS) as system:
        system.bring_in([json.dumps(each).encode() for each in ended()], tmp_path / "history.ndjson")
        before = known(system)
        assert system.run("rebuild").returncode == 0  # those of before are kept for a day
        assert system.stop() == 0
    (tmp_path / "history.ndjson").unlink()
    parts = [path for path in (place / "view-parts").rglob("*") if path.is_file()]
    holding = {path.parent for path in parts if CHILD.encode() in path.read_bytes()}
    assert len(holding) == 2, "those in place, and those of before"
    statuses = []
    for wait in (0.9, 1.8, 2.7, 3.6):
        process = subprocess.Popen(
            [str(COMMAND), "erase", "--everyone", "--yes", "--data-dir", str(place)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(wait)
        os.killpg(process.pid, signal.SIGKILL)
        statuses.append(process.wait())
    assert statuses[0] == -signal.SIGKILL
    finished = erase(place, "--finish", whom=None)
    assert finished.returncode == 0, finished.stderr
    done = erase(place, "--everyone", "--yes", whom=None)
    assert done.returncode == 0, done.stderr
    assert there(place) == []
    with whole(place, *several, settings=SETTINGS) as system:
        system.ready()
        until(lambda: system.run("audit").returncode == 0)
        assert known(system) == before
        assert there(place) == []


def test_half_way_no_system_starts(tmp_path: Path) -> None:
    place = tmp_path / "system"
    (place / "erasing").mkdir(parents=True)
    (place / "erasing" / "ready").touch()
    started = run_command("up", "--port", "0", "--no-desks", data_dir=place)
    assert (started.returncode, b"erase --finish" in started.stderr) == (3, True)
    assert erase(place, "--finish", whom=None).returncode == 0
    assert not (place / "erasing").exists()


@pytest.mark.parametrize(("days", "words"), [("0", b"sets no term"), ("30", b"live view")])
def test_a_term_that_nobody_set_or_can_tell(tmp_path: Path, days: str, words: bytes) -> None:
    done = due(tmp_path, days)
    assert done.returncode in (2, 3)
    assert words in done.stderr
