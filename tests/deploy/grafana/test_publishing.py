"""Publishing to a Grafana: the strict stand-in, or the real one of GRAFANA_URL."""

from __future__ import annotations

import dataclasses
import os
import time
from typing import Any

import httpx
import pytest

from deploy.grafana import Change, Choices, GrafanaRefusedError, Wanted, publish, remove, wanted
from tests.support.grafana import Running
from tests.support.inside import run_inside

PASSWORD = "geheim-van-de-lezer"
CHOICES = Choices(f"postgresql://kindinbeeld_reader:{PASSWORD}@db.example/kib", "http://127.0.0.1:9090", "a@example.nl")
WANT = wanted(CHOICES)


def ask(grafana: Running, method: str, path: str, body: Any = None, *, token: str = "") -> Any:
    head = {"Authorization": f"Bearer {token or grafana.token}"}
    answer = httpx.request(method, f"{grafana.url}/api{path}", json=body, headers=head, timeout=60)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None


def put(grafana: Running, want: Wanted = WANT, **more: Any) -> list[Change]:
    return publish(grafana.url, grafana.token, want, **more)


def kinds(changes: list[Change]) -> list[tuple[str, str]]:
    return [(change.verb, change.kind) for change in changes]


def writes(grafana: Running) -> int:
    return grafana.stand_in.writes if grafana.stand_in else 0


def test_twice_in_a_row_sends_no_write_and_is_quick(grafana: Running) -> None:
    begun = time.monotonic()
    first = put(grafana)
    assert time.monotonic() - begun < 10
    assert sorted(kinds(first)) == [
        *[("add", "alert rules")] * 2,
        ("add", "contact point"),
        *[("add", "dashboard")] * 4,
        *[("add", "data source")] * 2,
        ("add", "folder"),
        *[("add", "team")] * 2,
        ("update", "permissions"),
    ]
    before = writes(grafana)
    assert put(grafana) == []
    assert writes(grafana) == before
    for uid in ("kib-country", "kib-region", "kib-municipality", "kib-operations"):
        stands = ask(grafana, "GET", f"/dashboards/uid/{uid}")
        assert (stands["dashboard"]["version"], stands["meta"]["folderUid"]) == (1, "kib-folder")


def test_a_dry_run_writes_nothing_and_shows_the_difference(grafana: Running) -> None:
    before = writes(grafana)
    assert len(put(grafana, dry_run=True)) == 13
    assert writes(grafana) == before
    put(grafana)
    other = wanted(dataclasses.replace(CHOICES, coverage=0.5, prometheus="http://elders:9090"))
    shown = put(grafana, other, dry_run=True)
    assert kinds(shown) == [("update", "data source"), ("update", "alert rules")]
    assert shown[0].what == ["url: http://127.0.0.1:9090 → http://elders:9090"]
    assert "rules.kib-coverage-low.data[0].model.rawSql" in shown[1].what[0]
    assert put(grafana) == []


def test_what_was_changed_by_hand_is_put_right_and_nothing_else_written(grafana: Running) -> None:
    put(grafana)
    stands = ask(grafana, "GET", "/dashboards/uid/kib-country")["dashboard"]
    stands["panels"][0]["title"] = "Kwijt"
    stands["panels"][1]["repeat"] = "sector"
    ask(grafana, "POST", "/dashboards/db", {"dashboard": stands, "folderUid": "kib-folder"})
    folder = ask(grafana, "GET", "/folders/kib-folder")
    ask(grafana, "PUT", "/folders/kib-folder", {"title": "Anders", "version": folder["version"]})
    changes = put(grafana)
    assert kinds(changes) == [("update", "folder"), ("update", "dashboard")]
    assert changes[1].what == ["panels[0].title: Kwijt → Niet bereikt", "panels[1].repeat: sector → –"]
    assert put(grafana) == []


def test_only_our_teams_see_the_folder(grafana: Running) -> None:
    put(grafana)
    teams = ask(grafana, "GET", "/teams/search?perpage=100")["teams"]
    numbers = {team["id"] for team in teams if team["name"].startswith("Kind in beeld")}
    assert len(numbers) == 2
    stands = ask(grafana, "GET", "/folders/kib-folder/permissions")
    seen = {(item["teamId"], item["permission"]) for item in stands if item.get("role") != "Admin"}
    assert seen == {(number, 1) for number in numbers}
    ask(grafana, "POST", "/folders/kib-folder/permissions", {"items": [{"role": "Viewer", "permission": 1}]})
    assert kinds(put(grafana)) == [("update", "permissions")]


