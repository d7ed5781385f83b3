"""What axe finds in the page: nothing, in both languages, by light and by dark, wide and narrow, in every state."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, expect

from tests.services.web.conftest import Serve
from tests.services.web.fake import FIRST, Closure, FakeSource, at, nation, registered

pytestmark = pytest.mark.browser

WEEKS = ("2020-W12", "2020-W13", "2020-W14", "2020-W15", "2020-W16", "2020-W17")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}


def closed() -> FakeSource:
    """A closure is on; Groningen shows every colour, and the other looks of a cell."""
    source = nation(FakeSource(), WEEKS)
    for week, number in zip(WEEKS, (3, 7, 20, 40, 80, 400), strict=True):
        source.put("unreached", "GM0014", "po", week, number)
    registered(source)
    source.put("schools_stating_pupils", "GM0363", "po", "2020-W17", 0)
    for place, number in (("GM0034", 0), ("GM0037", 3), ("GM0047", 200)):
        source.put("unreached", place, "po", "2020-W17", number)
        source.put("schools_reported", place, "po", "2020-W17", 0)
    return source


def over() -> FakeSource:
    return replace(closed(), now=at("2020-06-20T12:00:00"))


def some() -> FakeSource:
    """Only some places are closed, without a known end, and the ledger is away."""
    return replace(closed(), closed=(replace(FIRST, until=None, municipalities=("GM0014", "GM0034")),), ledger=None)


def coming() -> FakeSource:
    return FakeSource(closed=(Closure("derde", ("po",), date(2020, 5, 11)),))


def never() -> FakeSource:
    return FakeSource(closed=())


Width = Literal["desktop", "phone"]
SIZES = {"desktop": (1280, 900), "phone": (360, 740)}


@pytest.mark.parametrize(
    ("state", "simulated", "lang", "scheme", "size", "path"),
    [
        (closed, False, "nl", "light", "desktop", "/gemeenten?q=gr"),
        (closed, False, "en", "dark", "phone", "/gemeenten?sector=po&q=gr"),
        (closed, True, "nl", "dark", "desktop", "/gemeenten?sector=po&q=gr&sort=name"),
        (closed, True, "en", "light", "phone", "/gemeenten?sector=po&q=gr"),
        (over, False, "nl", "dark", "phone", "/gemeenten?q=gr"),
        (over, True, "en", "light", "desktop", "/gemeenten?q=gr"),
        (some, False, "en", "dark", "desktop", "/gemeenten?q=aa"),
        (some, True, "nl", "light", "phone", "/gemeenten?sector=po&q=nothing"),
        (closed, False, "nl", "light", "desktop", "/kaart"),
        (closed, False, "en", "dark", "phone", "/kaart?by=region"),
        (some, True, "nl", "dark", "desktop", "/kaart?sector=po&division=2021-01-01"),
        (closed, False, "nl", "dark", "desktop", "/kaart?per=1000"),
        (closed, False, "en", "light", "phone", "/kaart?per=1000&by=province"),
        (never, False, "nl", "light", "phone", "/kaart"),
        (coming, True, "nl", "dark", "phone", "/"),
        (coming, False, "en", "light", "desktop", "/"),
        (never, False, "nl", "light", "phone", "/"),
        (never, True, "en", "dark", "desktop", "/"),
        (closed, False, "nl", "dark", "phone", "/"),
        (closed, True, "en", "light", "desktop", "/"),
        (closed, False, "nl", "light", "desktop", "/gemeenten/GM0014?sector=po"),
        (over, False, "en", "dark", "phone", "/gemeenten/GM0014"),
        (never, False, "nl", "light", "phone", "/gemeenten/GM0014"),
        (closed, False, "nl", "dark", "phone", "/uitleg"),
        (closed, True, "en", "light", "desktop", "/uitleg"),
    ],
)
def test_axe_finds_nothing(
    browser: Browser,
    serve: Serve,
    state: Callable[[], FakeSource],
    simulated: bool,
    lang: str,
    scheme: Literal["light", "dark"],
    size: Width,
    path: str,
) -> None:
    served = serve(state(), simulated=simulated)
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True)
    try:
        page = context.new_page()
        page.goto(f"{served.url}{path}{'&' if '?' in path else '?'}lang={lang}")
        if "/uitleg" not in path:
            expect(page.locator("#link")).to_have_attribute("data-is", "live")
            page.locator("#explanation").click()
            for table in page.locator("details[id^=numbers-] > summary").all():
                table.click()
        if "/kaart" in path and state is not never:
            page.locator("#as-table summary").click()
        page.evaluate(AXE_SCRIPT)
        found = page.evaluate(f"axe.run(document, {json.dumps(RULES)}).then(found => found.violations)")
        assert [(v["id"], [n["html"][:200] for n in v["nodes"]][:5]) for v in found] == []
    finally:
        context.close()
