"""The charts in a real browser: in the theme and size of who looks, changing in place, with nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect

from tests.services.web.conftest import Served

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
WAIT = 60_000


def drawn(page: Page) -> None:
    """Wait until every chart of a page is there."""
    for image in page.locator(".chart img").all():
        expect(image).to_have_js_property("complete", True, timeout=WAIT)
        expect(image).not_to_have_js_property("naturalWidth", 0, timeout=WAIT)


@pytest.fixture
def visit(browser: Browser, served: Served) -> Iterator[Open]:
    """Give a function that opens a page and waits for its charts. No request goes elsewhere, no complaint is made."""
    contexts: list[BrowserContext] = []
    asked: list[str] = []
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if not message.location["url"].endswith("/favicon.ico"):  # of a picture that stands alone
            complaints.append(message.text)

    def visit(path: str, width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", complain)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(served.url + path)
        drawn(page)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith(served.url)] == []
    assert complaints == []


def sources(page: Page) -> list[str]:
    found: list[str] = page.locator(".chart img").evaluate_all("images => images.map(image => image.currentSrc)")
    return found


@pytest.mark.parametrize("width", [360, 1280, 2560])
@pytest.mark.parametrize("path", ["/", "/gemeenten/GM0014?sector=po"])
def test_charts_fit_at_every_width(visit: Open, path: str, width: int) -> None:
    page = visit(path, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for image in page.locator(".chart img").all():
        box, ratio = image.bounding_box(), image.evaluate("image => image.naturalWidth / image.naturalHeight")
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["width"] / box["height"] == pytest.approx(ratio, rel=0.02)
    assert all(("size=narrow" in source) == (width == 360) for source in sources(page))


def test_light_dark_and_paper_have_their_own_pictures(visit: Open) -> None:
    page = visit("/", color_scheme="dark")
    assert all("theme=dark" in source for source in sources(page))
    page.emulate_media(media="print")
    for image in page.locator(".chart img").all():
        expect(image).to_have_js_property("currentSrc", image.evaluate("image => image.src"), timeout=WAIT)
    assert all("theme=dark" not in source for source in sources(visit("/", color_scheme="light")))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_stand_in_the_place_of_a_chart_until_it_is_drawn(
    browser: Browser, served: Served, theme: Literal["light", "dark"]
) -> None:
    held: list[Route] = []
    with closing(browser.new_context(color_scheme=theme)) as context:
        page = context.new_page()
        page.route("**/grafiek/**", lambda route: held.append(route))  # noqa: PLW0108 - a built-in method cannot be given
        page.goto(f"{served.url}/", wait_until="domcontentloaded")
        place, image = page.locator("#picture-week"), page.locator("#picture-week img")
        words = place.evaluate("place => getComputedStyle(place, '::before').content")
        assert words.startswith('"De grafiek wordt getekend')
        with_words = place.screenshot()
        place.evaluate("place => { delete place.dataset.meanwhile }")
        assert place.screenshot() != with_words
        place.evaluate("(place, words) => { place.dataset.meanwhile = words }", words)
        for each in held:
            each.continue_()
        expect(image).not_to_have_js_property("naturalWidth", 0, timeout=WAIT)
        drawn_over = place.screenshot()
        place.evaluate("place => { delete place.dataset.meanwhile }")
        assert place.screenshot() == drawn_over


def test_a_chart_changes_in_place_without_a_jump(served: Served, visit: Open) -> None:
    page = visit("/")
    expect(page.locator("#link")).to_have_text("Live", timeout=WAIT)
    page.locator("#numbers-week > summary").focus()
    page.keyboard.press("Enter")
    image = page.locator("#picture-week img")
    image.evaluate("image => { image.same = true }")
    page.evaluate("""() => {
        window.jumped = 0;
        const all = () => [...document.querySelectorAll('.chart, .chart figcaption, .explanation')];
        window.tops = () => all().map(each => each.offsetTop).join();
        const before = window.tops();
        new MutationObserver(() => { window.jumped += window.tops() !== before })
            .observe(document.querySelector('main'), { subtree: true, childList: true, attributes: true });
    }""")
    before = sources(page)
    served.change(lambda source: source.put("unreached", "GM0014", "po", "2020-W17", 555))
    whole = sum(served.source.unreached(sector, "2020-W17") for sector in ("po", "so", "vo", "mbo"))
    total = f"{whole:,}".replace(",", ".")
    expect(page.locator("#chart-week figcaption")).to_contain_text(f"Week 17: {total} leerlingen", timeout=WAIT)
    expect(image).not_to_have_js_property("currentSrc", before[0], timeout=WAIT)
    drawn(page)
    assert image.evaluate("image => image.same === true")
    assert sources(page)[1] == before[1]  # the answers are as they were
    expect(page.locator("#numbers-week td").first).to_have_text(total)
    expect(page.locator("#numbers-week > summary")).to_be_focused()
    assert page.evaluate("window.jumped") == 0


def test_the_links_take_along_what_is_shown(served: Served, visit: Open) -> None:
    page = visit("/gemeenten/GM0014?sector=po")
    with page.expect_download() as download:
        page.get_by_role("link", name="PNG").click()
    assert download.value.suggested_filename == "kind-in-beeld-place-2020-W17.png"
    assert download.value.path().read_bytes().startswith(b"\x89PNG")


def test_a_picture_opens_by_itself(served: Served, visit: Open) -> None:
    """It needs no style and no script that the policy forbids."""
    page = visit("/")
    page.goto(f"{served.url}/grafiek/week.svg?size=taken")
    expect(page.locator("text", has_text="Niet bereikt per week")).to_be_visible()


def test_the_table_is_taken_along_as_it_is_filtered(visit: Open) -> None:
    page = visit("/gemeenten")
    expect(page.locator("#link")).to_have_text("Live", timeout=WAIT)
    page.fill("#q", "gron")
    with page.expect_download() as download:
        page.click("#as-svg")
    taken = download.value.path().read_text("utf-8")
    assert "Midden-Groningen" in taken
    assert "Leeuwarden" not in taken
