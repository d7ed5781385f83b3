"""`up --postgres`: everything on a PostgreSQL of the system's own, which may be killed and is not outlived."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import psycopg
import pytest

from services.system import DataDir, find_system
from tests.support.lines import simulated
from tests.support.whole import Whole, fetch, until, whole


@pytest.mark.timeout(400)
def test_everything_on_a_postgresql_of_its_own(tmp_path: Path) -> None:
    lines = simulated(7, 1_500)
    first, second = tmp_path / "first.ndjson", tmp_path / "second.ndjson"
    first.write_bytes(b"\n".join(lines[:900]) + b"\n")
    second.write_bytes(b"\n".join(lines[900:]) + b"\n")
    data_dir = DataDir(tmp_path / "system")
    with whole(data_dir.path, "up", "--port", "0", "--postgres") as system:
        url = system.ready()
        assert system.run("import", first).returncode == 0
        database = find_system(data_dir).database
        assert database is not None
        assert not data_dir.live_view.exists()
        shown(url, system)
        built = system.run("rebuild")
        assert built.returncode == 0, built.stderr
        assert b"cells with the view in place: none differ" in built.stderr
        assert b"the new view is in place" in built.stderr
        assert_equal(system)
        with psycopg.connect(database, autocommit=True) as connection:
            schemas = {name for (name,) in connection.execute("SELECT nspname FROM pg_namespace").fetchall()}
            [(views,)] = connection.execute("SELECT count(*) FROM kindinbeeld_view.view").fetchall()
        assert {"kindinbeeld", "kindinbeeld_view_2", "kindinbeeld_school", "kindinbeeld_coordinator"} <= schemas
        assert views == 2, "the one before is kept for a while"
        back = system.run("rebuild", "--back")
        assert back.returncode == 0, back.stderr
        assert b"the view of before is in place" in back.stderr
        pid = int((data_dir.postgres / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGKILL)
        until(lambda: system.run("import", second).returncode == 0)
        assert_equal(system)
        shown(url, system)
        assert system.stop() == 0
    assert not (data_dir.postgres / "data" / "postmaster.pid").exists()
    # Without --postgres it would be another system: with it, it goes on.
    with whole(data_dir.path, "up", "--port", "0", "--postgres", "--no-desks") as system:
        system.ready()
        assert json.loads(system.run("counts", "--format", "json").stdout)["rows"]
        assert system.stop() == 0


def assert_equal(system: Whole) -> None:
    """The live tables hold all of the ledger, and live equals replay."""
    done = system.run("audit", "--wait", "120")
    assert done.returncode == 0, done.stderr


def shown(url: str, system: Whole) -> None:
    """The pages come to show what the command tells."""
    told = json.loads(system.run("counts", "--format", "json").stdout)
    total = sum(row["unreached"] for row in told["rows"])

    def same() -> bool:
        rows = fetch(url + "v1/counts?pageSize=5000")["items"]
        return bool(fetch(url + "health")["ready"]) and sum(row["unreached"] for row in rows) == total

    assert total
    until(same)
