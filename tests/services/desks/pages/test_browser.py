"""The desks' pages in a real browser: axe finds nothing, at phone width, by the keyboard, without JavaScript."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, expect

from services.desks.access import Access, AccessStore
from tests.services.desks.pages.conftest import BSN, CHAIN, SOURCE, MakeSite, Site, listed, viewing
from tests.services.desks.pages.test_earlier import from_source, give
from tests.services.desks.pages.test_lists import GOOD
from tests.services.reminders.test_reminders import WEEK
from tests.support.systems import RunningLedger

pytestmark = pytest.mark.browser

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}
Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Give a function that opens a page; no request goes elsewhere, and no address ever holds a number."""
    contexts: list[BrowserContext] = []
    asked: list[str] = []
    hosts: list[str] = []

    def visit(served: Site, path: str = "/", **options: Any) -> Page:
        context = browser.new_context(viewport={"width": 360, "height": 740}, **options)
        contexts.append(context)
        hosts.append(served.url)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(served.url + path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(tuple(hosts))] == []
    assert [url for url in asked if BSN in url] == []


def check(page: Page) -> None:
    """Nothing for axe to find, and nothing wider than the screen."""
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(f"axe.run(document, {json.dumps(RULES)}).then(found => found.violations)")
    assert [(v["id"], [n["html"][:200] for n in v["nodes"]][:5]) for v in found] == [], page.url
    check_width(page)


