"""Two workers keep the live view of a ledger of three servers: one is killed, and the ledger's leader, under load."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from projections.parts import part_names
from services.bench.catching_up import position_of
from tests.deploy.test_cluster import under_load
from tests.support.cluster import Cluster, part, until
from tests.support.inside import run_inside

TWO = {"KINDINBEELD_WORKERS": "2"}
LATER = "2026-01-01T00:00:00Z"


@pytest.mark.timeout(600)
def test_workers_and_the_leader_are_killed_and_no_number_changes(cluster: Cluster, tmp_path: Path) -> None:
    place, file = tmp_path / "parts", tmp_path / "history.ndjson"
    place.mkdir()
    assert run_inside("simulate", "--events", "12000", "--output", file, data_dir=tmp_path).returncode == 0
    lines = file.read_bytes().splitlines()

    with ExitStack() as stack:
        stack.enter_context(part(cluster, "view", place, "view", **TWO))
        first, _ = (
            stack.enter_context(part(cluster, "view", place, "view", "--part", which, **TWO))
            for which in ("1/2", "2/2")
        )

        def at_work() -> bool:
            return all(position_of(each) > 0 for each in part_names(place / "view-parts"))

        def trouble() -> None:
            until(at_work, "both workers are at work")
            first.process.send_signal(signal.SIGKILL)
            assert first.process.wait(60) == -signal.SIGKILL
            time.sleep(1)
            stack.enter_context(part(cluster, "view", place, "view", "--part", "1/2", **TWO))
            time.sleep(2)
            leader = cluster.leader()
            leader.kill()
            time.sleep(3)
            leader.start()
            cluster.wait()

        assert len(under_load(cluster, lines, trouble)) == len(lines)
        audited = cluster.run("reader", "audit", "--wait", "180", data_dir=place, **TWO)
        assert audited.returncode == 0, audited.stderr
        counted = cluster.run("reader", "counts", "--format", "csv", data_dir=place, **TWO)
        assert counted.returncode == 0, counted.stderr
        assert cluster.run("reader", "export", "--output", tmp_path / "export", data_dir=place).returncode == 0
        told = cluster.run("reader", "evaluate", tmp_path / "export", "--as-of", LATER, data_dir=tmp_path)
        assert told.returncode == 0, told.stderr
        assert told.stdout.count(b"\n") > 100
        assert counted.stdout == told.stdout
        assert all(each.stat().st_size > 0 for each in part_names(place / "view-parts"))
