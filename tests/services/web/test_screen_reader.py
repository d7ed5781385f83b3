"""What a coordinator does with a screen reader and a keyboard alone, by Chromium's own accessibility tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.services.web.aloud import Told, told
from tests.services.web.conftest import Served
from tests.services.web.fake import FakeSource, nation

pytestmark = pytest.mark.browser

WEEKS = ("2020-W12", "2020-W13", "2020-W14", "2020-W15", "2020-W16", "2020-W17")
PAGES = ("/", "/kaart", "/gemeenten", "/gemeenten/GM0014?sector=po", "/uitleg")
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    source = nation(FakeSource(), WEEKS)
    source.put("unreached", "GM0014", "po", "2020-W17", 1234)
    running = Served(source)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def visit(browser: Browser, served: Served) -> Iterator[Open]:
    contexts: list[BrowserContext] = []

    def visit(path: str, width: int = 1280) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.goto(served.url + path)
        if path != "/uitleg":
            expect(page.locator("#link")).to_have_attribute("data-is", "live")
        return page

    yield visit
    for context in contexts:
        context.close()


def tab_to(page: Page, selector: str, most: int = 120) -> None:
    """Go on by Tab until one stands on an element."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"no Tab leads to {selector}")


def levels(tree: Told) -> list[int]:
    return [each.properties["level"] for each in tree.all("heading")]


@pytest.mark.parametrize("path", PAGES)
def test_landmarks_and_headings_tell_where_one_is(visit: Open, path: str) -> None:
    tree = told(visit(path))
    for landmark in ("banner", "main", "contentinfo"):
        tree.one(landmark)
    assert [each.name for each in tree.one("banner").all("navigation")] == ["Bladzijden", "Taal"]
    found = levels(tree)
    assert found[0] == 1
    assert found.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(found))
    assert all(each.name for role in ("heading", "region", "navigation", "table", "figure") for each in tree.all(role))
    assert all(each.name for role in ("link", "button", "combobox", "searchbox", "image") for each in tree.all(role))


def test_the_main_number_has_its_unit_and_what_it_is_of(served: Served, visit: Open) -> None:
    main = told(visit("/")).one("main")
    whole = sum(served.source.unreached(sector, "2020-W17") for sector in ("po", "so", "vo", "mbo"))
    assert [each.name for each in main.all("heading")][:3] == [
        "Leerlingen niet bereikt",
        "Sluitingen nu",
        "Heel Nederland Nu, week 17",
    ]
    first = main.all("DisclosureTriangle")[0]
    assert first.name == f"{whole:,} leerlingen (uitleg)".replace(",", ".")
    assert first.properties["expanded"] is False


def test_an_explanation_opens_by_keyboard_and_is_read(visit: Open) -> None:
    page = visit("/")
    tab_to(page, "#about-unreached-all-open")
    page.keyboard.press("Enter")
    opened = told(page).one("main").all("DisclosureTriangle")[0]
    assert opened.properties["expanded"] is True
    assert opened.properties["focused"] is True
    group = next(each for each in told(page).all("group") if each.all("DisclosureTriangle", "leerlingen"))
    assert "Een leerling telt mee vanaf het moment" in group.text
    assert "Stand van 22 april 2020, 14:05:09" in group.text
    assert "Antwoord: " in group.text
    assert group.one("link").name == "Meer over: Niet bereikt"
    page.keyboard.press("Enter")
    expect(page.locator("#about-unreached-all")).not_to_have_attribute("open", "")


def test_what_needs_attention_is_a_list_with_reasons_that_leads_to_a_municipality(visit: Open) -> None:
    page = visit("/")
    panel = told(page).one("region", "Wat aandacht vraagt")
    kinds = [each.name for each in panel.all("heading")]
    assert kinds[0] == "Wat aandacht vraagt"
    assert len(kinds) - 1 == len(panel.all("list")) > 1
    for each in panel.all("listitem"):
        assert each.all("link"), each.text
        assert each.text == each.one("link").name or re.search(r"\d", each.text.removeprefix(each.one("link").name))
    first = panel.all("link")[0].name
    assert first == "Groningen"
    tab_to(page, "#attention a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/gemeenten/GM0014")
    expect(page.locator("#link")).to_have_attribute("data-is", "live")
    tree = told(page)
    assert tree.name == "Groningen · Kind in beeld"
    assert tree.all("heading")[0].name == "Groningen"
    balance = tree.one("table", "Erbij en eraf")
    assert balance.all("columnheader")[0].name == "Week"
    assert len(balance.all("rowheader")) == len(WEEKS)


def test_the_table_is_sorted_and_filtered_by_keyboard_and_says_so(visit: Open) -> None:
    page = visit("/gemeenten")
    tab_to(page, "#q")
    page.keyboard.type("gron")
    expect(page.locator("#found")).to_have_text("2 van 355 gemeenten")
    status = next(each for each in told(page).one("main").all("status"))
    assert status.properties["live"] == "polite"
    assert status.text == "2 van 355 gemeenten"
    tab_to(page, "#sort-name")
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_have_text("Op volgorde van Gemeente, oplopend")
    expect(page.locator("#sort-name")).to_be_focused()
    table = told(page).one("grid")
    rows = [each.name for each in table.all("rowheader") if each.name != "Heel Nederland"]
    assert rows == ["Groningen", "Midden-Groningen"]
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_have_text("Op volgorde van Gemeente, aflopend")
    tab_to(page, "#sort-now")
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_have_text(re.compile(r"Op volgorde van Nu W17, 20 apr.*, aflopend"))
    assert told(page).one("grid").all("rowheader")[1].name == "Groningen"


