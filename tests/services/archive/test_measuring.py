"""What is told of how the archive is kept, over hours: by a clock that is set."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.archive.measuring import Measures


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("services.archive.measuring.time.monotonic", lambda: now[0])
    return now


def test_builds_that_fail_after_hours_are_told_as_failing_and_hide_nothing(tmp_path: Path, clock: list[float]) -> None:
    def said() -> tuple[float, float]:
        measures.looked(10, 20)
        measures.write(file)
        lines = dict(line.split() for line in file.read_text().splitlines() if line[0] != "#")
        return float(lines["kib_archive_failing_seconds"]), float(lines["kib_archive_wait_seconds"])

    measures, file = Measures(60), tmp_path / "metrics"
    assert said() == (0, 60)
    measures.built(True, 30, 10, 300)
    assert said() == (0, 300)
    measures.built(False, 7200, 10, 72_000)
    clock[0] += 50_000
    assert said() == (50_000, 300)
    measures.built(False, 7200, 10, 72_000)
    clock[0] += 10
    assert said() == (50_010, 300)
    measures.built(True, 40, 10, 400)
    assert said() == (0, 400)
    # It holds all, but also what is to be forgotten: making it anew fails. Then somebody makes it by hand.
    measures.built(False, 1, 20, 60)
    clock[0] += 30
    measures.looked(20, 20, removed=True)
    measures.built(False, 1, 20, 60)
    measures.write(file)
    assert "\nkib_archive_failing_seconds 30.0\n" in file.read_text()
    measures.looked(20, 20)
    measures.write(file)
    assert "\nkib_archive_failing_seconds 0\n" in file.read_text()
