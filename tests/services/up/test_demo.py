"""`kindinbeeld demo`: the whole first closure in some seconds, on a simulated clock."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import httpx
import pytest

from services.audits import AuditLog
from services.system import DataDir
from services.up.demo import ENDS
from tests.support.inside import run_inside
from tests.support.whole import fetch, until, whole


@pytest.mark.timeout(400)
def test_the_demonstration_from_beginning_to_end(tmp_path: Path) -> None:
    arguments = ("demo", "--port", "0", "--seconds-per-week", "2", "--scale", "0.05", "--seed", "2")
    # By real time: of an hour of the simulated clock there are thousands in a minute.
    with whole(tmp_path / "demo", *arguments, settings={"KINDINBEELD_AUDIT_EVERY": "8s"}) as demo:
        url = demo.ready()
        with urllib.request.urlopen(url, timeout=60) as page:  # noqa: S310 - loopback
            assert "Gesimuleerde klok" in page.read().decode()
        first = fetch(url + "health")
        assert first["clock"] == "simulated"
        assert first["asOf"].startswith("2020-")
        until(lambda: b"reached its end" in demo.log.read_bytes(), patience=120)
        counts = demo.run("counts", "--format", "json")
        assert b'"asOf": "2020-06-19T10:00:00Z"' in counts.stdout
        days = fetch(url + "v1/open-data/dates.json")["dates"]
        assert len(days) > 5, "the simulated days have public tables, as far as there was time for each"
        assert days == sorted(set(days))
        assert "2020-03-16" < days[0] < days[-1] <= "2020-06-19"
        audit = demo.run("audit")
        assert audit.returncode == 0, audit.stderr
        log = AuditLog(DataDir(demo.data_dir).audits)
        until(lambda: len(log.history()) > 2, patience=120)
        audits = log.history()
        assert {each.differences for each in audits} == {0}
        assert all(each.as_of <= each.ended <= ENDS for each in audits), "by the simulated clock"
        assert "Controle: live is gelijk aan herberekening" in httpx.get(url, timeout=60).text
        assert demo.stop() == 0
    second = run_inside("demo", "--port", "0", "--data-dir", tmp_path / "demo", data_dir=tmp_path)
    assert second.returncode == 2
    assert b"already holds a ledger" in second.stderr
