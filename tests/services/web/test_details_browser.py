"""What is told beside the tables, in a real browser: in place, for everyone who cannot see well, and on a phone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from tests.services.web.conftest import Served
from tests.services.web.living import LivingSource, country, lost
from tests.services.web.test_accessibility import RULES, SIZES, Width
from tests.support.live import fed_view

pytestmark = pytest.mark.browser

PATIENCE = 60_000.0


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with fed_view() as fed:
        served = Served(country(LivingSource(fed)), details=fed.path)
        served.start()
        yield served
        served.stop()


def visit(browser: Browser, served: Served, path: str, size: Width, **options: Any) -> Page:
    """Open a page, and wait until all of it is there."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, bypass_csp=True, **options)
    page = context.new_page()
    page.goto(served.url + path)
    page.locator("#settling table, #split table").wait_for(timeout=PATIENCE)
    return page


@pytest.mark.parametrize(
    ("path", "size", "scheme"),
    [
        ("/?lang=nl", "phone", "light"),
        ("/?lang=en&area=GM0014", "desktop", "dark"),
        ("/gemeenten/GM0014?lang=nl", "desktop", "light"),
        ("/gemeenten/GM0014?lang=en&sector=po", "phone", "dark"),
    ],
)
def test_axe_finds_nothing_and_nothing_is_cut_off(
    browser: Browser, served: Served, path: str, size: Width, scheme: Literal["light", "dark"]
) -> None:
    page = visit(browser, served, path, size, color_scheme=scheme)
    for number in page.locator(".about > summary:visible").all():
        number.click()
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(f"axe.run(document, {json.dumps(RULES)}).then(found => found.violations)")
    assert [(v["id"], [n["html"][:200] for n in v["nodes"]][:5]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()


def test_they_change_in_place(browser: Browser, served: Served) -> None:
    now, here = visit(browser, served, "/", "desktop"), visit(browser, served, "/gemeenten/GM0014", "desktop")
    for page in (now, here):
        expect(page.locator("#link")).to_have_text("Live", timeout=PATIENCE)
        page.evaluate("window.notReloaded = true")
    schools = here.locator("#schools tbody tr")
    expect(schools.first).to_contain_text("06KR01")

    def say(source: LivingSource) -> None:
        source.tell("contact-lost", "2020-04-22", **lost(8, household="househo8"))
        source.tell("contact-lost", "2020-04-22", **lost(9, household="househo8"))
        source.tell("week-reported", "2020-04-22", school="06KR01", sector="po", week="2020-W17", unreached=6)
        source.tell("contact-lost", "2020-03-19", "2020-04-22", **lost(10))

    served.change(say)
    expect(now.locator("#h-all")).to_have_text("In 6 huishoudens", timeout=PATIENCE)
    expect(now.locator("#split tbody tr").first).to_contain_text("9", timeout=PATIENCE)
    expect(now.locator("#y-all")).to_have_text("2 meer dan gisteren", timeout=PATIENCE)
    expect(schools.filter(has_text="06KR01")).to_contain_text("op tijd", timeout=PATIENCE)
    expect(here.locator("#settling tbody tr").last.locator("td").last).to_have_text("+2", timeout=PATIENCE)
    assert now.evaluate("window.notReloaded === true")
    assert here.evaluate("window.notReloaded === true")
    for page in (now, here):
        page.context.close()


def test_without_javascript_all_of_it_is_in_the_page(browser: Browser, served: Served) -> None:
    page = visit(browser, served, "/gemeenten/GM0014", "desktop")
    page.context.close()
    plain = visit(browser, served, "/gemeenten/GM0014", "desktop", java_script_enabled=False)
    expect(plain.locator("#schools tbody tr")).to_have_count(3)
    plain.context.close()
