from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from services.bench.figures import NotMeasured
from services.bench.processes import Usage, run, running


def test_a_command_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match=r"evaluate ended with status \d: .*nothing\.ndjson"):
        run(["evaluate", tmp_path / "nothing.ndjson"], tmp_path)


def test_a_command_that_ends_well_tells_what_it_took(tmp_path: Path) -> None:
    file = tmp_path / "empty.ndjson"
    file.touch()
    took = run(["evaluate", file], tmp_path)
    assert took.read == 0
    assert 0 < took.processor_seconds < 60
    assert took.seconds > 0
    assert took.peak_memory is None or took.peak_memory > 10_000_000


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this platform does not tell a process's memory")
def test_memory_counts_descendants_too() -> None:
    child = "b = b'x' * 60_000_000; import time; time.sleep(60)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    process = subprocess.Popen([sys.executable, "-c", parent], start_new_session=True)
    try:
        with Usage(process.pid) as usage:
            deadline = time.monotonic() + 60
            while (usage.peak or 0) < 65_000_000 and time.monotonic() < deadline:
                time.sleep(0.05)
    finally:
        os.killpg(process.pid, 9)
        process.wait()
    assert 65_000_000 < (usage.peak or 0) < 300_000_000
    assert 0 < usage.processor_seconds < 20


def test_a_process_ends_with_its_block_whatever_happens_in_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "print('up', flush=True); import time; time.sleep(60)"]
    interrupted = False
    try:
        with running(command, tmp_path, tmp_path / "log") as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        interrupted = True
    assert interrupted
    assert process.returncode == -15
