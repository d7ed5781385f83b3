"""Audits are recorded, by the command and by a running system itself, and told wherever somebody looks."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.audits import Audit, AuditLog, kept
from services.simulate import simulate
from services.system import DataDir, Settings, WrongUsage
from tests.support.inside import run_inside
from tests.support.whole import Whole, until, whole

PATIENCE = 180.0


def history(path: Path, lines: int = 1_500) -> Path:
    path.write_bytes(b"".join(line + b"\n" for _, line in simulate(11, "first", events=lines)))
    return path


def recorded(system: Whole) -> list[Audit]:
    return AuditLog(DataDir(system.data_dir).audits).history()


def text(url: str) -> str:
    return httpx.get(url, timeout=60).raise_for_status().text


def metrics(url: str) -> dict[str, float]:
    lines = (line for line in text(url + "metrics").splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in (line.split(" ") for line in lines)}


def ready(url: str) -> Any:
    answer = httpx.get(url + "health/ready", timeout=60)
    assert answer.status_code == (200 if answer.json()["ready"] else 503)
    return answer.json()


@pytest.mark.timeout(600)
def test_a_running_system_audits_itself_and_says_what_it_finds(tmp_path: Path) -> None:
    up = ("up", "--port", "0", "--no-desks")
    with whole(tmp_path / "system", *up, settings={"KINDINBEELD_AUDIT_EVERY": "4s"}) as system:
        url = system.ready()
        assert system.run("import", history(tmp_path / "history.ndjson")).returncode == 0

        def compared() -> bool:
            audits = recorded(system)
            return bool(audits) and audits[-1].events > 1_000

        until(compared, PATIENCE)
        audit = recorded(system)[-1]
        assert audit.equal
        assert audit.cells > 1_000
        assert audit.position == httpx.get(url + "health", timeout=60).json()["viewPosition"]
        assert audit.as_of <= audit.ended
        until(
            lambda: (httpx.get(url + "health", timeout=60).json()["lastAudit"] or {}).get("cells") == audit.cells,
            PATIENCE,
        )
        assert ready(url) == {"ready": True, "reason": None}
        assert metrics(url)["kib_audit_equal"] == 1
        assert metrics(url)["kib_audit_cells"] == audit.cells
        assert re.search(r"live is gelijk aan herberekening: [\d.]+ cellen, ", text(url))

        with closing(sqlite3.connect(tmp_path / "system" / "live.sqlite", timeout=30)) as database, database:
            database.execute("UPDATE flow SET n = n + 1 WHERE key = (SELECT key FROM flow WHERE n > 0 LIMIT 1)")
        until(lambda: not recorded(system)[-1].equal, PATIENCE)
        until(lambda: ready(url)["reason"] == "the last audit found cells that differ", PATIENCE)
        assert not ready(url)["ready"]
        assert httpx.get(url + "health", timeout=60).json()["lastAudit"]["differences"] > 0
        found = metrics(url)
        assert found["kib_audit_equal"] == found["kib_page_ready"] == 0
        assert found["kib_audit_differences"] > 0
        until(lambda: "De controle</a>" in text(url), PATIENCE)
        last = system.run("audit", "--last", "--format", "json")
        assert last.returncode == 1
        assert json.loads(last.stdout)["differences"] > 0
        until(lambda: "live differs from replay" in system.log.read_text(), PATIENCE)

        assert system.run("rebuild").returncode == 0
        until(lambda: recorded(system)[-1].equal, PATIENCE)
        until(lambda: ready(url)["ready"], PATIENCE)
        assert system.stop() == 0
    told = [line for line in system.log.read_text().splitlines() if "replay" in line]
    assert told
    assert not re.search(r"GM\d{4}|unreached", "".join(told)), "a log names no cell"


def an_audit(number: int, differences: int = 0) -> Audit:
    return Audit(1_587_000_000_000_000 + number, 1_587_000_000_000_000, number, 10, 18_412, differences, 1.25)


def test_the_oldest_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_KEPT", 10)
    log = AuditLog(tmp_path / "audits.sqlite")
    assert log.last() is None
    for number in range(13):
        log.add(an_audit(number))
    assert log.history() == [an_audit(number) for number in range(3, 13)]
    assert log.last() == an_audit(12)


def test_what_is_recorded_is_listed_without_a_system(tmp_path: Path) -> None:
    none = run_inside("audit", "--last", data_dir=tmp_path)
    assert (none.returncode, none.stdout) == (0, b"")
    assert b"no audit has been recorded" in none.stderr
    log = AuditLog(DataDir(tmp_path).audits)
    log.add(an_audit(1))
    log.add(an_audit(2, differences=3))
    listed = run_inside("audit", "--history", "--format", "json", data_dir=tmp_path)
    assert listed.returncode == 1
    first, second = map(json.loads, listed.stdout.splitlines())
    assert (first["position"], first["differences"], second["differences"]) == (1, 0, 3)
    assert first["asOf"] == "2020-04-16T01:20:00Z"
    last = run_inside("audit", "--last", data_dir=tmp_path)
    assert last.returncode == 1
    assert len(last.stdout.splitlines()) == 2
    assert b"3 cells differ" in last.stderr


@pytest.mark.parametrize("raw", ["hourly", "1d", "-1h", "0h"])
def test_how_often_is_a_duration_or_nothing(raw: str) -> None:
    with pytest.raises(
        WrongUsage, match="KINDINBEELD_AUDIT_EVERY: must be `0`, or a whole number followed by s, m or h"
    ):
        Settings.from_environment({"KINDINBEELD_AUDIT_EVERY": raw})
