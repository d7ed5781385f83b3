"""Who sees what: of the municipalities of others nothing but what is public reaches a page, a patch or a sum."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import httpx
import pytest

from projections.public import PublicStore, Snapshot
from projections.public.snapshot import hidden
from projections.register.areas import members
from services.web.access import PUBLIC, Role, Viewer
from services.web.sight import SightSource
from tests.services.web.conftest import Serve, Served
from tests.services.web.fake import FakeSource, Tables, nation, registered
from tests.services.web.test_pages import Rows

WEEKS = ("2020-W15", "2020-W16", "2020-W17")
OWN = frozenset({"GM0014"})
GRONINGEN = Viewer(Role.MUNICIPALITY, "GM0014", "coördinator Groningen", OWN)
REGION = Viewer(Role.REGION, "VR01", "regio Groningen", frozenset(members("VR01", 737_000, 738_000)))
PAGES = (
    "/",
    "/?area=VR01",
    "/?area=VR13",
    "/gemeenten",
    "/gemeenten?sector=po&sort=change",
    "/gemeenten?area=PV20",
    "/kaart",
    "/kaart?by=province&sector=po",
    "/kaart?per=1000",
    "/kaart?per=1000&by=region&sector=po",
)
PICTURES = (
    "/grafiek/week.svg",
    "/grafiek/week.png?area=VR13&size=taken",
    "/grafiek/week.svg?area=VR01&theme=dark",
    "/gemeenten.svg?sector=po&sort=change",
    "/grafiek/gemeente.svg?area=GM0363&sector=po",
)
PLACES = ("/gemeenten/GM0037", "/gemeenten/GM0363?sector=po", "/gemeenten/unknown")


@pytest.fixture(scope="module")
def country() -> FakeSource:
    return registered(nation(FakeSource(), WEEKS))


@pytest.fixture
def public(country: FakeSource, tmp_path: Path) -> PublicStore:
    """The public table of the day, as it is made of the numbers."""
    tables = country.tables(country.now)
    store = PublicStore(tmp_path / "public.sqlite")
    unreached, coverage = tables.counts["unreached"], tables.coverage
    store.publish(
        Snapshot(
            date(2020, 4, 22),
            country.now,
            tables.places,
            tables.sectors,
            tables.weeks,
            tables.open,
            hidden(unreached),
            coverage["schools_expected"].astype("int32"),
            coverage["schools_reported"].astype("int32"),
        )
    )
    return store


def other(country: FakeSource, seed: int) -> FakeSource:
    """Another country that looks the same to the public and in Groningen: all else about others differs."""
    draw = random.Random(seed)
    changed = replace(country, numbers=dict(country.numbers))
    for (measure, place, sector, week), number in country.numbers.items():
        if place in OWN or measure in ("schools_expected", "schools_reported"):
            continue
        if measure == "schools_stating_pupils":
            # Whether the register knows their pupils is not public either.
            changed.numbers[measure, place, sector, week] = draw.choice((0, number))
            continue
        changed.numbers[measure, place, sector, week] = number + draw.randrange(40)
    for place in ("GM0037", "GM0363", "unknown"):
        for measure in ("newly_lost", "restored", "moved_in", "door_visits_refused", "devices_lent_laptop"):
            changed.numbers[measure, place, "po", WEEKS[-1]] = draw.randrange(1, 30)
    return changed


def stripped(html: str) -> str:
    """Leave out the version, and the port of the test's own server."""
    return re.sub(r'data-version="[^"]+"|127\.0\.0\.1:\d+', "", html)


def picture(client: httpx.Client, path: str) -> tuple[bytes, str]:
    answer = client.get(path, timeout=60)
    assert answer.status_code == 200, path
    return answer.content, answer.headers["ETag"]


@pytest.mark.parametrize("viewer", [GRONINGEN, PUBLIC])
def test_what_others_are_exactly_makes_no_difference(
    serve: Serve, country: FakeSource, public: PublicStore, viewer: Viewer
) -> None:
    one = serve(country, viewer=viewer, public=public)
    two = serve(other(country, 1), viewer=viewer, public=public)
    with one.client() as here, two.client() as there:
        for path in (*PAGES, *PLACES):
            assert stripped(here.get(path).text) == stripped(there.get(path).text), path
        for path in (*PICTURES, "/grafiek/antwoorden.svg", "/grafiek/gemeente.svg?area=GM0014"):
            assert picture(here, path) == picture(there, path), path


