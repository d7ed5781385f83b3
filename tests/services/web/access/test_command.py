"""`kindinbeeld access link` and `access views`."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from services.cli.access import register
from services.system import DataDir
from services.system.clock import real_now
from services.web.access.entrance import make_entrance
from services.web.access.store import DAY
from services.web.access.views import View, ViewLog, views_path


def run(data_dir: Path, *arguments: str) -> Result:
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    return CliRunner().invoke(app, ["access", *arguments, "--data-dir", str(data_dir)])


CREATE = ("link", "create", "--role", "municipality", "--area", "GM0014", "--name", "A. de Vries")


def test_a_link_is_made_listed_and_revoked(tmp_path: Path) -> None:
    made = run(tmp_path, *CREATE, "--days", "7")
    assert made.exit_code == 0
    address = made.stdout.strip()
    assert address.startswith("http://127.0.0.1:8787/aanmelden#kiv_")
    entrance = make_entrance(DataDir(tmp_path))
    link = entrance.link_of(address)
    assert link is not None
    assert (link.role, link.area, link.name) == ("municipality", "GM0014", "A. de Vries")
    assert abs(link.expires - real_now() - 7 * DAY) < 60 * 1_000_000

    listed = run(tmp_path, "link", "list", "--format", "json")
    assert [(each["id"], each["revokedAt"]) for each in json.loads(listed.stdout)] == [(link.id, None)]
    secret = address.partition("#")[2]
    for place in (tmp_path / "access").iterdir():
        assert secret.encode() not in place.read_bytes()
        assert place.stat().st_mode & 0o077 == 0
    assert secret not in listed.stdout + run(tmp_path, "link", "list").stdout

    assert run(tmp_path, "link", "revoke", link.id).exit_code == 0
    time.sleep(0.3)
    assert entrance.link_of(address) is None
    entrance.close()
    assert link.id in run(tmp_path, "link", "list").stdout


def test_the_link_leads_to_where_people_reach_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINDINBEELD_PAGE_URL", "https://kind.example/")
    assert run(tmp_path, *CREATE).stdout.startswith("https://kind.example/aanmelden#kiv_")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--role", "public", "--name", "x"),
        ("--role", "national", "--area", "VR01", "--name", "x"),
        ("--role", "region", "--name", "x"),
        ("--role", "region", "--area", "VR99", "--name", "x"),
        ("--role", "municipality", "--area", "GM9999", "--name", "x"),
        ("--role", "national", "--name", " "),
        ("--role", "national", "--name", "x", "--days", "0"),
        ("--role", "national", "--name", "x", "--days", "367"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert run(tmp_path, "link", "create", *arguments).exit_code != 0
    assert json.loads(run(tmp_path, "link", "list", "--format", "json").stdout) == []


def test_a_link_that_is_none_cannot_be_revoked(tmp_path: Path) -> None:
    assert run(tmp_path, "link", "revoke", "nothing").exit_code != 0
    run(tmp_path, *CREATE)
    assert run(tmp_path, "link", "revoke", "nothing").exit_code != 0


def test_views_are_listed_from_a_time_on(tmp_path: Path) -> None:
    assert run(tmp_path, "views", "--format", "json").stdout == ""
    log = ViewLog(views_path(DataDir(tmp_path)))
    for at in (1_600_000_000, 1_600_000_100):
        log.note(View(at * 1_000_000, "region", "VR01", "GM0014", "/gemeenten/GM0014", "abc", "regio"))
    log.close()
    rows = [json.loads(line) for line in run(tmp_path, "views", "--format", "json").stdout.splitlines()]
    assert [row["at"][:19] for row in rows] == ["2020-09-13T12:26:40", "2020-09-13T12:28:20"]
    assert rows[0]["area"] == "GM0014"
    since = run(tmp_path, "views", "--since", "2020-09-13T12:27:00Z").stdout
    assert "2020-09-13T12:28:20" in since
    assert "12:26:40" not in since
    assert "regio" in since