def test_the_table_is_a_grid_with_one_stop_and_a_cell_says_what_it_is(visit: Open) -> None:
    page = visit("/gemeenten?sector=po&sort=name&dir=asc")
    grid = told(page).one("grid")
    assert grid.name.startswith("Niet bereikte leerlingen per gemeente en week (Basisonderwijs)")
    assert grid.description.startswith("Elk getal opent")
    assert page.locator("#table tbody [tabindex='0'], #total [tabindex='0']").count() == 1
    tab_to(page, "#total td")
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#unknown a")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    expect(page.locator("#GM1680 td").last).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#GM1680 td").last).to_be_focused()
    page.keyboard.press("Enter")
    dialog = told(page).one("dialog")
    assert dialog.name == "Aa en Hunze: Nu W17, 20 apr"
    for text in ("Scholen die antwoordden: ", "Een leerling telt mee", "Stand van 22 april 2020", "Controle: "):
        assert text in dialog.text
    page.keyboard.press("Escape")
    expect(page.locator("#cell")).to_be_hidden()
    expect(page.locator("#GM1680 td").last).to_be_focused()
    page.locator("#q").fill("groningen")
    tab_to(page, "#total td")  # the row where one stood is not shown


def test_another_sector_is_said_and_the_focus_stays(visit: Open) -> None:
    page = visit("/gemeenten")
    tab_to(page, "#sector-po")
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_have_text(re.compile(r"Niet bereikte leerlingen .* \(Basisonderwijs\)"))
    expect(page.locator("#sector-po")).to_be_focused()
    assert [each.text for each in told(page).all("status")][-1].startswith("Niet bereikte leerlingen")


def test_the_map_is_read_tile_by_tile(served: Served, visit: Open) -> None:
    page = visit("/kaart?sector=po")
    tiles = told(page).one("list", "Basisonderwijs: week 17").all("link")
    assert len(tiles) == 355
    assert all(re.fullmatch(r"([\d.]+|\?|–) \S.*", each.name) for each in tiles), [each.name for each in tiles[:5]]
    assert [each.name for each in tiles if each.name.endswith(" Groningen")] == ["1.234 Groningen"]
    tab_to(page, "#map a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/gemeenten/GM*")


def test_a_chart_has_its_sentence_as_name_and_its_numbers_as_a_table(visit: Open) -> None:
    page = visit("/gemeenten/GM0014?sector=po")
    figure = told(page).one("figure")
    assert figure.name.startswith("Week 17: 1.234 leerlingen niet bereikt.")
    assert figure.one("image").name.startswith("Lijn per week")
    tab_to(page, "#chart-chart-place-title, [id^=numbers-] > summary")
    page.keyboard.press("Enter")
    table = told(page).one("table", "Als tabel")
    assert len(table.all("rowheader")) == len(WEEKS)
    assert table.all("cell")[0].name == "1.234"


def test_the_language_changes_by_keyboard(visit: Open) -> None:
    page = visit("/")
    tab_to(page, "#lang-en")
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_have_text("Pupils not reached · Kind in beeld")
    expect(page.locator("#lang-en")).to_be_focused()
    tree = told(page)
    assert tree.all("heading")[0].name == "Pupils not reached"
    assert page.evaluate("document.documentElement.lang") == "en"
    assert tree.one("main").all("DisclosureTriangle")[0].name.endswith(" pupils (explanation)")


WALK = """() => {
    window.stops = [];
    addEventListener("focusin", ({ target }) => {
        const style = getComputedStyle(target), box = target.getBoundingClientRect();
        stops.push({
            what: target.id || target.getAttribute("href") || target.tagName,
            outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
            seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
        });
    });
}"""
STOPS = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
    .filter(each => each.checkVisibility({ visibilityProperty: true }))
    .filter(each => !each.closest("details:not([open]) > :not(summary)") && each.tabIndex >= 0)
    .length"""


@pytest.mark.parametrize("path", [*PAGES[:2], "/gemeenten?q=gro", *PAGES[3:]])
def test_the_keyboard_reaches_everything_is_seen_and_is_never_trapped(visit: Open, path: str) -> None:
    page = visit(path)
    page.evaluate(WALK)
    number = page.evaluate(STOPS)
    for _ in range(number):
        page.keyboard.press("Tab")
    stops: list[dict[str, Any]] = page.evaluate("stops")
    assert stops[0]["what"] == "skip"
    assert len(stops) == number
    assert [each["what"] for each in stops if not each["outlined"]] == []
    assert [each["what"] for each in stops if not each["seen"]] == []
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("stops.at(-1)")["what"] == stops[-2]["what"]


@pytest.mark.parametrize("path", PAGES)
def test_the_skip_link_leads_past_what_every_page_has(visit: Open, path: str) -> None:
    page = visit(path)
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
