"""Paging, ETag, CSV and JSON, and wrong input."""

from __future__ import annotations

import csv
import io
import re
import time
from typing import Any

import pytest

from events import format_instant
from tests.services.web.api.conftest import Api, ServeApi
from tests.services.web.conftest import REREAD
from tests.services.web.fake import FakeSource, nation

WEEKS = ("2020-W12", "2020-W13")
PATHS = ("counts", "coverage", "rates", "municipalities", "weeks", "closures")


@pytest.fixture
def source() -> FakeSource:
    return nation(FakeSource(), WEEKS)


@pytest.fixture
def api(serve_api: ServeApi, source: FakeSource) -> Api:
    return serve_api(source, source.clock)


@pytest.mark.parametrize("path", PATHS)
def test_all_pages_are_the_whole(path: str, api: Api) -> None:
    whole = api.items(path, pageSize=5000)
    size = max(1, len(whole) // 3 - 1)
    answer = api.get(path, pageSize=size)
    links = {rel: to for to, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["link"])}
    assert links == {rel: to for rel, to in answer.json()["links"].items() if rel != "self"}
    assert api.items(path, pageSize=size) == whole
    assert answer.json()["total"] == len(whole) == int(answer.headers["kib-total"])


def test_the_links_around(api: Api) -> None:
    asked: dict[str, Any] = {"sector": "po", "municipality": ["GM0014", "GM0363", "GM0599"], "pageSize": 2}
    asked |= {"allRows": "true", "untilWeek": "2020-W13"}
    first = api.get("counts", **asked).json()
    assert first["total"] == 6
    assert "prev" not in first["links"]
    second = api.client.get(first["links"]["next"]).json()
    assert second["page"] == 2
    assert api.client.get(second["links"]["prev"]).json()["items"] == first["items"]
    last = api.client.get(first["links"]["last"]).json()
    assert last["page"] == 3
    assert "next" not in last["links"]
    beyond = api.get("counts", page=9, **asked).json()
    assert beyond["items"] == []
    assert api.client.get(beyond["links"]["prev"]).json()["items"] == last["items"]
    nothing = api.get("counts", week="2019-W01").json()
    assert (nothing["total"], nothing["items"]) == (0, [])
    assert nothing["links"]["first"] == nothing["links"]["last"]


def test_every_answer_tells_as_of_and_position(api: Api, source: FakeSource) -> None:
    for path in PATHS:
        for form in ("json", "csv"):
            answer = api.get(path, format=form)
            assert answer.headers["kib-as-of"] == format_instant(source.now)
            assert answer.headers["kib-position"] == str(source.position)
            assert answer.headers["api-version"] == "1.0.0"
            assert answer.headers["cache-control"] == "no-store"
            if form == "json":
                assert answer.json()["asOf"] == format_instant(source.now)
                assert answer.json()["position"] == source.position


@pytest.mark.parametrize("path", PATHS)
def test_csv_says_what_json_says(path: str, api: Api) -> None:
    items = api.items(path, pageSize=5000)
    answer = api.get(path, pageSize=5000, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert answer.headers["content-disposition"] == f'attachment; filename="{path}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows == [{name: plain(value) for name, value in item.items()} for item in items]


def plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", "application/json"),
        ("text/*", "text/csv"),
        ("text/csv, application/json;q=0.9", "text/csv"),
        ("text/csv;q=0.5, application/json", "application/json"),
        ("text/html,*/*;q=0.8", "application/json"),
        ("application/json;q=0, */*", "text/csv"),
        ("text/html", "application/problem+json"),
    ],
)
def test_the_form_by_accept(accept: str, expected: str, api: Api) -> None:
    answer = api.get("weeks", headers={"Accept": accept})
    assert answer.headers["content-type"].split(";")[0] == expected
    assert answer.status_code == (406 if "problem" in expected else 200)


