"""The map of tiles: every area in its place with the number of the table, live, and 2020 seen in a later division."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from projections.register.areas import members
from tests.services.web.conftest import Serve
from tests.services.web.fake import FakeSource, nation
from tests.services.web.test_pages import Rows

WEEKS = ("2020-W16", "2020-W17")
TILE = re.compile(r'<b id="t-(\w+)" data-is="([^"]*)">([^<]*)</b>')


@pytest.fixture(scope="module")
def country() -> FakeSource:
    return nation(FakeSource(), WEEKS)


def drawn(html: str) -> dict[str, str]:
    return {code: text for code, _, text in TILE.findall(html)}


def number(text: str) -> int:
    """Read a number; where nobody has answered yet, none is known to be missed."""
    return 0 if text == "?" else int(text.replace(".", ""))


def table_of(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th><td>(.*?)</td><td>(.*?)</td></tr>", html)
    return [[re.sub("<[^>]+>", "", cell).strip() for cell in row] for row in rows]


@pytest.mark.parametrize("query", ["", "sector=po", "week=2020-W16", "week=2020-W16&sector=vo"])
def test_a_tile_tells_the_number_of_the_table(serve: Serve, country: FakeSource, query: str) -> None:
    with serve(country).client() as client:
        tiles = drawn(client.get(f"/kaart?{query}").text)
        rows = Rows(client.get(f"/gemeenten?{query}").text).shown
    at = -2 if "W16" in query else -1
    assert len(tiles) == 356
    assert {code: row[at].partition("|")[0] for code, row in rows.items() if code != "total"} == tiles


@pytest.mark.parametrize(("kind", "number", "prefix"), [("region", 25, "VR"), ("province", 12, "PV")])
def test_a_larger_area_is_the_sum_of_its_municipalities(
    serve: Serve, country: FakeSource, kind: str, number: int, prefix: str
) -> None:
    with serve(country).client() as client:
        html = client.get(f"/kaart?by={kind}").text
    tiles = drawn(html)
    assert len(tiles) == number + 1
    for code, text in tiles.items():
        if code.startswith(prefix):
            within = set(members(code, 737_000, 738_000))
            found = sum(
                n for (m, p, _, w), n in country.numbers.items() if (m, w) == ("unreached", WEEKS[1]) and p in within
            )
            assert int(text.replace(".", "")) == found
    listed = [int(row[1].replace(".", "")) for row in table_of(html)]
    assert len(listed) == number + 1
    assert listed == sorted(listed, reverse=True)


def test_2020_in_the_municipalities_of_2021(serve: Serve, country: FakeSource) -> None:
    with serve(country).client() as client:
        then = drawn(client.get("/kaart?sector=po").text)
        html = client.get("/kaart?sector=po&division=2021-01-01").text
    now = drawn(html)
    merged = ("GM0003", "GM0010", "GM0024")
    assert int(now["GM1979"]) == sum(number(then[code]) for code in merged)
    assert not {*merged} & now.keys()
    assert now["GM0788"] == then["GM0788"]
    apart = set(re.findall(r'<li class="[^"]* apart"><a href="/gemeenten/(GM\d+)', html))
    assert apart == {"GM0788", "GM0757", "GM0824", "GM0855", "GM0865"}
    assert sum(map(number, then.values())) == sum(map(number, now.values()))


def test_no_answer_zero_and_not_closed_look_different(serve: Serve, country: FakeSource) -> None:
    some = replace(country, numbers=dict(country.numbers))
    some.closed = (replace(country.closed[0], municipalities=("GM0014", "GM0034", "GM0037")),)
    for place, number, answered in (("GM0014", 0, 4), ("GM0034", 0, 0), ("GM0037", 7, 0)):
        for sector in ("po", "so", "vo", "mbo"):
            some.put("unreached", place, sector, WEEKS[1], number if sector == "po" else 0)
            some.put("schools_expected", place, sector, WEEKS[1], 4)
            some.put("schools_reported", place, sector, WEEKS[1], answered)
    with serve(some).client() as client:
        found = {code: (css, text) for code, css, text in TILE.findall(client.get("/kaart").text)}
    assert found["GM0014"] == ("l0", "0")
    assert found["GM0034"] == ("l0 mute", "?")
    assert found["GM0037"] == ("l2 mute", "7")
    assert found["GM0363"] == ("off", "–")


@pytest.mark.parametrize(
    "query",
    ["week=2031-W01", "week=x", "by=planet", "division=2021-02-30", "division=2019-01-01", "by=&week=&division="],
)
def test_what_does_not_exist_is_the_default(serve: Serve, country: FakeSource, query: str) -> None:
    with serve(country).client() as client:
        answer = client.get(f"/kaart?{query}")
        assert answer.status_code == 200
        assert drawn(answer.text) == drawn(client.get("/kaart").text)


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_a_tile_changes_in_place(serve: Serve, country: FakeSource, browser: Browser, width: int) -> None:
    served = serve(replace(country, numbers=dict(country.numbers)))
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{served.url}/kaart?sector=po")
    expect(page.locator("#link")).to_have_text("Live")
    tile = page.locator("#t-GM0014")
    page.locator("a", has=tile).focus()
    served.change(lambda source: source.put("unreached", "GM0014", "po", WEEKS[1], 321))
    expect(tile).to_have_text("321")
    expect(tile).to_have_attribute("data-is", re.compile("l6"))
    assert page.evaluate("document.activeElement.querySelector('b').id") == "t-GM0014"
    page.locator("#as-table summary").click()
    expect(page.locator("#map-table tbody tr").first).to_contain_text("321")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.select_option("#division", "2021-01-01")
    expect(page.locator("#t-GM1979")).to_be_visible()
    assert page.url.endswith("division=2021-01-01")
    context.close()
