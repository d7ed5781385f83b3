"""The golden histories give their tables, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from events.times import parse_instant
from tests.conftest import SHARED
from tests.projections.evaluation.running import run_file

CASES = json.loads((SHARED / "golden" / "cases.json").read_text()) if SHARED else []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["expected"])
def test_golden_history(case: dict[str, str], golden: Path) -> None:
    k = parse_instant(case["asOf"]) if case["asOf"] else None
    ran = run_file(golden / case["events"], k, case["table"])
    assert ran.csv.encode() == (golden / case["expected"]).read_bytes()
    assert ran.rejected == []
