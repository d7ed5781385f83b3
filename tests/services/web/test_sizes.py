"""Every page on a wall and on a phone, in its states: nothing too wide, nothing too small, nothing that axe finds."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from services.web.access import PUBLIC
from tests.services.web.conftest import Serve
from tests.services.web.fake import FakeSource
from tests.services.web.test_accessibility import RULES, closed, coming, never, over, some

pytestmark = pytest.mark.browser

WALL, PHONE = (2560, 1440), (360, 740)
ALL = (
    "/",
    "/kaart",
    "/kaart?by=region",
    "/kaart?by=province",
    "/gemeenten?sector=po&q=gr",
    "/gemeenten/GM0014",
    "/uitleg",
)
FEW = ("/", "/kaart", "/gemeenten")

SMALL = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement, size = parseFloat(getComputedStyle(element).fontSize);
        if (walker.currentNode.data.trim() && size > 0 && size < 12 && element.checkVisibility()) {
            found.push(`${element.tagName} ${size} ${walker.currentNode.data.trim()}`);
        }
    }
    return found.slice(0, 5);
}"""
CUT = """() => [...document.querySelectorAll("h1, h2, h3, p, li, dd, dt, button, label, summary, select")]
    .filter(each => each.checkVisibility() && !each.closest(".unseen, .tiles, .account"))
    .filter(each => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== "inline")
    .map(each => each.outerHTML.slice(0, 120))"""


def look(page: Page, address: str, width: int) -> None:
    page.goto(address)
    if "/uitleg" not in address:
        expect(page.locator("#link")).to_have_attribute("data-is", "live")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(SMALL) == []
    assert page.evaluate(CUT) == []
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(f"axe.run(document, {json.dumps(RULES)}).then(found => found.violations)")
    assert [(v["id"], [n["html"][:200] for n in v["nodes"]][:5]) for v in found] == []


@pytest.mark.parametrize(
    ("state", "size", "scheme", "lang", "paths"),
    [
        (closed, WALL, "dark", "nl", ALL),
        (closed, PHONE, "light", "en", ALL),
        (over, WALL, "light", "en", ("/", "/gemeenten/GM0014")),
        (some, WALL, "dark", "en", ("/", "/kaart")),
        (some, PHONE, "dark", "nl", ("/",)),
        (coming, WALL, "light", "nl", FEW),
        (never, WALL, "dark", "nl", FEW),
        (never, PHONE, "dark", "en", ("/gemeenten",)),
    ],
)
def test_it_fits_and_can_be_read(
    browser: Browser,
    serve: Serve,
    state: Callable[[], FakeSource],
    size: tuple[int, int],
    scheme: str,
    lang: str,
    paths: tuple[str, ...],
) -> None:
    served = serve(state(), simulated=state is over)
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,  # type: ignore[arg-type]
        bypass_csp=True,
    )
    page = context.new_page()
    for path in paths:
        look(page, f"{served.url}{path}{'&' if '?' in path else '?'}lang={lang}", size[0])
    context.close()


@pytest.mark.parametrize("size", [WALL, PHONE])
def test_what_everyone_sees_fits_too(browser: Browser, serve: Serve, size: tuple[int, int]) -> None:
    served = serve(closed(), viewer=PUBLIC)
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, bypass_csp=True)
    page = context.new_page()
    for path in ("/", "/kaart", "/gemeenten/GM0014"):
        look(page, served.url + path, size[0])
    context.close()
