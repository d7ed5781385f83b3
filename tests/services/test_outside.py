"""One running system seen from outside: its metrics, what Grafana asks of them, its traces and its logs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.grafana import Choices, wanted
from events import DESKS
from services.system import DataDir, find_system
from tests.support.otlp import Receiver, receiving
from tests.support.prometheus import Prometheus, program, running_prometheus
from tests.support.reports import lost, report
from tests.support.whole import Whole, until, whole

TOKEN = "een-lang-woord-voor-prometheus"
PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
WANT = wanted(Choices("postgresql://h/d", "http://h", "nobody"))
THEN = (datetime.now(UTC) - timedelta(days=3)).isoformat(timespec="seconds")
ACCEPTED, REJECTED = 40, 25
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CHAIN = ("desk.accept", "relay.carry", "ledger.publish", "view.apply", "page.push")
PUPIL = "pupil-that-nobody-may-see"
OF_SERVERS = {
    "kib_ledger_copy_current",
    "kib_ledger_store_used_bytes",
    "kib_ledger_store_limit_bytes",
    "kib_ledger_certificate_end_timestamp_seconds",
}
"""What is told of a ledger of several servers alone (`tests/deploy/test_cluster_told.py`)."""


@dataclass
class Running:
    system: Whole
    url: str
    desks: dict[str, str]
    receiver: Receiver

    def texts(self) -> dict[str, str]:
        """The metrics of each part, by its address."""
        urls = [self.url, *self.desks.values()]
        return {url: httpx.get(f"{url}metrics", timeout=60).raise_for_status().text for url in urls}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    place = tmp_path_factory.mktemp("measured") / "system"
    settings = {"KINDINBEELD_AUDIT_EVERY": "0", "KINDINBEELD_METRICS_TOKEN": TOKEN, "OTEL_BSP_SCHEDULE_DELAY": "200"}
    settings |= {"KINDINBEELD_ARCHIVE_EVERY": "5s", "KINDINBEELD_RETENTION_DAYS": "365"}
    with (
        receiving() as receiver,
        whole(place, "up", "--port", "0", settings=settings | {"KINDINBEELD_OTLP_ENDPOINT": receiver.url}) as system,
    ):
        url = system.ready()
        assert system.run("audit").returncode == 0
        yield Running(system, url, dict(find_system(DataDir(place)).desks), receiver)


def give(running: Running) -> None:
    """Report to the school's desk: some are accepted, some rejected."""
    good = [json.loads(lost(number, occurredAt=THEN)) for number in range(ACCEPTED)]
    bad = [
        json.loads(lost(number, occurredAt=THEN, sector="none")) | {"id": f"bad-{number}"} for number in range(REJECTED)
    ]
    answer = httpx.post(
        f"{running.desks['school']}v1/events",
        content=json.dumps(good + bad),
        headers={"Content-Type": "application/cloudevents-batch+json"},
        timeout=60,
    )
    assert answer.status_code < 300, answer.text


def test_what_grafana_asks_of_prometheus(running: Running, tmp_path: Path) -> None:
    jobs: dict[str, list[tuple[str, dict[str, str]]]] = {
        "kindinbeeld-pages": [(host(running.url), {})],
        "kindinbeeld-desks": [(host(url), {"desk": desk}) for desk, url in running.desks.items()],
    }
    with running_prometheus(tmp_path, jobs) as prometheus:
        until(lambda: len(prometheus.ask("kib_desk_ready")) == len(DESKS))
        rejected = 'kib_desk_answers_total{desk="school",fate="rejected"}'
        until(lambda: prometheus.ask(f"count_over_time({rejected}[1m]) > 1"))
        give(running)
        until(lambda: prometheus.ask(rejected)[0][1] == REJECTED)
        until(lambda: values(prometheus, "kib_desk_carried_total")["school"] == ACCEPTED)
        until(lambda: prometheus.ask("kib_view_applied_messages_total > 0") and prometheus.ask("kib_audit_equal"))
        until(lambda: prometheus.ask(f"increase({rejected}[15m]) > 20"))
        hold_panels(prometheus)
        hold_rules(prometheus)
        assert values(prometheus, "kib_desk_backlog") == dict.fromkeys(DESKS, 0)
        behind = prometheus.ask("max(kib_ledger_position) - max(kib_view_position) - max(kib_view_behind_events)")
        assert behind[0][1] == 0
        until(lambda: prometheus.ask("max(kib_view_position)")[0][1] >= ACCEPTED)


