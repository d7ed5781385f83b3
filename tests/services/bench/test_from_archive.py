"""A system that begins behind an archive knows what the events of the file say, and goes on behind them."""

from __future__ import annotations

import json
from pathlib import Path

from services.bench.context import Asked, Bench
from services.bench.data import Data
from services.bench.from_archive import begin_behind, last_lines
from services.bench.systems import newest_sequence, whole_system
from tests.support.inside import run_inside


def test_it_knows_what_they_say_and_takes_in_what_follows(tmp_path: Path) -> None:
    place = tmp_path / "system"
    with Bench(Asked(2500), tmp_path, Data(tmp_path), lambda _: None) as bench:
        events, archive = bench.data.events(2500), bench.data.archive(2500)
        assert list(last_lines(archive)) == events.read_bytes().splitlines()
        begin_behind(bench, archive, place)
    lines = events.read_bytes().splitlines()
    later = tmp_path / "later.ndjson"
    later.write_bytes(_lost_again(lines))
    with whole_system(place, {"KINDINBEELD_AUDIT_EVERY": "0", "KINDINBEELD_ARCHIVE_EVERY": "0"}) as record:
        assert newest_sequence(record) == len(lines)
        assert run_inside("counts", "--format", "csv", data_dir=place).stdout == _evaluated(events, place)
        assert run_inside("import", "--strict", later, data_dir=place).returncode == 0
        assert newest_sequence(record) == len(lines) + 1
        counted = run_inside("counts", "--format", "csv", data_dir=place).stdout
    events.write_bytes(events.read_bytes() + later.read_bytes())
    assert counted == _evaluated(events, place) != b""


def _evaluated(events: Path, place: Path) -> bytes:
    ran = run_inside("evaluate", events, "--as-of", "2026-01-01T00:00:00Z", data_dir=place)
    assert ran.returncode == 0
    return ran.stdout


def _lost_again(lines: list[bytes]) -> bytes:
    event = json.loads(next(line for line in reversed(lines) if b"contact-lost" in line))
    event["id"] = "later"
    event["data"]["pupil"] = event["data"]["pupil"][::-1]
    return json.dumps(event).encode() + b"\n"
