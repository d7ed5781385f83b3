"""Imports that are killed, and servers that are killed under them: repeated, the ledger holds each event once."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from services.ledger import importing
from tests.support.lines import lines, write_lines
from tests.support.systems import COMMAND, RunningLedger

COUNT = 40_000


def start(ledger: RunningLedger, file: Path | str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [str(COMMAND), "import", str(file), "--data-dir", str(ledger.data_dir)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def end(importer: subprocess.Popen[bytes]) -> list[str]:
    _, told = importer.communicate(timeout=120)
    return told.decode().splitlines()


def wait_until_it_stores(ledger: RunningLedger, importer: subprocess.Popen[bytes]) -> None:
    """Wait until the importer's index exists, which is when the first lines are on their way."""
    while not ledger.data_dir.import_index.exists() and importer.poll() is None:
        time.sleep(0.01)


@pytest.mark.parametrize("seed", [1])
def test_an_import_killed_again_and_again_ends_with_each_event_once(
    ledger: RunningLedger, tmp_path: Path, seed: int
) -> None:
    moments = random.Random(seed)
    file = write_lines(tmp_path / "events", COUNT)
    for _ in range(3):
        importer = start(ledger, file)
        wait_until_it_stores(ledger, importer)
        time.sleep(moments.uniform(0.2, 1.4))
        importer.kill()
        end(importer)
    done = ledger.run_inside("import", file)
    assert done.returncode == 0
    assert ledger.run_inside("export").stdout == file.read_bytes()
    stored = [entry[3] for entry in asyncio.run(ledger.stored())]
    assert len(stored) == COUNT  # nothing lies there twice either
    again = ledger.run_inside("import", file)
    assert again.stderr.decode() == f"read {COUNT}, new 0, known {COUNT}, rejected 0\n"


@pytest.mark.parametrize("seed", [1, 2])
def test_a_server_killed_under_an_import_holds_nothing_up(ledger: RunningLedger, tmp_path: Path, seed: int) -> None:
    moments = random.Random(seed)
    file = write_lines(tmp_path / "events", COUNT)
    importer = start(ledger, file)
    wait_until_it_stores(ledger, importer)
    for _ in range(2):
        time.sleep(moments.uniform(0.1, 0.6))
        ledger.server.kill()
        time.sleep(moments.uniform(0, 0.3))
        ledger.server.start()
    told = end(importer)
    assert (importer.returncode, told[-1]) == (0, f"read {COUNT}, new {COUNT}, known 0, rejected 0"), told
    assert ledger.run_inside("export").stdout == file.read_bytes()
    again = ledger.run_inside("import", file)
    assert again.stderr.decode() == f"read {COUNT}, new 0, known {COUNT}, rejected 0\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_says_how_far_and_can_be_repeated(
    ledger: RunningLedger, tmp_path: Path, number: signal.Signals
) -> None:
    importer = start(ledger, "-")
    assert importer.stdin is not None
    importer.stdin.write(lines(range(1, 5001)))
    importer.stdin.flush()
    wait_until_it_stores(ledger, importer)
    time.sleep(1)  # it has read what there is and waits for more
    importer.send_signal(number)
    importer.wait(60)
    assert importer.stderr is not None
    said, counted = importer.stderr.read().decode().splitlines()
    importer.stdin.close()
    importer.stderr.close()
    assert importer.returncode == 128 + number
    assert said == "kindinbeeld: interrupted; what is counted below is in the ledger, import it again to go on"
    new = len(asyncio.run(ledger.stored()))
    assert new >= 4000  # all whole lines that had come through the pipe
    assert counted == f"read {new}, new {new}, known 0, rejected 0"
    file = write_lines(tmp_path / "events", 6000)
    again = ledger.run_inside("import", file)
    assert again.stderr.decode() == f"read 6000, new {6000 - new}, known {new}, rejected 0\n"


def test_a_system_that_stops_in_the_middle_is_one_clear_line(
    ledger: RunningLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.ledger.importing._PATIENCE_SECONDS", 0.5)

    settle = importing.Importer._settle

    async def settle_then_stop(self: importing.Importer, *arguments: object) -> None:
        await settle(self, *arguments)  # type: ignore[arg-type]
        ledger.server.kill()

    monkeypatch.setattr(importing.Importer, "_settle", settle_then_stop)
    done = ledger.run_inside("import", "-", input=lines(range(1, COUNT + 1)))
    said, counted = [row for row in done.stderr.decode().splitlines() if not row.startswith("{")]
    assert done.returncode == 3
    assert said.startswith("kindinbeeld: the ledger took nothing in for ")
    assert said.endswith("; what is counted below is in the ledger, import it again to go on")
    assert counted == "read 32768, new 32768, known 0, rejected 0"