def host(url: str) -> str:
    return url.removeprefix("http://").rstrip("/")


def values(prometheus: Prometheus, query: str) -> dict[str, float]:
    return {labels["desk"]: value for labels, value in prometheus.ask(query)}


def hold_panels(prometheus: Prometheus) -> None:
    """Every panel's query finds something, and what it finds of the reports is what was given."""
    asked = {}
    for panel in WANT.dashboards[3]["panels"]:
        for target in panel["targets"]:
            if "expr" in target and not any(name in target["expr"] for name in OF_SERVERS):
                # A rate needs two readings.
                until(lambda query=target["expr"]: prometheus.ask(query), 60)
                asked[target["expr"]] = prometheus.ask(target["expr"])
    assert [value for _, value in asked["min(kib_page_ready)"]] == [1]
    assert [value for _, value in asked["min(kib_audit_equal)"]] == [1]
    refused = asked["sum by (desk, field, rule) (60 * rate(kib_desk_refused_total[5m]))"]
    assert {(labels["desk"], labels["field"]) for labels, _ in refused} == {("school", "data.sector")}
    fates = {labels["fate"] for labels, value in asked["sum by (fate) (rate(kib_desk_answers_total[5m]))"] if value}
    assert fates == {"accepted", "rejected"}
    slow = [value for query, found in asked.items() if "histogram_quantile" in query for _, value in found]
    assert len(slow) == 3
    assert all(0 < value <= 10 for value in slow)
    assert slow == sorted(slow)


def hold_rules(prometheus: Prometheus) -> None:
    """Every rule's query answers 0 or 1; of a sound system only the one about rejected reports fires."""
    fired = {}
    for group in WANT.groups:
        for rule in group["rules"]:
            if "expr" in (asked := rule["data"][0]["model"]):
                found = prometheus.ask(asked["expr"])
                assert found, rule["uid"]
                assert {value for _, value in found} <= {0, 1}, rule["uid"]
                fired[rule["uid"]] = [labels.get("desk") for labels, value in found if value]
    assert fired == {
        "kib-view-behind": [],
        "kib-audit-differs": [],
        "kib-reports-rejected": ["school"],
        "kib-desk-stuck": [],
        "kib-relay-stuck": [],
        "kib-ledger-copy": [],
        "kib-ledger-full": [],
        "kib-certificate-ends": [],
        "kib-archive-failing": [],
        "kib-archive-behind": [],
        "kib-retention-over": [],
        "kib-disk-full": [],
    }