def test_it_does_make_a_difference_to_who_may_know(serve: Serve, country: FakeSource, public: PublicStore) -> None:
    one, two = serve(country, public=public), serve(other(country, 1), public=public)
    with one.client() as here, two.client() as there:
        for path in (*PAGES, *PLACES):
            assert stripped(here.get(path).text) != stripped(there.get(path).text), path
        for path in PICTURES:
            assert picture(here, path) != picture(there, path), path


def rows(served: Served, query: str = "") -> dict[str, list[str]]:
    return Rows(httpx.get(f"{served.url}/gemeenten{query}", timeout=60).text).shown


def test_ones_own_is_exact_and_others_are_as_the_public_sees_them(
    serve: Serve, country: FakeSource, public: PublicStore
) -> None:
    exact, mine = (
        rows(serve(country), "?sector=po"),
        rows(serve(country, viewer=GRONINGEN, public=public), "?sector=po"),
    )
    assert mine["GM0014"] == exact["GM0014"]
    small = [code for code, row in exact.items() if row[-1].split("|")[0] in ("1", "2", "3", "4") and code not in OWN]
    assert small
    assert {mine[code][-1].split("|")[0] for code in small} == {"<5"}
    assert {cell for code in small for cell in mine[code][1:4]} == {"–"}
    large = [code for code, row in exact.items() if len(row[-1].split("|")[0]) > 1 and code not in (*OWN, "total")]
    assert all(mine[code][-1] == exact[code][-1] for code in large)
    low, _, high = mine["total"][-1].replace(".", "").split("|")[0].partition("–")
    assert int(low) <= country.unreached("po", WEEKS[-1]) <= int(high)
    assert mine["total"][1] == "–"


def test_a_region_is_exact_where_all_of_it_may_be_known(serve: Serve, country: FakeSource, public: PublicStore) -> None:
    whole = rows(serve(country), "?area=VR01")
    served = serve(country, viewer=REGION, public=public)
    assert rows(served, "?area=VR01") == whole
    assert rows(served, "?area=VR13")["total"][1] == "–"


def test_nothing_of_others_is_pushed(serve: Serve, country: FakeSource, public: PublicStore) -> None:
    served = serve(replace(country, numbers=dict(country.numbers)), viewer=GRONINGEN, public=public)
    with httpx.stream("GET", f"{served.url}/live?topic=table:po", timeout=60) as answer:
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        json.loads(next(lines)[6:])
        served.change(lambda source: source.put("unreached", "GM0363", "po", WEEKS[-1], 4321))
        served.change(lambda source: source.put("unreached", "GM0014", "po", WEEKS[-1], 77))
        told = next(cells for line in lines if (cells := json.loads(line[6:]).get("cells")))
    assert set(told) == {"GM0014", "total"}
    assert "4.321" not in json.dumps(told)


def test_of_another_municipality_there_is_only_what_is_public(
    serve: Serve, country: FakeSource, public: PublicStore
) -> None:
    html = httpx.get(f"{serve(country, viewer=GRONINGEN, public=public).url}/gemeenten/GM0037", timeout=60).text
    assert "Van deze gemeente ziet u wat openbaar is." in html
    assert "Nieuw niet bereikt" not in html
    assert "Huishoudens" not in html.split("explanation")[0]


def test_without_a_public_table_nothing_of_others_is_shown(serve: Serve, country: FakeSource) -> None:
    mine = rows(serve(country, viewer=GRONINGEN), "?sector=po")
    assert mine["GM0014"][-1].split("|")[0].isdecimal()
    assert mine["GM0363"][-1] == "–"


def test_what_was_made_for_someone_is_given_again_until_the_tables_or_the_public_ones_are_others(
    country: FakeSource, public: PublicStore
) -> None:
    newest = [public.snapshot(date(2020, 4, 22)), None]
    tables = country.tables(country.now)
    given = [tables, replace(tables, as_of=tables.as_of + 1), country.tables(country.now + 2)]

    class Source(FakeSource):
        def tables(self, at: int) -> Tables:
            return given[0]

    source = SightSource(Source(), OWN, lambda: newest[0])
    first = source.look(0)[0]
    del given[0]
    again = source.look(0)[0]
    assert again.as_of == first.as_of + 1
    assert again.counts is first.counts
    del newest[0]
    without = source.look(0)[0]
    others = [at for at, place in enumerate(without.places) if place not in OWN]
    assert first.counts["unreached"][others].any()
    assert not without.counts["unreached"][others].any()
    del given[0]
    assert source.look(0)[0].counts is not without.counts
