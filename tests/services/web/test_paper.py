"""The pages on paper: what Chromium prints, as a PDF and by the styles of print."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.services.web.conftest import Serve, Served
from tests.services.web.fake import FIRST, Closure, FakeSource, at, nation

pytestmark = pytest.mark.browser

WEEKS = ("2020-W12", "2020-W13", "2020-W14", "2020-W15", "2020-W16", "2020-W17")
AS_OF = "Stand van 22 april 2020, 14:05, Nederlandse tijd"
DEAD = (
    "Pauzeren",
    "Live",
    "Meenemen",
    "Kies",
    "Toon",
    "Zoek",
    "Naar de inhoud",
    "Als tabel",
    "(uitleg)",
    "Nederlands\n",
)
Print = Callable[..., tuple[Page, pypdfium2.PdfDocument]]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    source = nation(FakeSource(), WEEKS)
    source.put("unreached", "GM0014", "po", "2020-W17", 1234)
    running = Served(source, simulated=True)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def on_paper(browser: Browser, served: Served) -> Iterator[Print]:
    """Give a function that opens a page, by dark and on a phone at that, and prints it."""
    contexts: list[BrowserContext] = []

    def on_paper(path: str, **options: Any) -> tuple[Page, pypdfium2.PdfDocument]:
        chosen = {"viewport": {"width": 360, "height": 740}, "color_scheme": "dark"} | options
        context = browser.new_context(**chosen)
        contexts.append(context)
        page = context.new_page()
        page.goto(served.url + path)
        page.emulate_media(media="print")
        for image in page.locator(".chart img").all():
            expect(image).to_have_js_property("complete", True, timeout=60_000)
            expect(image).not_to_have_js_property("naturalWidth", 0, timeout=60_000)
        return page, pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=False))

    yield on_paper
    for context in contexts:
        context.close()


def texts(document: pypdfium2.PdfDocument) -> list[str]:
    return [page.get_textpage().get_text_bounded().replace("\r", "") for page in document]


def letters_of(text: str) -> str:
    """Leave out hyphens and spaces: what a reader of PDFs makes of them differs."""
    return re.sub(r"[^\w\n]", "", text)


def nothing_cut_off(document: pypdfium2.PdfDocument) -> None:
    """Every character lies within its sheet's margins."""
    for number, page in enumerate(document):
        width, height = page.get_size()
        letters = page.get_textpage()
        for place in range(letters.count_chars()):
            left, bottom, right, top = letters.get_charbox(place)
            where = f"page {number + 1}: {letters.get_text_range(max(0, place - 20), 40)!r}"
            assert left >= 20, where
            assert right <= width - 20, where
            assert 20 <= bottom <= top <= height - 20, where


@pytest.mark.parametrize(
    "path", ["/", "/kaart?sector=po", "/gemeenten?sector=po", "/gemeenten/GM0014?sector=po", "/uitleg"]
)
def test_a_page_is_printed_without_what_is_dead_on_paper(served: Served, on_paper: Print, path: str) -> None:
    page, document = on_paper(path)
    pages = texts(document)
    text = "\n".join(pages)
    nothing_cut_off(document)
    lines = {line.strip() for line in text.splitlines()}
    assert not lines & {each.strip() for each in DEAD}
    assert "(uitleg)" not in text
    assert (served.url + path) in text.replace("\n", "")
    if path != "/uitleg":
        assert AS_OF in text.replace("\n", " ")
    assert "Gesimuleerd" in text
    controls = "[...document.querySelectorAll('button, input, select, nav')]"
    shown = page.evaluate(f"{controls}.filter(each => each.checkVisibility()).length")
    assert shown == (1 if path == "/uitleg" else 0)  # its contents
    colours = page.evaluate(
        """[...document.querySelectorAll('body, main, main h1, main h2, main p')].filter(e => e.checkVisibility())
            .map(e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor].join())"""
    )
    assert {each.split("),")[1] for each in colours} <= {"rgb(255, 255, 255)", " rgba(0, 0, 0, 0)", "rgba(0, 0, 0, 0)"}
    assert {each.split("),")[0] for each in colours} <= {"rgb(0, 0, 0", "rgb(51, 51, 51"}


def test_the_table_goes_on_from_page_to_page_under_its_head(on_paper: Print) -> None:
    page, document = on_paper("/gemeenten?sector=po&sort=name&dir=asc")
    pages = [text for text in texts(document) if re.search(r"\d+/\d+", text)]
    assert len(pages) > 5
    for each in pages:
        assert "W12" in each
        assert "Huishoudens" in each
    names: list[str] = page.locator("#table tbody th a").all_inner_texts()
    text = "\n".join(pages)
    assert len(names) == 356
    lines = iter(letters_of(text).splitlines())
    for name in names:
        assert any(line.startswith(letters_of(name)) for line in lines), name  # in their order
    assert "Niet bereikte leerlingen per gemeente en week (Basisonderwijs)" in texts(document)[0].replace("\n", " ")


def test_what_is_searched_for_is_what_is_printed(on_paper: Print) -> None:
    _, document = on_paper("/gemeenten?q=gron")
    (text,) = texts(document)
    assert "Midden-Groningen" in text
    assert "Leeuwarden" not in text
    assert "2 van 355 gemeenten" in text


def test_the_map_is_printed_with_its_numbers(on_paper: Print) -> None:
    page, document = on_paper("/kaart?sector=po")
    text = "\n".join(texts(document))
    assert len(document) == 1
    assert "1.234" in text
    assert "Basisonderwijs: week 17" in text
    boxes = page.locator("#map li").evaluate_all("all => all.map(each => each.getBoundingClientRect().width)")
    assert min(boxes) > 20


def test_half_a_year_of_weeks_fits_on_a_sheet(browser: Browser, serve: Serve) -> None:
    monday = date(2020, 3, 16)
    weeks = [f"{(monday + timedelta(7 * n)):%G-W%V}" for n in range(26)]
    long = Closure("lang", FIRST.sectors, monday, date(2020, 12, 31))
    source = nation(FakeSource(now=at("2020-09-09T12:00:00"), closed=(long,)), weeks[:2])
    for week in weeks:
        for code in ("GM0014", "GM0363", "GM0599"):
            for measure, number in (("unreached", 23_456), ("schools_expected", 123), ("schools_reported", 120)):
                source.put(measure, code, "po", week, number)
    served = serve(source)
    page = browser.new_page()
    page.goto(f"{served.url}/gemeenten?sector=po")
    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    page.close()
    nothing_cut_off(document)
    assert "\n".join(texts(document)).count("23.456") == 3 * 26


def test_an_opened_explanation_is_printed_and_without_a_script_the_address_too(served: Served, on_paper: Print) -> None:
    page, _ = on_paper("/")
    page.emulate_media(media="screen")
    page.locator("#about-unreached-all-open").click()
    text = "\n".join(texts(pypdfium2.PdfDocument(page.pdf())))
    assert "Een leerling telt mee vanaf het moment" in text.replace("\n", " ")
    _, document = on_paper("/gemeenten?sector=po&q=gron", java_script_enabled=False)
    assert f"{served.url}/gemeenten?sector=po&q=gron" in "".join(texts(document)).replace("\n", "")