def test_remove_takes_away_only_its_own(grafana: Running) -> None:
    theirs = {"uid": "theirs", "title": "Van een ander", "panels": []}
    ask(grafana, "POST", "/folders", {"uid": "their-folder", "title": "Van een ander"})
    ask(grafana, "POST", "/dashboards/db", {"dashboard": theirs, "folderUid": "their-folder"})
    ask(grafana, "POST", "/teams", {"name": "Kind in beeld: evaluatie"})
    put(grafana)
    listed = remove(grafana.url, grafana.token, WANT, dry_run=True)
    gone = remove(grafana.url, grafana.token, WANT)
    assert gone == listed
    assert len(gone) == 15 + 1 + 4 + 2 + 1 + 1
    assert ask(grafana, "GET", "/dashboards/uid/theirs")["dashboard"]["title"] == "Van een ander"
    assert [team["name"] for team in ask(grafana, "GET", "/teams/search?perpage=100")["teams"]] == [
        "Kind in beeld: evaluatie"
    ]
    assert remove(grafana.url, grafana.token, WANT) == []
    for uid in ("theirs",):
        ask(grafana, "DELETE", f"/dashboards/uid/{uid}")
    ask(grafana, "DELETE", "/folders/their-folder")
    ask(grafana, "DELETE", f"/teams/{ask(grafana, 'GET', '/teams/search?perpage=100')['teams'][0]['id']}")


def test_a_folder_with_something_of_somebody_else_stays(grafana: Running) -> None:
    put(grafana)
    theirs = {"uid": "theirs", "title": "Van een ander", "panels": []}
    ask(grafana, "POST", "/dashboards/db", {"dashboard": theirs, "folderUid": "kib-folder"})
    gone = remove(grafana.url, grafana.token, WANT)
    assert ("keep", "folder") in kinds(gone)
    assert ask(grafana, "GET", "/dashboards/uid/theirs")
    ask(grafana, "DELETE", "/dashboards/uid/theirs")


def test_an_area_stands_beside_the_country(grafana: Running) -> None:
    region = wanted(dataclasses.replace(CHOICES, area="VR01"))
    put(grafana)
    put(grafana, region)
    assert put(grafana) == put(grafana, region) == []
    assert "kindinbeeld_vr01.counts" in str(ask(grafana, "GET", "/dashboards/uid/kib-vr01-country"))
    remove(grafana.url, grafana.token, region)
    assert put(grafana) == []


def test_a_password_is_written_once_and_never_shown(grafana: Running) -> None:
    assert PASSWORD not in repr(CHOICES) + repr(WANT)
    put(grafana)
    assert PASSWORD not in str(ask(grafana, "GET", "/datasources/uid/kib-counts"))
    assert [change.what for change in put(grafana, secrets=True)] == [["secret password"]]
    if grafana.stand_in:
        assert grafana.stand_in.state.secrets["kib-counts"] == {"password": PASSWORD}


def test_a_name_that_somebody_else_has_is_told(grafana: Running) -> None:
    theirs = {"uid": "theirs", "name": "Kind in beeld: systeem", "type": "prometheus", "access": "proxy", "url": "x"}
    ask(grafana, "POST", "/datasources", theirs)
    with pytest.raises(GrafanaRefusedError, match=r"status 409, data source with the same name already exists"):
        put(grafana)
    ask(grafana, "DELETE", "/datasources/uid/theirs")
    assert ("add", "data source") in kinds(put(grafana))


@pytest.mark.skipif("GRAFANA_URL" in os.environ, reason="somebody has to come between")
def test_nobody_is_overwritten_who_saves_at_the_same_time(grafana: Running) -> None:
    put(grafana)
    assert grafana.stand_in is not None
    dashboards = grafana.stand_in.state.dashboards

    def come_between(method: str, path: str) -> None:
        if path == "/api/dashboards/db":
            dashboards["kib-country"]["dashboard"]["version"] += 1

    dashboards["kib-country"]["dashboard"]["title"] = "Anders"
    grafana.stand_in.before_write = come_between
    with pytest.raises(GrafanaRefusedError, match="status 412"):
        put(grafana)


@pytest.mark.skipif("GRAFANA_URL" in os.environ, reason="its tokens are not ours")
@pytest.mark.parametrize(("token", "status"), [("glsa_viewer", 403), ("glsa_editor", 403), ("wrong", 401)])
def test_who_may_not_is_told(grafana: Running, token: str, status: int) -> None:
    with pytest.raises(GrafanaRefusedError, match=f"status {status}"):
        publish(grafana.url, token, WANT)


def test_the_command(grafana: Running, tmp_path: Any) -> None:
    common = ["--url", grafana.url, "--token", grafana.token]
    publishing = ["grafana", "publish", *common, "--database", CHOICES.database, "--mail", "a@example.nl"]
    tried = run_inside(*publishing, "--dry-run", data_dir=tmp_path)
    assert (tried.returncode, tried.stderr) == (0, b"changed 13 (dry run: nothing was written)\n")
    first = run_inside(*publishing, data_dir=tmp_path)
    assert first.stdout == tried.stdout
    assert b"add dashboard Land\n" in first.stdout
    assert PASSWORD.encode() not in first.stdout + first.stderr
    assert run_inside(*publishing, data_dir=tmp_path).stderr == b"changed 0\n"
    gone = run_inside("grafana", "remove", *common, data_dir=tmp_path)
    assert b"remove dashboard Land\n" in gone.stdout
    assert run_inside("grafana", "publish", *common, "--database", "sqlite", data_dir=tmp_path).returncode == 2
    wrong = ["grafana", "remove", *common, "--area", "x"]
    assert run_inside(*wrong, data_dir=tmp_path).returncode == 2
    away = run_inside("grafana", "remove", "--url", "http://127.0.0.1:9", "--token", "x", data_dir=tmp_path)
    assert away.returncode == 3
