"""The country, a province, a safety region: the same pages, of the municipalities in it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from projections.register.areas import members
from tests.services.web.conftest import Serve
from tests.services.web.fake import FakeSource, nation
from tests.services.web.test_pages import Rows

WEEKS = ("2020-W15", "2020-W16", "2020-W17")


@pytest.fixture(scope="module")
def country() -> FakeSource:
    return nation(FakeSource(), WEEKS)


def of(source: FakeSource, area: str) -> int:
    """Count the pupils of an area in the last week, from the numbers themselves."""
    codes = set(members(area, 737_000, 738_000))
    return sum(
        n for (m, place, _, w), n in source.numbers.items() if (m, w) == ("unreached", WEEKS[-1]) and place in codes
    )


@pytest.mark.parametrize("area", ["PV20", "VR01", "VR13", "GM0014"])
def test_an_area_is_the_sum_of_its_municipalities(serve: Serve, country: FakeSource, area: str) -> None:
    with serve(country).client() as client:
        html = client.get(f"/?area={area}").text
        rows = Rows(client.get(f"/gemeenten?area={area}").text).shown
    told = re.search(r'<strong id="n-all"[^>]*>([\d.]+)<', html)
    assert told
    assert int(told[1].replace(".", "")) == of(country, area)
    codes = set(rows) - {"total"}
    assert codes
    assert codes <= set(members(area, 737_000, 738_000))
    assert int(rows["total"][-1].partition("|")[0].replace(".", "")) == of(country, area)


def test_areas_add_up_to_the_country_less_who_lives_nowhere_known(country: FakeSource) -> None:
    provinces = sum(of(country, f"PV{number}") for number in range(20, 32))
    regions = sum(of(country, f"VR{number:02}") for number in range(1, 26))
    nowhere = sum(n for (m, p, _, w), n in country.numbers.items() if (m, p, w) == ("unreached", "unknown", WEEKS[-1]))
    assert provinces == regions == sum(country.unreached(s, WEEKS[-1]) for s in ("po", "so", "vo", "mbo")) - nowhere


def test_what_needs_attention_in_an_area_is_of_that_area(serve: Serve, country: FakeSource) -> None:
    with serve(country).client() as client:
        html = client.get("/?area=PV28").text
    named = set(re.findall(r'<li><a href="/gemeenten/(GM\d+)', html))
    assert named
    assert named <= set(members("PV28", 737_000, 738_000))
    assert 'href="/gemeenten?area=PV28&amp;sort=' in html


def test_an_area_that_there_is_not_is_the_country(serve: Serve, country: FakeSource) -> None:
    with serve(country).client() as client:
        assert "Heel Nederland" in client.get("/?area=VR99").text
        assert len(Rows(client.get("/gemeenten?area=nowhere").text).shown) == 357


def test_only_from_so_many_pupils_on(serve: Serve, country: FakeSource) -> None:
    with serve(country).client() as client:
        shown = Rows(client.get("/gemeenten?min=20").text).shown
        everything = Rows(client.get("/gemeenten?min=x").text).shown
    numbers = [int(row[-1].partition("|")[0].replace(".", "")) for code, row in shown.items() if code != "total"]
    assert numbers
    assert min(numbers) >= 20
    assert len(everything) == 357


@pytest.mark.browser
def test_an_area_is_chosen_in_place(browser: Browser, serve: Serve, country: FakeSource) -> None:
    served = serve(country)
    page = browser.new_page()
    page.goto(f"{served.url}/gemeenten")
    expect(page.locator("#link")).to_have_text("Live")
    page.evaluate("window.notReloaded = true")
    page.locator("#area").focus()
    page.locator("#area").select_option("PV20")
    expect(page.locator("#total th")).to_have_text("Groningen")
    expect(page).to_have_url(f"{served.url}/gemeenten?area=PV20")
    expect(page.locator("#area")).to_be_focused()
    page.locator("#least").fill("3")
    shown = page.locator("tbody tr:not([hidden])").count()
    expect(page.locator("#found")).to_contain_text(f"{shown} van")
    expect(page).to_have_url(f"{served.url}/gemeenten?area=PV20&min=3")
    served.change(lambda source: source.put("unreached", "GM0014", "po", WEEKS[-1], 4321))
    expect(page.locator("#GM0014 td").last).to_contain_text("4.")
    assert page.evaluate("window.notReloaded")
    page.go_back()
    expect(page.locator("#total th")).to_have_text("Heel Nederland")
    page.close()
