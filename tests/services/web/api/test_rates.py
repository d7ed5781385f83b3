"""Registered pupils and the rate per 1,000, over HTTP: those of the map, and only of what one sees exactly."""

from __future__ import annotations

import re
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from services.audits import Audit, AuditLog
from services.web.access import Role, Viewer
from tests.services.web.api.conftest import NATIONAL, PUBLIC, Api, ServeApi, coordinator, published
from tests.services.web.conftest import REREAD
from tests.services.web.fake import FakeSource, nation, registered

WEEK = "2020-W17"
MINE = "GM0014"


def country(seed: int) -> FakeSource:
    source = registered(nation(FakeSource(), (WEEK,), seed), seed)
    source.put("schools_stating_pupils", "GM0363", "po", WEEK, 0)
    source.put("pupils", "GM0599", "po", WEEK, 0)
    for measure, number in (("unreached", 2), ("schools_expected", 3), ("schools_stating_pupils", 3), ("pupils", 3000)):
        source.put(measure, MINE, "po", WEEK, number)
    return source


@pytest.fixture
def api(serve_api: ServeApi) -> Api:
    source = country(7)
    return serve_api(source, source.clock)


def by_place(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["municipality"]: item for item in items}


def test_rates_are_known_where_every_school_states_its_pupils(api: Api) -> None:
    rows = by_place(api.items("rates", sector="po", pageSize=5000))
    assert rows[MINE] == {
        "municipality": MINE,
        "sector": "po",
        "week": WEEK,
        "schoolsExpected": 3,
        "schoolsStatingPupils": 3,
        "registeredPupils": 3000,
        "unreached": 2,
        "unreachedPer1000": 0.667,
    }
    assert rows["GM0363"]["schoolsExpected"] > 0
    assert (rows["GM0363"]["registeredPupils"], rows["GM0363"]["unreachedPer1000"]) == (None, None)
    assert (rows["GM0599"]["registeredPupils"], rows["GM0599"]["unreachedPer1000"]) == (0, None)
    assert "unknown" not in rows
    for row in rows.values():
        if row["registeredPupils"]:
            exact = Fraction(1000 * row["unreached"], row["registeredPupils"])
            assert abs(exact - Fraction(str(row["unreachedPer1000"]))) <= Fraction(1, 2000)


def test_a_region_of_the_map_is_the_sum_of_its_rows(api: Api) -> None:
    rows = [row for row in api.items("rates", area="VR01", week=WEEK) if row["registeredPupils"]]
    unreached, pupils = (sum(row[name] for row in rows) for name in ("unreached", "registeredPupils"))
    html = api.client.get("/kaart", params={"per": "1000", "by": "region"}).text
    of = re.search(r'href="/gemeenten\?area=VR01">[^<]*</a></th><td>([^<]*)</td><td>([^<]*)</td>', html)
    assert of is not None
    assert of[2] == f"{unreached:,} van {pupils:,}".replace(",", ".")
    assert of[1] == f"{int(Fraction(10_000 * unreached, pupils) + Fraction(1, 2)) / 10}".replace(".", ",")
    links = re.findall(r'href="(/v1/rates[^"]+)"', html)
    assert len(links) == 2
    assert all(api.client.get(link.replace("&amp;", "&")).status_code == 200 for link in links)
    assert "/v1/rates" not in api.client.get("/kaart").text


def test_only_what_one_sees_exactly_is_given(serve_api: ServeApi, tmp_path: Path) -> None:
    """Nothing that is given depends on anything of others."""
    store = published(tmp_path / "public.sqlite", {("GM0363", "po", WEEK): 3})
    region = Viewer(Role.REGION, "VR01", codes=frozenset(("GM0014", "GM0037")))
    answers = []
    for seed in (7, 8):
        source = country(7)
        other = country(seed)
        source.numbers |= {key: n for key, n in other.numbers.items() if key[1] not in ("GM0014", "GM0037")}
        api = serve_api(source, source.clock, public=store)
        answers.append((api.get("rates", coordinator(MINE)).content, api.get("rates", region).content))
        assert {row["municipality"] for row in api.items("rates", region)} == {"GM0014", "GM0037"}
        assert api.items("rates", coordinator(MINE)) == api.items("rates", NATIONAL, municipality=MINE)
        refused = api.get("rates", PUBLIC)
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (403, "exact-only")
        api.door.viewer = PUBLIC
        assert "/v1/rates" not in api.client.get("/kaart", params={"per": "1000"}).text
    assert answers[0] == answers[1]


def test_it_changes_when_only_the_register_does(serve_api: ServeApi) -> None:
    source = country(7)
    api = serve_api(source, source.clock)
    assert api.items("rates", municipality=MINE, sector="po")[0]["registeredPupils"] == 3000
    source.numbers["pupils", MINE, "po", WEEK] = 4000
    time.sleep(REREAD)
    assert api.items("rates", municipality=MINE, sector="po")[0]["unreachedPer1000"] == 0.5


def test_the_status_tells_of_the_last_audit_what_the_pages_do(serve_api: ServeApi, tmp_path: Path) -> None:
    source, log = country(7), AuditLog(tmp_path / "audits.sqlite")
    log.add(Audit(source.now, source.now - 65_000_000, 4_321, 987, 18_412, 3, 1.5))
    api = serve_api(source, source.clock, audits=log)
    assert api.get("status").json()["lastAudit"] == {
        "asOf": "2020-04-22T12:04:04Z",
        "equal": False,
        "cells": 18_412,
        "differences": 3,
    }
    for viewer in (PUBLIC, coordinator(MINE)):
        told = {"asOf": "2020-04-22T12:04:00Z", "equal": False, "cells": None, "differences": None}
        assert api.get("status", viewer).json()["lastAudit"] == told
