"""A history is the same wherever it is read from, and goes into whichever view."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from pathlib import Path

from events import parse_instant
from projections.evaluation import evaluate
from projections.live.reading import LiveReader
from services.replaying.history import History
from services.replaying.sources import batches_of
from services.simulate import simulate
from services.system import DataDir
from tests.support.inside import run_inside
from tests.support.lines import simulated
from tests.support.postgres import PostgresServer
from tests.support.systems import RunningLedger


def test_archive_and_ledger_hold_the_same_history(ledger: RunningLedger, tmp_path: Path) -> None:
    """Also what a desk published: that was known when the ledger took it in, whatever the event says."""
    lines = simulated(11, 300)
    file = tmp_path / "history.ndjson"
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    assert ledger.run_inside("import", file).returncode == 0
    spoken = json.loads(lines[-1]) | {"id": "live", "recordedtime": "2020-12-30T12:00:00Z"}
    asyncio.run(ledger.store(json.dumps(spoken).encode(), desk="school"))
    assert ledger.run_inside("archive", "build").returncode == 0
    work = tmp_path / "work"
    work.mkdir()
    none = DataDir(tmp_path / "none")
    filed = History(tmp_path / "file", batches_of(str(file), None, none, work))
    read = History(tmp_path / "ledger", batches_of(None, None, ledger.data_dir, work))
    kept = History(tmp_path / "archive", batches_of(None, ledger.data_dir.archive, none, work))
    # An import leaves out copies of what the ledger has.
    different = len({(line["source"], line["id"]) for line in map(json.loads, lines)})
    assert len(read) == len(kept) == different + 1 <= len(filed)
    assert read.messages(0, len(read)) == kept.messages(0, len(kept))
    assert read.known(different) == filed.known(len(filed))
    assert read.known(len(read)) > parse_instant("2024-01-01T00:00:00Z")


def test_into_a_database_that_holds_no_view(postgres: PostgresServer, tmp_path: Path) -> None:
    database = postgres.database()
    file = tmp_path / "history.ndjson"
    lines = [line + b"\n" for _, line in simulate(11, "first", events=300)]
    file.write_bytes(b"".join(lines))
    command = ("replay", file, "--to", "200", "--into", database)
    done = run_inside(*command, data_dir=tmp_path / "none")
    assert (done.returncode, b"up to sequence 200" in done.stderr) == (0, True), done.stderr
    file.write_bytes(b"".join(lines[:200]))
    with closing(LiveReader(database)) as reader:
        at = reader.recorded_until
        assert list(reader.tables(at).rows("counts")) == [tuple(row) for row in evaluate(file, at).rows()] != []
    again = run_inside(*command, data_dir=tmp_path / "none")
    assert (again.returncode, b"holds a view already" in again.stderr) == (2, True)
    away = run_inside("replay", file, "--into", "postgresql://me:secret@127.0.0.1:1/none", data_dir=tmp_path / "none")
    assert (away.returncode, b"secret" in away.stderr) == (3, False)