def check_width(page: Page) -> None:
    """Nothing wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, page.url


@pytest.mark.parametrize(("scheme", "lang"), [("light", "nl"), ("dark", "en")])
def test_axe_finds_nothing_in_any_form(
    visit: Visit, site: MakeSite, scheme: Literal["light", "dark"], lang: str
) -> None:
    for served, kinds in (
        (site("school"), ("contact-lost", "device-lent", "week-reported", "report-retracted")),
        (site("coordinator"), ("closure-announced", "school-registered")),
        (site("leerplicht"), ("report-retracted",)),
    ):
        page = visit(served, f"/?lang={lang}", color_scheme=scheme, bypass_csp=True)
        check(page)
        for kind in kinds:
            page.goto(f"{served.url}/report/{kind}")
            check(page)
            page.locator("button.main").click()
            expect(page.locator(".errors")).to_be_visible()
            check(page)
            if kind not in ("closure-announced", "report-retracted"):
                page.goto(f"{served.url}/list/{kind}")
                check(page)
                page.locator("button.main").click()
                expect(page.locator(".errors").first).to_be_visible()
                check(page)


@pytest.mark.parametrize(("scheme", "lang"), [("light", "en"), ("dark", "nl")])
def test_axe_finds_nothing_in_any_answer(
    visit: Visit, site: MakeSite, tmp_path: Path, scheme: Literal["light", "dark"], lang: str
) -> None:
    served = site()
    page = visit(served, f"/report/week-reported?lang={lang}", color_scheme=scheme, bypass_csp=True)
    page.get_by_label("BRIN").or_(page.locator("#f-school")).fill("06KR00")
    page.locator("#f-sector").select_option("po")
    page.locator("#f-reached-all").check()
    page.locator("button.main").click()
    expect(page.locator("h1")).to_have_text("Gemeld" if lang == "nl" else "Reported")
    check(page)
    for number, text in enumerate((GOOD, GOOD.replace("06KR00", "06KR"))):
        path = tmp_path / f"{number}.csv"
        path.write_text(text)
        page.goto(f"{served.url}/list/contact-lost")
        page.locator("#f-file").set_input_files(path)
        page.locator("button.main").click()
        expect(page.locator("table.answers")).to_be_visible()
        check(page)
    assert len(served.held()) == 3


@pytest.mark.parametrize(("scheme", "lang"), [("light", "nl"), ("dark", "en")])
def test_an_earlier_report_is_found_and_withdrawn(
    visit: Visit, site: MakeSite, scheme: Literal["light", "dark"], lang: str
) -> None:
    served = site()
    for raw in (from_source(1, sector="hbo"), from_source(2), from_source(2, reason="moved")):
        give(served, raw)
    page = visit(served, f"/?lang={lang}", color_scheme=scheme, java_script_enabled=lang == "en", bypass_csp=True)
    look = check if lang == "en" else check_width
    page.locator('a[href="/reports"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator(".entries li")).to_have_count(3)
    look(page)
    page.locator(".entries a").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#f-reference")).to_have_value("report-2")
    look(page)
    page.locator("#f-reference").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Gemeld" if lang == "nl" else "Reported")
    assert served.held()[1]["data"]["retracts"] == {"source": SOURCE, "id": "report-2"}


@pytest.mark.parametrize(("scheme", "lang"), [("dark", "nl"), ("light", "en")])
def test_silent_schools_are_marked_in_the_browser(
    visit: Visit, ledger: RunningLedger, coordinator: Site, scheme: Literal["light", "dark"], lang: str
) -> None:
    page = visit(coordinator, f"/silent?lang={lang}", color_scheme=scheme, bypass_csp=True)
    expect(page.locator(".errors")).to_be_visible()
    check(page)
    with viewing(ledger), coordinator.client() as client:
        listed(client, week=WEEK)
        page.goto(f"{coordinator.url}/silent?week={WEEK}")
        expect(page.locator(".entries li")).to_have_count(2)
        expect(page.locator("html")).to_have_attribute("lang", lang)
        check(page)
        page.locator("#f-municipality").focus()
        page.keyboard.type("Groningen")
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator(".entries li")).to_have_count(1)
        expect(page.locator("#f-fresh")).to_be_checked()
        page.locator("button.main").click()
        expect(page.locator(".errors")).to_be_visible()
        check(page)
        page.get_by_label("De Eik").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text(
            "1 school als herinnerd gemeld" if lang == "nl" else "1 school reported as reminded"
        )
        check(page)
        page.locator(".next a").first.click()
        expect(page.locator("#f-municipality")).to_have_value("GM0014")
    assert [event["data"]["school"] for event in coordinator.held()] == ["01AA00"]


def test_axe_finds_nothing_when_signing_in(visit: Visit, site: MakeSite, keys: AccessStore) -> None:
    _, secret = keys.create("school", [SOURCE], coordinator=False, now=1)
    page = visit(site(access=Access(keys.path)), bypass_csp=True)
    check(page)
    page.locator("#f-key").fill("kib_wrong")
    page.locator("button.main").click()
    expect(page.locator(".errors")).to_be_visible()
    check(page)
    page.locator("#f-key").fill(secret)
    page.keyboard.press("Enter")
    expect(page.locator(".tasks")).to_be_visible()
    check(page)
    assert page.context.cookies()[0]["httpOnly"]
    assert page.evaluate("document.cookie") == ""


def test_a_pupil_is_reported_by_the_keyboard_alone_and_without_scripts(visit: Visit, site: MakeSite) -> None:
    served = site()
    page = visit(served, "/report/contact-restored", java_script_enabled=False)
    press = page.keyboard.press
    press("Tab")
    expect(page.locator(".skip a")).to_be_focused()
    press("Enter")
    press("Tab")
    press("Tab")
    expect(page.locator("#f-bsn")).to_be_focused()
    page.keyboard.type("1112.22.334")
    page.locator("#f-via").focus()
    page.keyboard.type("Op school")
    press("Tab")
    press("Enter")
    expect(page.locator(".errors li")).to_have_text("BSN: dit is geen geldig BSN (acht of negen cijfers, elfproef).")
    expect(page.locator("#f-bsn")).to_have_value("")
    expect(page.locator("#f-via")).to_have_value("at-school")
    assert page.title().startswith("Fout: ")
    page.locator(".errors a").focus()
    press("Enter")
    page.locator("#f-bsn").focus()
    page.keyboard.type("1112.22.333")
    press("Enter")
    expect(page.locator("h1")).to_have_text("Gemeld")
    (event,) = served.held()
    assert event["data"]["pupil"] == CHAIN.of_bsn(BSN)
    assert event["data"]["occurredAt"] == "2020-04-01T14:05:00+02:00"


def test_a_household_is_given_by_its_number(visit: Visit, site: MakeSite) -> None:
    served = site()
    page = visit(served, "/report/contact-lost", bypass_csp=True)
    for name, text in (("bsn", BSN), ("school", "06KR00"), ("household", "G-17"), ("household_issuer", "?")):
        page.locator(f"#f-{name}").fill(text)
    page.locator("#f-sector").select_option("po")
    page.keyboard.press("Enter")
    expect(page.locator(".errors a")).to_have_attribute("href", "#f-household_issuer")
    expect(page.locator("#f-household")).to_have_value("")
    check(page)
    for name, text in (("bsn", BSN), ("household", "G-17"), ("household_issuer", "GM0014")):
        page.locator(f"#f-{name}").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Gemeld")
    assert served.held()[0]["data"]["household"] == CHAIN.of_household("G-17", "GM0014")


def test_templates_are_downloaded(visit: Visit, site: MakeSite) -> None:
    page = visit(site(), "/list/contact-lost")
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel").click()
    assert download.value.suggested_filename == "contact-lost.xlsx"
