"""The page in a real browser: in place, without losing one's place, and coming back by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.services.web.conftest import Serve, Served
from tests.services.web.fake import FakeSource, at, nation

pytestmark = pytest.mark.browser

WEEKS = ("2020-W12", "2020-W13", "2020-W14", "2020-W15", "2020-W16", "2020-W17")
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def numbers() -> dict[tuple[str, str, str, str], int]:
    return nation(FakeSource(), WEEKS).numbers


@pytest.fixture
def served(serve: Serve, numbers: dict[tuple[str, str, str, str], int]) -> Served:
    return serve(FakeSource(numbers=dict(numbers)))


@pytest.fixture
def visit(browser: Browser, served: Served) -> Iterator[Open]:
    """Give a function that opens the page and waits until it is live. No request goes elsewhere, no script fails."""
    contexts: list[BrowserContext] = []
    asked: list[str] = []
    faults: list[str] = []

    def visit(path: str = "/", **options: Any) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(served.url + path)
        if options.get("java_script_enabled", True):
            expect(page.locator("#link")).to_have_text("Live")
            page.evaluate("window.notReloaded = true")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(served.url)] == []
    assert faults == []


def put(served: Served, number: int, place: str = "GM0014", week: str = "2020-W17") -> None:
    served.change(lambda source: source.put("unreached", place, "po", week, number))


def still_the_same_page(page: Page) -> bool:
    return bool(page.evaluate("window.notReloaded === true"))


def codes(page: Page) -> list[str]:
    found: list[str] = page.locator("tbody tr:not([hidden])").evaluate_all("rows => rows.map(row => row.id)")
    return found


def test_a_change_appears_in_place(served: Served, visit: Open) -> None:
    page = visit("/gemeenten?sector=po")
    put(served, 1234)
    cell = page.locator("#GM0014 td").last
    expect(cell).to_contain_text("1.234")
    expect(cell).to_have_class("l6 changed")
    expect(cell).to_have_class("l6")
    assert still_the_same_page(page)


def test_the_number_of_now_and_what_needs_attention_change_in_place(served: Served, visit: Open) -> None:
    page = visit()
    put(served, 1234)
    expect(page.locator("#n-po")).to_have_text(f"{served.source.unreached('po', '2020-W17'):,}".replace(",", "."))
    line = page.locator("#attention li", has_text="Groningen").first
    expect(line).to_contain_text("meer dan vorige week")
    line.get_by_role("link").focus()
    put(served, 2234)
    expect(line).to_contain_text("2.2")
    expect(line.get_by_role("link")).to_be_focused()
    assert still_the_same_page(page)
    link = page.locator("#attention li.aside a").first
    link.click()
    expect(page.locator("th[aria-sort] a")).to_have_id("sort-change")


def test_focus_and_scroll_stay_while_numbers_change_and_weeks_begin(served: Served, visit: Open) -> None:
    page = visit("/gemeenten?sort=name", color_scheme="dark")
    page.locator("#region").evaluate("region => region.scrollTo(0, 4000)")
    page.locator("#sort-name").evaluate("link => link.focus({preventScroll: true})")
    page.evaluate("scrollTo(0, 150)")

    def place() -> Any:
        return page.evaluate("[document.activeElement.id, document.querySelector('#region').scrollTop, scrollY]")

    before = place()
    assert before == ["sort-name", 4000, 150]
    put(served, 7700)
    expect(page.locator("#GM0014 td").last).to_contain_text("7.7")
    assert place() == before
    served.change(lambda source: setattr(source, "now", at("2020-04-27T00:00:01")))
    expect(page.locator("thead")).to_contain_text("W18")
    assert place() == before
    assert still_the_same_page(page)


def test_what_is_being_typed_stays_when_a_week_begins(served: Served, visit: Open) -> None:
    page = visit("/gemeenten")
    page.locator("#q").press_sequentially("leeuw")
    served.change(lambda source: setattr(source, "now", at("2020-04-27T00:00:01")))
    expect(page.locator("thead")).to_contain_text("W18")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("arden")
    expect(page.locator("#q")).to_have_value("leeuwarden")
    assert codes(page) == ["GM0080"]
    expect(page.locator("#found")).to_have_text("1 van 355 gemeenten")
    assert page.url.endswith("?q=leeuwarden")


def test_sorting_in_place_is_the_servers_sorting(served: Served, visit: Open) -> None:
    page = visit("/gemeenten?sort=2020-W13")
    for name in ("name", "now", "now", "change", "over", "2020-W14", "name", "name"):
        page.locator(f"#sort-{name}").click()
        query = page.evaluate("location.search")
        head = page.locator("th[aria-sort]")
        expect(head).to_have_count(1)
        html = httpx.get(f"{served.url}/gemeenten{query}", timeout=60).text
        assert codes(page) == re.findall(r'<tr role="row" id="(GM\d+|unknown)"', html), query
        assert f'aria-sort="{head.get_attribute("aria-sort")}"><a id="sort-{name}"' in html
    assert still_the_same_page(page)


def test_sector_and_language_change_in_place(served: Served, visit: Open) -> None:
    page = visit("/gemeenten?sort=name&dir=asc")
    page.locator("#sector-vo").click()
    expect(page.locator("#sort-households")).to_be_visible()
    expect(page.locator("#sector-vo")).to_be_focused()
    page.locator("#lang-en").click()
    expect(page.locator("h1")).to_have_text("By municipality and week")
    assert page.evaluate("document.documentElement.lang") == "en"
    expect(page.locator("#link")).to_have_text("Live")
    served.change(lambda source: source.put("unreached", "GM0014", "vo", "2020-W17", 4321))
    expect(page.locator("#GM0014 td").last).to_contain_text("4,321")
    expect(page.locator("th[aria-sort] a")).to_have_id("sort-name")
    assert still_the_same_page(page)
    page.go_back()
    expect(page.locator("#sector-vo")).to_have_attribute("aria-current", "true")
    assert still_the_same_page(page)


def test_a_lost_connection_is_shown_and_comes_back(served: Served, visit: Open) -> None:
    page = visit("/gemeenten?sector=po")
    served.stop()
    expect(page.locator("#link")).to_have_text("Niet verbonden, probeert het opnieuw")
    expect(page.locator("#announce")).to_have_text("Niet verbonden, probeert het opnieuw")
    served.source.put("unreached", "GM0014", "po", "2020-W17", 55)
    served.start()
    expect(page.locator("#link")).to_have_text("Live", timeout=60_000)
    expect(page.locator("#GM0014 td").last).to_contain_text("55")
    put(served, 56)
    expect(page.locator("#GM0014 td").last).to_contain_text("56")
    assert still_the_same_page(page)


def test_pausing_stops_changes_until_resumed(served: Served, visit: Open) -> None:
    page = visit("/gemeenten?sector=po")
    page.locator("#pause").press("Enter")
    expect(page.locator("#link")).to_have_text("Gepauzeerd")
    before = page.locator("#GM0014 td").last.inner_text()
    put(served, 999)
    page.wait_for_timeout(300)
    assert page.locator("#GM0014 td").last.inner_text() == before
    page.locator("#pause").press("Enter")
    expect(page.locator("#GM0014 td").last).to_contain_text("999")
    expect(page.locator("#pause")).to_be_focused()


def test_numbers_are_said_aloud_but_do_not_chatter(served: Served, visit: Open) -> None:
    page = visit()
    assert page.locator("#announce").get_attribute("data-every") == "30"
    page.route(
        "**/?often",
        lambda route: route.fulfill(
            content_type="text/html", body=route.fetch().text().replace('every="30"', 'every="1"')
        ),
    )
    page.goto(f"{served.url}/?often")
    expect(page.locator("#link")).to_have_text("Live")
    page.evaluate(
        """() => {
            window.said = [];
            const announce = document.querySelector('#announce');
            new MutationObserver(() => said.push(announce.textContent)).observe(announce, {childList: true});
        }"""
    )
    for number in range(5000, 5020):
        put(served, number)
        page.wait_for_timeout(60)
    page.wait_for_timeout(1500)
    said = page.evaluate("said")
    assert 1 <= len(said) <= 4
    assert re.fullmatch(r"[\d.]+ leerlingen, [\d.]+ meer dan vorige week", said[-1])


def test_without_javascript_links_and_form_do_the_same(visit: Open) -> None:
    page = visit("/gemeenten", java_script_enabled=False)
    page.locator("#q").fill("leeuwa")
    page.get_by_role("button", name="Zoek").click()
    assert codes(page) == ["GM0080"]
    page.locator("#sector-vo").click()
    page.locator("#sort-name").click()
    assert codes(page) == ["GM0080"]
    assert "sector=vo" in page.url
    page.locator("#lang-en").click()
    expect(page.locator("h1")).to_have_text("By municipality and week")
    expect(page.locator("th[aria-sort] a")).to_have_id("sort-name")
    assert "Reloads every 30 seconds" in page.content()


def test_by_keyboard_alone(visit: Open) -> None:
    page = visit("/gemeenten")
    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    expect(page.locator("#skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("PageDown")
    page.wait_for_timeout(300)
    assert page.evaluate("document.querySelector('#region').scrollTop") > 0
    sticky = page.evaluate(
        """() => {
            const region = document.querySelector('#region').getBoundingClientRect();
            const head = document.querySelector('#sort-name').closest('th').getBoundingClientRect();
            return [head.top - region.top, head.left - region.left].map(Math.round);
        }"""
    )
    assert sticky == [1, 1]


def test_at_phone_width_only_the_table_scrolls_sideways(visit: Open) -> None:
    page = visit("/gemeenten?sector=so&lang=en")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate("(r => r.scrollWidth > r.clientWidth)(document.querySelector('#region'))")
    boxes = [page.locator(f"#total > {cell}").bounding_box() for cell in ("th", "td:last-child")]
    assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= 360 for box in boxes)
