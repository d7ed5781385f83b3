"""A lost PostgreSQL comes back from `pg_dump`, as docs/installing.md tells: same tables, no report lost or doubled."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from services.simulate import simulate
from tests.services.up.test_restore import given, level, system_with_desk, tables
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.whole import Whole, fetch, until, whole

INSTALLING = Path(__file__).parents[3] / "docs" / "installing.md"
DESK = ("desk", "school", "--port", "0")


def told(server: PostgresServer, program: str, database: str, file: Path) -> None:
    """Run what docs/installing.md says of a program, on a database and a file."""
    found = server.program(program)
    if found is None:
        pytest.skip(f"there is no {program}")
    [command] = re.findall(rf"`{program} ([^`]+)`", INSTALLING.read_text("utf-8"))
    words = [word.replace("postgres.dump", str(file)).replace("DATABASE", database) for word in shlex.split(command)]
    done = subprocess.run([str(found), *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def carried(system: Whole, file: Path) -> set[str]:
    """The reports of the desk that lie in the ledger."""
    assert system.run("export", "--output", file).returncode == 0
    ids = (json.loads(line)["id"] for line in file.read_bytes().splitlines())
    return {each for each in ids if each.startswith("lost-")}


def test_a_lost_postgresql_comes_back_to_the_same_tables(postgres: PostgresServer, tmp_path: Path) -> None:
    machine, dump = tmp_path / "machine", tmp_path / "postgres.dump"
    history = tmp_path / "history.ndjson"
    history.write_bytes(b"".join(line + b"\n" for _, line in simulate(11, "first", events=1_000)))
    with running_postgres() as server:
        lost = {"KINDINBEELD_DATABASE": server.database()}
        with system_with_desk(machine, lost) as (system, desk):
            assert system.run("import", history).returncode == 0
            assert given(desk, range(5)) == {"accepted"}
            level(desk)
        # What the desk accepted while the ledger was away is in the copy, and nowhere else.
        with whole(machine, *DESK, settings=lost) as alone:
            url = alone.ready()
            assert given(url, range(5, 10)) == {"accepted"}
            assert fetch(f"{url}health")["backlog"] == 5
            told(server, "pg_dump", lost["KINDINBEELD_DATABASE"], dump)
        # After the copy: these are in the ledger, and not in the copy.
        with system_with_desk(machine, lost) as (system, desk):
            assert given(desk, range(10, 15)) == {"accepted"}
            level(desk)
            assert carried(system, tmp_path / "before.ndjson") == {f"lost-{number}" for number in range(15)}
            until(lambda: system.run("audit", "--wait", "60").returncode == 0)
            shown = tables(system)
            server.crash()  # lost for good: nothing of it is used again

    again = {"KINDINBEELD_DATABASE": postgres.database()}
    told(postgres, "pg_restore", again["KINDINBEELD_DATABASE"], dump)
    with system_with_desk(machine, again) as (system, desk):
        level(desk)
        audited = system.run("audit", "--wait", "120")
        assert audited.returncode == 0, audited.stderr
        assert tables(system) == shown
        # It knows what was in the copy; the rest it takes in once more, and it counts once.
        assert given(desk, range(10)) == {"known"}
        assert given(desk, range(10, 15)) == {"accepted"}
        level(desk)
        assert system.run("audit", "--wait", "120").returncode == 0
        assert tables(system) == shown
        # What is new gets there, though the ledger knows those places of its log already.
        assert given(desk, range(15, 20)) == {"accepted"}
        level(desk)
        assert system.run("audit", "--wait", "120").returncode == 0
        assert carried(system, tmp_path / "after.ndjson") == {f"lost-{number}" for number in range(20)}
        assert tables(system) != shown