def test_names_follow_the_conventions_and_are_documented(running: Running) -> None:
    give(running)
    closure = report("closure", "closure-announced", **{"from": "2020-03-16", "until": "2020-05-10"})
    announced = httpx.post(
        f"{running.desks['coordinator']}v1/events",
        content=closure,
        headers={"Content-Type": "application/cloudevents+json"},
        timeout=60,
    )
    assert announced.status_code < 300, announced.text
    # The tenth of May a year later, as it begins in Amsterdam.
    until(lambda: "kib_retention_due_timestamp_seconds 1620597600.0" in running.texts()[running.url])
    until(lambda: "kib_audit_equal" in running.texts()[running.url])
    until(lambda: "kib_view_applied_messages_total" in running.texts()[running.url])
    until(lambda: "kib_archive_build_duration_seconds" in running.texts()[running.url])
    kinds: dict[str, str] = {}
    for text in running.texts().values():
        for family in text_string_to_metric_families(text):
            name = family.name + "_total" * (family.type == "counter")
            kinds[name] = family.type
            assert family.documentation, name
            assert name.startswith("kib_"), name
            assert not re.search(r"_(ms|millis|milliseconds|minutes|hours|kb|mb|percent)(_|$)", name), name
            assert all("pupil" not in str(sample.labels) for sample in family.samples)
            if "second" in name:
                assert name.endswith(("_seconds", "_seconds_total")), name
    rows = re.findall(r"^\| ((?:`kib_\w+`(?:, )?)+) \| (\w+) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    documented = {name: kind for names, kind in rows for name in re.findall(r"kib_\w+", names)}
    assert set(documented) > OF_SERVERS
    assert kinds == {name: kind for name, kind in documented.items() if name not in OF_SERVERS}


def test_the_tool_of_prometheus_finds_nothing_to_say(running: Running) -> None:
    promtool = program("promtool")
    for url, text in running.texts().items():
        done = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True)
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), url
    config = Path(__file__).parents[2] / "deploy" / "grafana" / "prometheus.yml"
    done = subprocess.run([promtool, "check", "config", "--lint=all", str(config)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_report_is_followed_to_the_page(running: Running) -> None:
    def report(raw: bytes, **headers: str) -> None:
        head = {"Content-Type": "application/cloudevents+json", **headers}
        httpx.post(f"{running.desks['school']}v1/events", content=raw, headers=head, timeout=60).raise_for_status()

    receiver = running.receiver
    report(lost(90_001, pupil=PUPIL, occurredAt=THEN), traceparent=f"00-{TRACE}-{PARENT}-01")
    until(lambda: set(receiver.of(TRACE)) == set(CHAIN))
    found = receiver.of(TRACE)
    before = bytes.fromhex(PARENT)
    for name in CHAIN:
        _, span = found[name]
        assert span.parent_span_id == before, name
        assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano, name
        before = span.span_id
    parts = [found[name][0] for name in CHAIN]
    assert parts == [f"kindinbeeld-{part}" for part in ("desk-school", "desk-school", "desk-school", "view", "page")]

    def pushed() -> set[bytes]:
        return {span.trace_id for _, span in list(receiver.spans) if span.name == "page.push"}

    seen = pushed()
    report(lost(90_002, occurredAt=THEN))  # one that names no trace begins its own
    until(lambda: pushed() - seen)
    for secret in (PUPIL, "lost-90001", "06KR00", "GM0014"):
        assert secret.encode() not in receiver.raw, secret


def test_every_process_logs_json(running: Running) -> None:
    log = running.system.log
    os.kill(find_system(DataDir(running.system.data_dir)).pids["wij"], signal.SIGKILL)
    until(lambda: '"event"' in log.read_text("utf-8"))
    written = log.read_text("utf-8").rpartition("\n")[0].splitlines()
    # `up` itself says where each desk is, to whoever started it.
    lines = [json.loads(line) for line in written if not re.fullmatch(r"desk \w+ http://\S+", line)]
    assert lines
    assert all({"event", "level", "timestamp"} <= set(line) for line in lines)
    assert PUPIL not in log.read_text("utf-8")


def test_who_is_not_signed_in_is_not_told_and_prometheus_is(running: Running) -> None:
    """The last of this file: with the first link the system is open no more."""
    made = running.system.run("access", "link", "create", "--role", "national", "--name", "A. de Vries")
    assert made.returncode == 0

    def told(**headers: Any) -> str:
        return httpx.get(f"{running.url}metrics", headers=headers, timeout=60).raise_for_status().text

    until(lambda: "kib_view_position" not in told())
    assert "kib_page_ready" in told()
    assert "kib_view_applied" not in told(authorization="Bearer iets-anders")
    everything = told(authorization=f"Bearer {TOKEN}")
    assert "kib_view_position" in everything
    assert "kib_view_applied_messages_total" in everything
