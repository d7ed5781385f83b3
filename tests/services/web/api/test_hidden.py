"""Nobody sees through the interface what that viewer may not know: only public cells, and nothing that follows from
others."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from events import format_instant
from events.times import day_start
from projections.tables import UNKNOWN
from services.web.access import Role, Viewer
from tests.services.web.api.conftest import NATIONAL, PUBLIC, Api, ServeApi, coordinator, published
from tests.services.web.fake import FakeSource, nation
from tests.support.whole import until

WEEKS = ("2020-W12", "2020-W13", "2020-W14")
MINE = "GM0014"
BOUNDS = ("unreached", "unreachedLow", "unreachedHigh")
QUERIES: list[dict[str, Any]] = [
    {},
    {"allRows": "true"},
    {"minUnreached": 1},
    {"minUnreached": 3},
    {"minUnreached": 5},
    {"week": WEEKS[1], "sector": "po"},
    {"area": "VR01"},
    {"area": "PV27", "minUnreached": 2},
    {"municipality": ["GM0363", MINE, UNKNOWN]},
    {"pageSize": 7, "page": 3},
]


def cells(number: int) -> dict[tuple[str, str, str], int]:
    """Cells of a public table: zeros, small and large numbers."""
    codes = ("GM0003", MINE, "GM0363", "GM0599", "GM1680", UNKNOWN)
    places = [(code, sector, week) for code in codes for sector in ("po", "vo") for week in WEEKS]
    return {place: (number * at) % 9 for at, place in enumerate(places)}


def country(seed: int, own: FakeSource | None = None) -> FakeSource:
    """A country of numbers; with those of `MINE` as another has them."""
    source = nation(FakeSource(), WEEKS, seed)
    if own is not None:
        kept = {key: number for key, number in own.numbers.items() if key[1] == MINE}
        others = {key: number for key, number in source.numbers.items() if key[1] != MINE}
        source.numbers = others | kept
        source.position = source.ledger = own.position
    return source


@pytest.mark.parametrize("viewer", [PUBLIC, coordinator(MINE)], ids=["public", "coordinator"])
@pytest.mark.parametrize("form", ["json", "csv"])
def test_hidden_numbers_change_no_byte(viewer: Viewer, form: str, serve_api: ServeApi, tmp_path: Path) -> None:
    """Two countries that differ in everything hidden give the same answers, to every question."""
    one = country(7)
    other = country(8, own=one)
    store = published(tmp_path / "public.sqlite", cells(2))
    answers = []
    for source in (one, other):
        source.put("newly_lost", MINE, "po", WEEKS[0], 1)
        for extra in ("GM0363", "GM9999"):
            source.put("newly_lost", extra, "po", WEEKS[0], source.numbers["unreached", "GM0363", "po", WEEKS[0]])
        api = serve_api(source, source.clock, public=store)
        found = [api.get("counts", viewer, format=form, **asked) for asked in QUERIES]
        found += [api.get("coverage", viewer, format=form), api.get("weeks", viewer), api.get("closures", viewer)]
        answers.append([(each.status_code, each.content, each.headers["etag"], each.headers["link"]) for each in found])
        exact = api.get("counts", NATIONAL).content
        answers[-1].append((0, exact, "", ""))
    assert answers[0][-1] != answers[1][-1]
    assert answers[0][:-1] == answers[1][:-1]
    assert {status for status, *_ in answers[0][:-1]} == {200}


def test_rows_of_others_do_not_wait_for_a_number(serve_api: ServeApi, tmp_path: Path) -> None:
    """They are there from the first closed week on, whatever happened in it."""
    source = FakeSource()
    store = published(tmp_path / "public.sqlite", {("GM0363", "po", week): 0 for week in WEEKS})
    api = serve_api(source, source.clock, public=store)
    assert [row["week"] for row in api.items("counts", PUBLIC, allRows="true")] == list(WEEKS)
    assert api.items("counts", PUBLIC) == []


@pytest.fixture
def api(serve_api: ServeApi, tmp_path: Path) -> Api:
    source = country(7)
    return serve_api(source, source.clock, public=published(tmp_path / "public.sqlite", cells(2)))


def test_a_coordinator_sees_ones_own_exactly_and_others_as_the_public(api: Api) -> None:
    exact = {key_of(row): row for row in api.items("counts", NATIONAL, pageSize=5000)}
    public = {key_of(row): row for row in api.items("counts", PUBLIC)}
    mine = {key_of(row): row for row in api.items("counts", coordinator(MINE))}
    assert {key for key in mine if key[0] == MINE} == {key for key in exact if key[0] == MINE}
    assert list(mine) == sorted(mine)
    for key, row in mine.items():
        assert row == (exact[key] if key[0] == MINE else public[key])


def test_the_public_sees_ranges_and_no_other_number(api: Api) -> None:
    numbers = cells(2)
    rows = api.items("counts", PUBLIC, allRows="true")
    assert {key_of(row) for row in rows} == set(numbers)
    for row in rows:
        number = numbers[key_of(row)]
        expected = (None, 1, 4) if 0 < number < 5 else (number, number, number)
        assert tuple(row[name] for name in BOUNDS) == expected
        assert all(row[name] is None for name in row if name not in (*BOUNDS, "municipality", "sector", "week"))
    assert [row for row in rows if row["unreachedHigh"]] == api.items("counts", PUBLIC)
    for least in (1, 2, 4, 5):
        found = api.items("counts", PUBLIC, minUnreached=least)
        assert found == [row for row in rows if row["unreachedLow"] >= least]
    for row in api.items("coverage", PUBLIC):
        told = (row["schoolsExpected"], row["schoolsReported"], row["schoolsOnTime"], row["claimedUnreached"])
        assert told == (9, 5, None, None)
    assert len(api.items("coverage", PUBLIC)) == len(numbers)
    mine = {row["municipality"]: row["claimedUnreached"] for row in api.items("coverage", coordinator(MINE))}
    assert {code for code, claimed in mine.items() if claimed is not None} == {MINE}


def key_of(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["municipality"], row["sector"], row["week"]


def test_when_the_public_figures_were_taken(serve_api: ServeApi, tmp_path: Path) -> None:
    source, path = country(7), tmp_path / "public.sqlite"
    api = serve_api(source, source.clock, public=published(path, cells(2)))
    first = api.get("counts", PUBLIC)
    as_of = format_instant(day_start(date(2020, 4, 20).toordinal()))
    assert first.json()["publicAsOf"] == first.headers["kib-public-as-of"] == as_of
    known = {"If-None-Match": first.headers["etag"]}
    assert api.get("counts", PUBLIC, headers=known).status_code == 304
    assert api.get("counts", NATIONAL).json()["publicAsOf"] is None
    published(path, cells(4), date(2020, 4, 21))
    until(lambda: api.get("counts", PUBLIC, headers=known).status_code == 200)
    assert api.items("counts", PUBLIC, pageSize=2) == api.items("counts", PUBLIC)


def test_without_a_snapshot_nobody_sees_more_than_ones_own(serve_api: ServeApi) -> None:
    source = country(7)
    api = serve_api(source, source.clock)
    assert api.items("counts", PUBLIC, allRows="true") == []
    assert {row["municipality"] for row in api.items("counts", coordinator(MINE), pageSize=5000)} == {MINE}
    assert {row["municipality"] for row in api.items("coverage", coordinator(MINE))} == {MINE}


def test_a_region_sees_its_municipalities(serve_api: ServeApi) -> None:
    source = country(7)
    api = serve_api(source, source.clock)
    codes = frozenset(m["code"] for m in api.items("municipalities", area="VR01"))
    region = Viewer(Role.REGION, "VR01", codes=codes)
    assert api.items("counts", region, pageSize=5000) == api.items("counts", NATIONAL, area="VR01", pageSize=5000)


def test_earlier_times_are_not_for_the_public(api: Api) -> None:
    answer = api.get("counts", PUBLIC, asOf="2020-04-10T12:00:00Z")
    assert answer.status_code == 403
    assert answer.json()["type"].endswith(":exact-only")
    assert api.get("coverage", PUBLIC, asOf="2020-04-10T12:00:00Z").status_code == 403
