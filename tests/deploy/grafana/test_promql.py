"""The rules about the machine fire when something is the matter, by Prometheus's own tool for testing rules."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from deploy.grafana import Choices, wanted
from tests.support.prometheus import program

RULES = {
    rule["uid"].removeprefix("kib-"): rule["data"][0]["model"]["expr"]
    for group in wanted(Choices("postgresql://h/d", "http://h")).groups
    for rule in group["rules"]
    if "expr" in rule["data"][0]["model"]
}
WIJ, SCHOOL = '{desk="wij"}', '{desk="school"}'
REJECTED, KNOWN = '{desk="wij",fate="rejected"}', '{desk="wij",fate="known"}'
UP = '{job="kindinbeeld-desks",desk="wij"}'
GONE = "1x4 stale _x20"

CASES = [
    ("view-behind", {"kib_view_behind_seconds": "0x20"}, {"{}": 0}),
    ("view-behind", {"kib_view_behind_seconds": "61x20"}, {"{}": 1}),
    ("view-behind", {"kib_page_ready": "1x20"}, {}),  # nobody can tell: no data, which is an alert too
    ("audit-differs", {"kib_audit_equal": "1x20"}, {"{}": 0}),
    ("audit-differs", {"kib_audit_equal": "0x20"}, {"{}": 1}),
    ("reports-rejected", {f"kib_desk_answers_total{REJECTED}": "0+1x20"}, {WIJ: 0}),
    ("reports-rejected", {f"kib_desk_answers_total{REJECTED}": "0+2x20"}, {WIJ: 1}),
    ("reports-rejected", {f"kib_desk_answers_total{KNOWN}": "0+9x20"}, {}),
    ("desk-stuck", {f"kib_desk_ready{WIJ}": "1x20", f"kib_desk_ready{SCHOOL}": "0x20"}, {WIJ: 0, SCHOOL: 1}),
    ("desk-stuck", {f"kib_desk_ready{WIJ}": GONE, f"up{UP}": "1x4 0x20"}, {WIJ: 1}),
    ("relay-stuck", {f"kib_desk_backlog{WIJ}": "0x20", f"kib_desk_carried_total{WIJ}": "5x20"}, {WIJ: 0}),
    ("relay-stuck", {f"kib_desk_backlog{WIJ}": "7x20", f"kib_desk_carried_total{WIJ}": "5x20"}, {WIJ: 1}),
    ("relay-stuck", {f"kib_desk_backlog{WIJ}": "7x20", f"kib_desk_carried_total{WIJ}": "5+5x20"}, {WIJ: 0}),
    ("relay-stuck", {f"kib_desk_backlog{WIJ}": "7x17 0 7 7", f"kib_desk_carried_total{WIJ}": "5x20"}, {WIJ: 0}),
]


def test_every_rule_is_tried_both_ways() -> None:
    found: dict[str, set[int]] = {}
    for rule, _, values in CASES:
        found.setdefault(rule, set()).update(values.values())
    assert found == {rule: {0, 1} for rule in RULES}


@pytest.fixture(scope="module")
def promtool() -> str:
    return program("promtool")


def test_they_fire_when_they_should_and_not_otherwise(promtool: str, tmp_path: Path) -> None:
    tests = [
        {
            "interval": "1m",
            "name": f"{rule} {series}",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [
                {
                    "expr": RULES[rule],
                    "eval_time": "20m",
                    "exp_samples": [{"labels": labels, "value": value} for labels, value in values.items()],
                }
            ],
        }
        for rule, series, values in CASES
    ]
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps({"rule_files": [], "evaluation_interval": "1m", "tests": tests}))
    done = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
