"""Signing in as people do it: in Chromium, by opening the link that they were given."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from services.system.clock import real_now
from services.web.access.links import address_of
from tests.services.web.access.conftest import MINE, OTHER, Gate
from tests.services.web.aloud import told
from tests.services.web.test_accessibility import RULES

pytestmark = pytest.mark.browser


def finds_nothing(page: Page) -> None:
    page.evaluate(AXE_SCRIPT)
    result = page.evaluate(f"axe.run(document, {json.dumps(RULES)})")
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in result["violations"]] == []


def test_a_link_signs_in_until_it_is_revoked(gate: Gate, browser: Browser) -> None:
    served = gate()
    link, secret = served.link("municipality", MINE)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"{served.url}/gemeenten?sector=po")
    other, mine = (page.locator(f"#{code}") for code in (OTHER, MINE))
    expect(other).to_contain_text("<5")

    page.goto(address_of(served.url, secret))
    expect(page.get_by_role("button", name="Aanmelden")).to_be_focused()
    assert page.url == f"{served.url}/aanmelden"
    finds_nothing(page)
    page.keyboard.press("Enter")
    expect(page.locator("#account")).to_have_text(f"Aangemeld: municipality {MINE}")
    assert page.url == f"{served.url}/"

    page.goto(f"{served.url}/gemeenten?sector=po")
    expect(mine).to_contain_text("1.234")
    expect(other).to_contain_text("<5")
    expect(page.locator("#link")).to_have_attribute("data-is", "live")
    served.change(lambda source: source.put("unreached", MINE, "po", "2020-W17", 1235))
    expect(mine).to_contain_text("1.235")
    served.links.revoke(link.id, now=real_now())
    expect(page.locator("#account")).to_have_text("Aanmelden", timeout=60_000)
    expect(mine).to_contain_text("1.234")  # the public table is of the morning
    expect(page.locator("#link")).to_have_attribute("data-is", "live")

    assert not any(secret in address or not address.startswith(served.url) for address in addresses)
    context.close()


def test_signing_in_by_a_screen_reader_and_the_keyboard(gate: Gate, browser: Browser) -> None:
    served = gate()
    _, secret = served.link("municipality", MINE)
    page = browser.new_page()
    page.goto(f"{served.url}/aanmelden")
    main = told(page).one("main")
    assert main.all("heading")[0].name == main.one("button").name == "Aanmelden"
    assert main.one("textbox", "link").description
    page.locator("#link").focus()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    alert = told(page).one("main").one("alert")
    assert alert.properties["live"] == "assertive"
    assert alert.text
    page.locator("#link").focus()
    page.keyboard.type(address_of(served.url, secret))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served.url}/")
    banner = told(page).one("banner")
    assert banner.one("link", "Aangemeld").name == f"Aangemeld: municipality {MINE}"
    assert not any(secret in each.name for each in told(page).all())
    page.close()


@pytest.mark.parametrize(("lang", "scheme", "width"), [("nl", "dark", 360), ("en", "light", 1280)])
def test_axe_finds_nothing_in_any_state_of_signing_in(
    gate: Gate, browser: Browser, lang: str, scheme: str, width: int
) -> None:
    served = gate()
    context = browser.new_context(
        viewport={"width": width, "height": 740},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()

    def show(path: str) -> None:
        page.goto(f"{served.url}{path}?lang={lang}")
        finds_nothing(page)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0

    show("/aanmelden")
    expect(page.locator("main form")).to_have_count(0)
    secret = served.link("region", "VR01")[1]
    page.wait_for_timeout(300)
    show("/aanmelden")
    show("/nieuw")
    page.goto(f"{served.url}/aanmelden")
    page.locator("#link").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    finds_nothing(page)
    page.locator("#link").fill(address_of(served.url, secret))
    page.locator("#sign-in").click()
    page.wait_for_url(f"{served.url}/")
    show("/aanmelden")
    show("/nieuw")
    page.goto(f"{served.url}/aanmelden")
    page.locator("#sign-out").click()
    expect(page.locator("#with-link")).to_be_visible()
    context.close()
