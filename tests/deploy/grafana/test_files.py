"""What is committed for provisioning from files is what the code makes, and everything on it says what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.grafana import PROVISIONING, Choices, provisioning, wanted
from deploy.grafana.names import Names
from deploy.grafana.rules import alerts

ROOT = Path(__file__).parents[3]
WANT = wanted(Choices("postgresql://h/d", "http://h", "nobody"))


def test_the_committed_files_are_what_the_code_makes() -> None:
    stands = {str(path.relative_to(PROVISIONING)): path.read_text("utf-8") for path in PROVISIONING.rglob("*.*")}
    assert stands == provisioning(), "write them with: kindinbeeld grafana write deploy/grafana/provisioning"


def test_no_password_is_in_the_files() -> None:
    sources = json.loads(provisioning()["datasources/kind-in-beeld.yaml"])["datasources"]
    assert [source.get("secureJsonData") for source in sources] == [{"password": "$KIB_DATABASE_PASSWORD"}, None]


@pytest.mark.parametrize("dashboard", WANT.dashboards, ids=lambda each: each["uid"])
def test_every_panel_has_a_title_a_definition_and_a_place_of_its_own(dashboard: dict[str, Any]) -> None:
    assert dashboard["title"]
    assert dashboard["description"]
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        assert len(panel["description"]) > 20, panel["title"]
        assert panel["title"]
        assert panel["targets"]
        place = panel["gridPos"]
        squares = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert all(x < 24 for x, _ in squares), panel["title"]
        assert not squares & taken, panel["title"]
        taken |= squares
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_every_alert_says_what_to_do() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    names = [alert.name for alert in alerts(Names(), 0.8)]
    assert len(names) == 15
    for name in names:
        assert f"\n### Alert: {name}\n" in page, f"docs/operations.md does not say what to do about {name}"
    for group in WANT.groups:
        for rule in group["rules"]:
            assert rule["annotations"]["runbook"].startswith("docs/operations.md#alert-")