def test_the_etag_stays_while_nothing_changes(api: Api, source: FakeSource) -> None:
    answer = api.get("counts", sector="po")
    etag = answer.headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', etag)
    source.now += 60_000_000  # time alone changes nothing
    time.sleep(REREAD)
    again = api.get("counts", sector="po", headers={"If-None-Match": f'"other", {etag}'})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["etag"] == etag
    whole = api.get("counts", sector="po")
    assert whole.content == answer.content
    others = [
        api.get("counts", sector="vo"),
        api.get("counts", sector="po", page=2),
        api.get("counts", sector="po", format="csv"),
        api.get("counts", sector="po", headers={"Accept-Encoding": "identity"}),
    ]
    assert len({etag, *(each.headers["etag"] for each in others)}) == 5


def test_the_etag_changes_with_a_number_and_with_the_position(api: Api, source: FakeSource) -> None:
    before = api.get("counts").headers["etag"]
    source.position += 1  # an event that changes no number
    time.sleep(REREAD)
    moved = api.get("counts").headers["etag"]
    source.put("unreached", "GM0014", "po", "2020-W12", 12345)
    time.sleep(REREAD)
    changed = api.get("counts", headers={"If-None-Match": before})
    assert changed.status_code == 200
    assert len({before, moved, changed.headers["etag"]}) == 3


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("counts", "municipality=Groningen", "municipality"),
        ("counts", "municipality=GM0014&municipality=gm0014", "municipality"),
        ("counts", "&".join(f"municipality=GM{n:04}" for n in range(101)), "municipality"),
        ("counts", "area=PV99", "area"),
        ("counts", "area=", "area"),
        ("counts", "sector=basisschool", "sector"),
        ("counts", "sector=", "sector"),
        ("counts", "week=2021-W53", "week"),
        ("counts", "week=2020-14", "week"),
        ("counts", "fromWeek=2020-W14&untilWeek=2020-W13", "untilWeek"),
        ("counts", "minUnreached=-1", "minUnreached"),
        ("counts", "minUnreached=5.0", "minUnreached"),
        ("counts", "allRows=yes", "allRows"),
        ("counts", "asOf=gisteren", "asOf"),
        ("counts", "asOf=2020-04-10T12:00:00", "asOf"),
        ("counts", "asOf=2020-04-23T00:00:00Z", "asOf"),
        ("counts", "page=0", "page"),
        ("counts", "pageSize=5001", "pageSize"),
        ("counts", "pageSize=٣", "pageSize"),
        ("coverage", "format=xml", "format"),
        ("municipalities", "day=2020-02-30", "day"),
        ("municipalities", "day=1-4-2020", "day"),
        ("coverage", "minUnreached=1", None),
        ("weeks", "sector=po", None),
        ("status", "format=json", None),
        ("counts", "geheim=1", None),
        ("counts", "sector=po&sector=vo", None),
        ("counts", "sector=%FF", None),
    ],
)
def test_wrong_input_is_named_and_not_repeated(path: str, query: str, field: str | None, api: Api) -> None:
    answer = api.client.get(f"/v1/{path}?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["api-version"] == "1.0.0"
    problem = answer.json()
    assert problem["status"] == 400
    assert [error["field"] for error in problem.get("errors", [])] == ([] if field is None else [field])
    for value in re.findall(r"=([^&]{4,})", query):
        assert value not in answer.text or field == "untilWeek"


def test_other_addresses_and_methods(api: Api) -> None:
    for path in ("/v1/", "/v1/leerlingen", "/v1/counts/GM0014", "/v1/x%0Ay"):
        answer = api.client.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
    for path in (*PATHS, "status", "openapi.json"):
        answer = api.client.post(f"/v1/{path}")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD"
    head = api.client.head("/v1/counts")
    assert head.status_code == 200
    assert head.content == b""


def test_earlier_times_need_a_ledger(api: Api) -> None:
    answer = api.get("counts", asOf="2020-04-10T12:00:00Z")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "30"
