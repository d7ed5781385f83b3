"""Ratios held against those of a run that was recorded: what fell is measured again, and only then told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.bench.figures import RATE, Figure, Ratio
from services.bench.holding import held, read_recorded
from tests.support.inside import run_inside
from tests.support.systems import run_command

OURS, PLAIN, FETCH = (
    Figure("ours", "ours", RATE, 1.0),
    Figure("plain", "plain", RATE, 1.0),
    Figure("fetch", "", RATE, 1.0),
)
RECORDED = {("ours", "plain"): 3.0}


def fallen(*runs: float) -> bool:
    [found] = held(RECORDED, [[Ratio(OURS, PLAIN, value), Ratio(OURS, FETCH, 0.1)] for value in runs])
    return found.fallen


def test_a_third_may_go_and_no_more_and_the_best_of_the_runs_counts() -> None:
    assert not fallen(2.0)
    assert fallen(1.99)
    assert not fallen(0.5, 2.0)
    assert fallen(0.5, 1.9, 1.0)
    assert fallen(), "what was not measured may have become any slower"


def write(file: Path, times: float) -> Path:
    file.write_text(json.dumps({"ratios": [{"ours": "evaluate-rate", "baseline": "plain", "times": times}]}))
    return file


@pytest.mark.parametrize(("times", "status"), [(1e-9, 0), (1e9, 1)])
def test_the_command_fails_only_after_the_third_time(tmp_path: Path, times: float, status: int) -> None:
    ran = run_command(
        *("bench", "--quick", "--events", "2000", "--only", "evaluate", "--only", "plain"),
        *("--hold", write(tmp_path / "recorded.json", times), "--data-dir", tmp_path),
        data_dir=tmp_path,
    )
    assert ran.returncode == status, ran.stderr
    assert ran.stderr.count(b"measuring again: the ratio of evaluate-rate to plain is") == 2 * status
    assert ran.stderr.count(b"slower than it was: the ratio of evaluate-rate to plain is") == status


def test_what_is_no_record_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text("{}")
    for file in ("other.json", "nowhere.json"):
        ran = run_inside("bench", "--hold", tmp_path / file, data_dir=tmp_path)
        assert ran.returncode == 2
        assert ran.stderr.startswith(b"kindinbeeld: --hold: ")


def test_the_projects_own_record_can_be_held() -> None:
    recorded = read_recorded(Path(__file__).parents[3] / "docs" / "ratios.json")
    assert ("evaluate-rate", "plain") in recorded
