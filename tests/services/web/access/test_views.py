"""The log of exact views: who saw exact figures of what, and when."""

from __future__ import annotations

import socket
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from services.system import DataDir, Settings
from services.system.clock import real_now
from services.web.access.configuring import access_of
from services.web.access.store import DAY
from services.web.access.views import View, ViewLog, read_views
from tests.services.web.access.conftest import MINE, OTHER, Gate
from tests.support.whole import until


def test_every_page_with_exact_figures_is_noted(gate: Gate) -> None:
    served = gate()
    link, secret = served.link("municipality", MINE)
    began = real_now()
    with served.client() as client:
        served.sign_in(client, secret)
        for path in (
            *("/", "/gemeenten?sector=po&q=ergens", f"/gemeenten/{MINE}", "/gemeenten?area=VR01"),
            "/kaart?area=PV31",  # the map shows the whole country nevertheless
        ):
            assert client.get(path).status_code == 200
    views = served.views(5)
    assert [(view.area, view.path) for view in views] == [
        (MINE, "/"),
        (MINE, "/gemeenten"),
        (MINE, f"/gemeenten/{MINE}"),
        (MINE, "/gemeenten"),
        (MINE, "/kaart"),
    ]
    for view in views:
        assert (view.role, view.of, view.link, view.name) == ("municipality", MINE, link.id, f"municipality {MINE}")
        assert began <= view.at <= real_now()
    assert b"ergens" not in served.views_path.read_bytes()
    assert served.views_path.stat().st_mode & 0o777 == 0o600


def test_what_is_public_is_not_noted(gate: Gate) -> None:
    served = gate(always=True)
    paths = (
        "/uitleg",
        "/aanmelden",
        f"/gemeenten/{OTHER}",
        "/gemeenten?area=PV31",
        "/v1/weeks",
        "/v1/status",
        "/nieuw",
    )
    with served.signed_in("municipality", MINE) as client, served.client() as public:
        for path in paths:
            client.get(path)
        client.get("/v1/counts", params={"municipality": OTHER})
        for path in ("/", "/gemeenten", f"/gemeenten/{MINE}", "/v1/counts"):
            assert public.get(path).status_code == 200
        client.get(f"/gemeenten/{MINE}")
    assert [view.path for view in served.views(1)] == [f"/gemeenten/{MINE}"]


def test_what_a_program_takes_without_a_page_is_noted_and_what_a_page_takes_is_not_noted_twice(gate: Gate) -> None:
    served = gate(always=True)
    with served.signed_in() as client:
        client.get("/v1/counts", params={"municipality": MINE})
        client.get("/v1/coverage", params={"municipality": MINE})
        client.get("/v1/counts")
        client.get("/gemeenten?area=VR01")
        with client.stream("GET", "/live?topic=table:all:VR01") as stream:
            next(stream.iter_lines())
        with client.stream("GET", "/live?topic=now:PV31") as stream:
            next(stream.iter_lines())
    assert [(view.area, view.path) for view in served.views(4)] == [
        (MINE, "/v1/counts"),
        ("NL", "/v1/counts"),
        ("VR01", "/gemeenten"),
        ("PV31", "/live"),
    ]


def test_a_chart_belongs_to_its_page_and_is_noted_without_one(gate: Gate) -> None:
    served = gate(always=True)
    with served.signed_in("municipality", MINE) as client:
        for path in (f"/grafiek/gemeente.svg?area={OTHER}", f"/grafiek/gemeente.svg?area={MINE}", "/gemeenten.svg"):
            assert client.get(path, timeout=60).status_code == 200
    with served.signed_in() as client:
        for path in ("/", "/grafiek/week.svg", "/gemeenten.svg"):
            assert client.get(path, timeout=60).status_code == 200
    with served.client() as public:
        assert public.get("/grafiek/week.svg", timeout=60).status_code == 200
    assert [(view.area, view.path) for view in served.views(2)] == [(MINE, "/grafiek/gemeente.svg"), ("NL", "/")]


def test_on_an_open_system_it_says_so(gate: Gate) -> None:
    served = gate()
    with served.client() as client:
        client.get("/")
    (view,) = served.views(1)
    assert (view.role, view.area, view.link, view.name) == ("open", "NL", "", "")


def test_a_view_goes_when_its_term_is_over_and_leaves_no_trace(tmp_path: Path) -> None:
    path, now = tmp_path / "access" / "views.sqlite", real_now()
    kept = View(now - 364 * DAY, "national", "", "NL", "/", "a", "wie blijft")
    over = [replace(kept, at=now - days * DAY, name="wie gaat") for days in (366, 400)]
    log = ViewLog(path, days=0)
    for view in (*over, kept):
        log.note(view)
    log.close()
    assert list(read_views(path)) == [*reversed(over), kept]
    ViewLog(path, days=370).close()
    assert list(read_views(path)) == [over[0], kept]
    data_dir = DataDir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        entrance = access_of(data_dir, Settings.from_environment({}), None, listening)
        until(lambda: list(read_views(path)) == [kept])
        entrance.views.note(replace(kept, at=now))
        entrance.close()
    assert len(list(read_views(path))) == 2
    assert b"wie gaat" not in path.read_bytes()
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("DELETE FROM view")


def test_a_view_stays_as_it_was(gate: Gate) -> None:
    served = gate()
    with served.client() as client:
        client.get("/")
    served.views(1)
    with closing(sqlite3.connect(served.views_path)) as connection:
        for change in ("DELETE FROM view", "UPDATE view SET name = 'x'"):
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(change)
