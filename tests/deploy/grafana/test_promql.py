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
LASTING = {
    rule["uid"].removeprefix("kib-"): rule["for"]
    for group in wanted(Choices("postgresql://h/d", "http://h")).groups
    for rule in group["rules"]
}
WIJ, SCHOOL = '{desk="wij"}', '{desk="school"}'
REJECTED, KNOWN = '{desk="wij",fate="rejected"}', '{desk="wij",fate="known"}'
UP = '{job="kindinbeeld-desks",desk="wij"}'
GONE = "1x4 stale _x20"
A, B = '{server="a"}', '{server="b"}'
EVENTS_A, REJECTED_A = '{stream="KIB_EVENTS",server="a"}', '{stream="KIB_REJECTED",server="a"}'
EVENTS_B = '{stream="KIB_EVENTS",server="b"}'
COPY, USED, LIMIT = "kib_ledger_copy_current", "kib_ledger_store_used_bytes", "kib_ledger_store_limit_bytes"
END, OF_A, OURS = "kib_ledger_certificate_end_timestamp_seconds", '{certificate="a"}', '{certificate="authority"}'
MONTH = 30 * 24 * 3600
NOW = 20 * 60
"""What `time()` is when the rules are asked."""
FAILING = "kib_archive_failing_seconds"
BEHIND, LOOKED, WAIT = "kib_archive_behind_seconds", "kib_archive_looked_timestamp_seconds", "kib_archive_wait_seconds"
DUE = "kib_retention_due_timestamp_seconds"
DISK, FREE = "kib_data_disk_bytes", "kib_data_disk_free_bytes"
DESK_DISK, DESK_FREE = "kib_desk_disk_bytes", "kib_desk_disk_free_bytes"
PAGES, OF_WIJ = '{part="de pagina\'s"}', '{desk="wij",part="loket wij"}'
NOTHING = {"kib_page_ready": "1x20"}

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
    ("ledger-copy", NOTHING, {"{}": 0}),  # one server: there is no other copy
    ("ledger-copy", {COPY + EVENTS_A: "1x20", COPY + EVENTS_B: "1x20"}, {A: 0, B: 0}),
    ("ledger-copy", {COPY + EVENTS_A: "1x20", COPY + EVENTS_B: "1x9 0x20"}, {A: 0, B: 1}),
    ("ledger-copy", {COPY + EVENTS_A: "1x20", COPY + REJECTED_A: "1x9 0x20"}, {A: 1}),  # one of its streams
    ("ledger-full", NOTHING, {"{}": 0}),
    ("ledger-full", {USED + A: "79x20", USED + B: "81x20", LIMIT + A: "100x20", LIMIT + B: "100x20"}, {A: 0, B: 1}),
    ("certificate-ends", NOTHING, {"{}": 0}),  # no TLS
    (
        "certificate-ends",
        {END + OF_A: f"{NOW + MONTH + 60}x20", END + OURS: f"{NOW + MONTH - 60}x20"},
        {OF_A: 0, OURS: 1},
    ),
    ("certificate-ends", {END + OF_A: f"{NOW - 60}x20"}, {OF_A: 1}),
    ("archive-failing", NOTHING, {"{}": 0}),
    ("archive-failing", {FAILING: "0x20"}, {"{}": 0}),
    ("archive-failing", {FAILING: "2340+60x20"}, {"{}": 0}),
    ("archive-failing", {FAILING: "2460+60x20"}, {"{}": 1}),  # however seldom it is tried
    ("archive-behind", NOTHING, {"{}": 0}),
    ("archive-behind", {BEHIND: "3700x20", LOOKED: "0+60x20", WAIT: "60x20"}, {"{}": 0}),
    ("archive-behind", {BEHIND: "3800x20", LOOKED: "0+60x20", WAIT: "60x20"}, {"{}": 1}),
    ("archive-behind", {BEHIND: "3800x20", LOOKED: "0+60x20", WAIT: "600x20"}, {"{}": 0}),  # a large one takes long
    ("archive-behind", {BEHIND: "0x20", LOOKED: f"{NOW - 3800}x20", WAIT: "60x20"}, {"{}": 1}),  # killed: nobody looks
    ("retention-over", NOTHING, {"{}": 0}),
    ("retention-over", {DUE: f"{NOW + 60}x20"}, {"{}": 0}),
    ("retention-over", {DUE: f"{NOW - 60}x20"}, {"{}": 1}),
    ("disk-full", {DISK: "100x20", FREE: "11x20"}, {PAGES: 0}),
    (
        "disk-full",
        {DISK: "100x20", FREE: "9x20", DESK_DISK + WIJ: "10x20", DESK_FREE + WIJ: "2x20"},
        {PAGES: 1, OF_WIJ: 0},
    ),
    ("disk-full", {DESK_DISK + WIJ: "100x20", DESK_FREE + WIJ: "9x20"}, {OF_WIJ: 1}),
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


@pytest.mark.parametrize(
    ("values", "fires"),
    [
        ("1x40 0x80", True),
        ("1x100 0x20", False),  # for five minutes less a sample or two
        ("_x104 0x16", False),  # told of only now: just installed, or the pages just started
        ("_x60 0x60", True),
        ("0x10 1 0x18 1 0x15 1 0x17 1 0x19 1 0x16 1 0x9", False),  # under load, now and then
    ],
)
def test_a_copy_has_to_be_behind_for_five_minutes(promtool: str, tmp_path: Path, values: str, fires: bool) -> None:
    """With how long it has to last, as the committed `prometheus.yml` looks: every 15 seconds, for half an hour."""
    rule = {"alert": "ledger-copy", "expr": f"({RULES['ledger-copy']}) > 0", "for": LASTING["ledger-copy"]}
    (rules := tmp_path / "rules.yml").write_text(json.dumps({"groups": [{"name": "all", "rules": [rule]}]}))
    expected = [{"exp_labels": {"server": "b"}}] if fires else []
    test = {
        "interval": "15s",
        "input_series": [
            {"series": COPY + EVENTS_A, "values": "1x120"},
            {"series": COPY + EVENTS_B, "values": values},
        ],
        "alert_rule_test": [{"alertname": "ledger-copy", "eval_time": "30m", "exp_alerts": expected}],
    }
    (file := tmp_path / "tests.yml").write_text(
        json.dumps({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [test]})
    )
    done = subprocess.run([promtool, "test", "rules", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
