"""A history is the same wherever it is read from."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from events import parse_instant
from services.replaying.history import History
from services.replaying.sources import batches_of
from services.simulate import simulate
from services.system import DataDir
from tests.support.systems import RunningLedger


def test_archive_and_ledger_hold_the_same_history(ledger: RunningLedger, tmp_path: Path) -> None:
    """Also what a desk published: that was known when the ledger took it in, whatever the event says."""
    lines = [line for _, line in simulate(11, "first", events=300)]
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
    assert len(read) == len(kept) == len(filed) + 1
    assert read.messages(0, len(read)) == kept.messages(0, len(kept))
    assert [m.recorded for m in read.messages(0, len(filed))] == [m.recorded for m in filed.messages(0, len(filed))]
    assert read.known(len(read)) > parse_instant("2024-01-01T00:00:00Z")
