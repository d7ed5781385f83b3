"""Every number explains itself: what it is, as of when, how far answered, and what the last audit found."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Literal

import httpx
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from projections.public import PublicStore, Snapshot
from projections.public.snapshot import hidden
from services.audits import Audit, AuditLog
from services.web.access import PUBLIC, Role, Viewer
from services.web.frame import KEYS
from services.web.texts import CATALOGUE
from services.web.texts.reading import UNAUDITED
from tests.services.web.conftest import Serve, Served
from tests.services.web.fake import FakeSource, nation
from tests.services.web.test_accessibility import RULES
from tests.support.whole import until

WEEKS = ("2020-W15", "2020-W16", "2020-W17")
GRONINGEN = Viewer(Role.MUNICIPALITY, "GM0014", "coördinator Groningen", frozenset({"GM0014"}))
PAGES = (
    "/",
    "/kaart",
    "/kaart?per=1000",
    "/gemeenten",
    "/gemeenten?sector=po",
    "/gemeenten/GM0014?sector=po",
    "/gemeenten/GM0037",
)
WAIT = 60_000
MINUTE = 60_000_000


@pytest.fixture(scope="module")
def country() -> FakeSource:
    return nation(FakeSource(), WEEKS)


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audits.sqlite")


@pytest.fixture
def public(country: FakeSource, tmp_path: Path) -> PublicStore:
    tables, store = country.tables(country.now), PublicStore(tmp_path / "public.sqlite")
    answers = (tables.coverage[f"schools_{name}"].astype("int32") for name in ("expected", "reported"))
    axes = tables.places, tables.sectors, tables.weeks, tables.open
    store.publish(Snapshot(date(2020, 4, 22), country.now, *axes, hidden(tables.counts["unreached"]), *answers))
    return store


def an_audit(source: FakeSource, differences: int = 0, cells: int = 18_412, minutes_ago: int = 2) -> Audit:
    as_of = source.now - minutes_ago * MINUTE
    return Audit(as_of + MINUTE, as_of, 4_321, 987, cells, differences, 1.5)


def explained(html: str) -> dict[str, str]:
    """What each number opens to, by the id of its details, without markup."""
    found = re.findall(r'<details class="about[^"]*" id="([^"]+)">(.*?)</details>', html, re.DOTALL)
    return {name: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", inside)) for name, inside in found}


def audited(html: str) -> dict[str, str]:
    """Those of figures that audits compare."""
    return {name: told for name, told in explained(html).items() if name.split("-")[1] not in UNAUDITED}


@pytest.mark.parametrize("path", PAGES)
def test_every_kind_of_number_tells_what_it_is_and_how_sure(
    serve: Serve, country: FakeSource, log: AuditLog, path: str
) -> None:
    log.add(an_audit(country))
    with serve(country, audits=log).client() as client:
        html = client.get(path).text
        english = client.get(path, params={"lang": "en"} | dict(httpx.QueryParams(path.partition("?")[2]))).text
    found = explained(html)
    assert len(found) >= 2
    for name, told in found.items():
        kind = name.split("-")[1]
        assert CATALOGUE["nl"][f"reading_{kind}_text"].splitlines()[0] in told
        assert "Stand van 22 april 2020, 14:05:09" in told
        assert ("Controle: live is gelijk aan herberekening: 18.412 cellen, 14:03." in told) == (kind not in UNAUDITED)
        assert ("Controle: " in told) == (kind not in UNAUDITED), "no audit compares it"
        assert kind == "coverage" or re.search(r"Antwoord: [\d.]+ van [\d.]+ scholen|Nog geen antwoord", told), name
        assert f'href="/uitleg#{kind}"' in html
    assert len(set(re.findall(r' id="([^"]+)"', html))) == len(re.findall(r' id="[^"]+"', html)), "an id twice"
    for name, told in explained(english).items():
        audited = name.split("-")[1] not in UNAUDITED
        assert ("Audit: live equals recalculation: 18,412 cells, 14:03." in told) == audited
    with serve(country).client() as client:
        sections = set(re.findall(r'<section id="(\w+)"', client.get("/uitleg").text))
    assert {name.split("-")[1] for name in found} <= sections


def test_each_line_list_and_chart_is_explained_and_to_others_only_what_they_are_told(
    serve: Serve, country: FakeSource, public: PublicStore
) -> None:
    with serve(country).client() as client:
        all_of_it = explained(client.get("/").text)
        place, together = (explained(client.get(f"/gemeenten/GM0014{query}").text) for query in ("?sector=po", ""))
    lines = {f"about-{kind}-{key}" for kind in ("change", "yesterday", "distinct", "coverage", "over") for key in KEYS}
    attention = {f"about-{kind}-attention" for kind in ("change", "over", "coverage", "residence")}
    assert lines | attention | {"about-week", "about-coverage", "about-long"} <= all_of_it.keys()
    assert {"about-unreached-chart", "about-week-chart", "about-during-chart"} <= place.keys()
    assert {"about-unreached-chart", "about-week-chart"} <= together.keys() - {"about-during-chart"}
    with serve(country, viewer=PUBLIC, public=public).client() as client:
        told = explained(client.get("/").text)
    assert {"about-week", "about-coverage", "about-coverage-po", "about-unreached-po"} <= told.keys()
    assert "about-over-attention" not in told
    assert not {name for name in told if re.search("yesterday|distinct|long|change-po|over-po", name)}


def test_who_is_not_told_is_told_so(serve: Serve, country: FakeSource, public: PublicStore) -> None:
    """Not that there is nothing, nor that no school is closed."""
    with serve(country, viewer=PUBLIC, public=public).client() as client:
        now, table, plan = (client.get(path).text for path in ("/", "/gemeenten", "/kaart"))
    assert "staat hier alleen voor wie met de exacte cijfers van dit gebied werkt" in now
    assert "Huisbezoeken en apparaten horen niet bij de openbare cijfers." in now
    assert "niet gesloten, of nog niet openbaar" in table
    assert "niet gesloten, of nog niet openbaar" in plan
    assert table.count(" data-public>") + table.count(" data-public ") == table.count('<tr role="row" id=')
    with serve(country, viewer=GRONINGEN, public=public).client() as client:
        table = client.get("/gemeenten").text
        assert 'id="GM0014" data-key="groningen">' in table
        assert re.search('id="GM0034" data-key="almere" data-public>', table)
        assert "alleen voor wie" not in client.get("/").text
        assert "alleen voor wie" in client.get("/?area=PV27").text
    with serve(country).client() as client:
        assert "data-public>" not in client.get("/gemeenten").text


def test_an_audit_that_found_differences_is_said_everywhere(serve: Serve, country: FakeSource, log: AuditLog) -> None:
    log.add(an_audit(country, differences=3))
    with serve(country, audits=log).client() as client:
        for path in PAGES:
            told = audited(client.get(path).text)
            assert told
            assert all(
                "niet gelijk aan herberekening: 3 van 18.412 cellen verschillen" in text for text in told.values()
            )

        def attention() -> str:
            return client.get("/").text.split('id="attention"')[1].split("</section>")[0]

        # The list is drawn every second at most.
        until(lambda: "3 van 18.412 cellen verschillen, 22 april 2020, 14:03" in attention())
        html = client.get("/").text
        assert 'data-copy="audit" data-is="differs"' in html
        assert client.get("/health/ready").status_code == 503
        assert client.get("/health").json()["lastAudit"]["differences"] == 3
        assert "\nkib_audit_differences 3\n" in client.get("/metrics").text


def test_none_yet_is_said_and_one_of_another_day_has_its_day(serve: Serve, country: FakeSource, log: AuditLog) -> None:
    with serve(country, audits=log).client() as client:
        assert "nog niet met een herberekening vergeleken" in explained(client.get("/").text)["about-unreached-all"]
        assert client.get("/health").json()["lastAudit"] is None
        assert "kib_audit" not in client.get("/metrics").text
        assert client.get("/health/ready").status_code == 200
    log.add(an_audit(country, minutes_ago=24 * 60))
    with serve(country, audits=log).client() as client:
        assert "18.412 cellen, 21 april 2020, 14:05." in explained(client.get("/").text)["about-unreached-all"]


@pytest.mark.parametrize("viewer", [GRONINGEN, PUBLIC])
@pytest.mark.parametrize("differences", [0, 3])
def test_others_are_told_that_but_not_of_how_much(
    serve: Serve, country: FakeSource, public: PublicStore, tmp_path: Path, viewer: Viewer, differences: int
) -> None:
    """How many cells there are follows from hidden figures: pages and answers are the same whatever their number is."""
    pages = []
    for cells in (18_412, 999):
        log = AuditLog(tmp_path / f"{cells}.sqlite")
        log.add(replace(an_audit(country, differences and differences + cells, cells), position=cells, events=cells))
        with serve(country, viewer=viewer, public=public, audits=log).client() as client:
            answers = [client.get(path).text for path in (*PAGES, "/v1/status", "/health", "/metrics")]
        pages.append([re.sub(r'data-version="[^"]+"|127\.0\.0\.1:\d+', "", html) for html in answers])
    assert pages[0] == pages[1]
    for path, html in zip(PAGES, pages[0], strict=False):
        for told in audited(html).values():
            assert ("niet gelijk" if differences else "is gelijk") + " aan herberekening, 14:03" in told, path
            assert "publieke cijfers van 22 april 2020" in told
    assert "De controle</a>" not in pages[0][0]
    assert "kib_audit_cells" not in pages[0][-1]
    assert f"\nkib_audit_equal {int(not differences)}\n" in pages[0][-1]


def test_who_sees_everything_is_not_told_of_public_figures(
    serve: Serve, country: FakeSource, public: PublicStore
) -> None:
    with serve(country, public=public).client() as client:
        assert "publieke cijfers" not in client.get("/").text
    with serve(country, viewer=GRONINGEN).client() as client:
        assert "nog geen publieke cijfers" in client.get("/").text


# In a browser


def opened(browser: Browser, served: Served, path: str, size: tuple[int, int] = (1280, 900), **options: object) -> Page:
    width, height = size
    context = browser.new_context(viewport={"width": width, "height": height}, bypass_csp=True, **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{served.url}{path}")
    expect(page.locator("#link")).to_have_attribute("data-is", "live", timeout=WAIT)
    return page


@pytest.mark.browser
def test_the_keyboard_opens_a_number_and_a_screen_reader_hears_what_it_is(
    browser: Browser, serve: Serve, country: FakeSource, log: AuditLog
) -> None:
    page = opened(browser, serve(country, audits=log), "/")
    summary = page.locator("#about-over-all-open")
    expect(summary).to_have_accessible_name(re.compile(r"^[\d.]+ langer dan vier weken \(uitleg\)$"), timeout=WAIT)
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#about-over-all")).to_have_attribute("open", "", timeout=WAIT)
    expect(page.locator("#about-over-all .told")).to_be_visible()
    tree = page.locator("#about-over-all").aria_snapshot()
    assert "28 dagen of langer" in tree
    assert re.search(r'link "Meer over: Langer dan vier weken"', tree)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/uitleg#over"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(page.locator("#about-over-all .told")).to_be_hidden(timeout=WAIT)
    page.context.close()


@pytest.mark.browser
def test_what_is_open_stays_open_and_current(
    browser: Browser, serve: Serve, country: FakeSource, log: AuditLog
) -> None:
    source = replace(country, numbers=dict(country.numbers))
    served = serve(source, audits=log)
    page = opened(browser, served, "/")
    page.locator("#about-unreached-po-open").click()
    told = page.locator("#about-unreached-po [data-copy='audit']")
    expect(told).to_contain_text("nog niet", timeout=WAIT)
    log.add(an_audit(source))
    expect(told).to_contain_text("is gelijk aan herberekening: 18.412 cellen, 14:03", timeout=WAIT)
    log.add(an_audit(source, differences=2))
    expect(told).to_have_attribute("data-is", "differs", timeout=WAIT)
    expect(page.locator("#attention")).to_contain_text("2 van 18.412 cellen verschillen", timeout=WAIT)
    colour = "getComputedStyle(document.querySelector('#about-unreached-po [data-copy=audit]')).color"
    assert page.evaluate(colour) == "rgb(163, 20, 28)"
    served.change(
        lambda source: setattr(source, "now", source.now + 7 * 24 * 60 * MINUTE)
    )  # another week: laid out anew
    expect(page.locator("#s-po")).not_to_contain_text("17", timeout=WAIT)
    expect(page.locator("#about-unreached-po")).to_have_attribute("open", "", timeout=WAIT)
    expect(page.locator("#about-unreached-po [data-copy='asof']")).to_contain_text("29 april 2020", timeout=WAIT)
    page.context.close()


@pytest.mark.browser
def test_a_cell_opens_to_what_it_is_and_stays_current(
    browser: Browser, serve: Serve, country: FakeSource, public: PublicStore, log: AuditLog
) -> None:
    source = replace(country, numbers=dict(country.numbers))
    for week, number, reported in (("2020-W16", 0, 0), ("2020-W17", 1, 3)):
        source.put("unreached", "GM0014", "po", week, number)
        source.put("schools_reported", "GM0014", "po", week, reported)
        source.put("schools_expected", "GM0014", "po", week, 1204)
    log.add(an_audit(source))
    served = serve(source, audits=log, public=public, viewer=GRONINGEN)
    page = opened(browser, served, "/gemeenten?sector=po&lang=en", (360, 740), color_scheme="dark")
    cell, now = page.locator("#cell"), page.locator("#GM0014 td").last
    now.click()
    expect(cell).to_contain_text(re.compile("Groningen: Now W17, 20 Apr\\s+1 pupil\\s+Schools that ans"))
    expect(cell).to_contain_text("Schools that answered: 3 of 1,204")
    expect(cell).to_contain_text("Of the week that runs: as it is now.")
    expect(cell).to_contain_text("Audit: live equals recalculation, 14:03.")
    expect(cell).not_to_contain_text("public figures")
    expect(cell).to_contain_text("As of 22 April 2020")
    served.change(lambda source: source.put("unreached", "GM0014", "po", "2020-W17", 21))
    expect(cell).to_contain_text("21 pupils", timeout=WAIT)
    log.add(an_audit(source, differences=2))
    expect(cell.locator("[data-copy='audit']")).to_contain_text("does not equal", timeout=WAIT)
    assert cell.evaluate("box => box.getBoundingClientRect().bottom") == 740
    assert cell.evaluate("box => box.scrollWidth <= box.clientWidth")
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(f"axe.run(document, {json.dumps(RULES)}).then(found => found.violations)")
    assert [(v["id"], [n["html"][:200] for n in v["nodes"]][:5]) for v in found] == []
    page.locator("#cell button").click()
    page.locator("#GM0014 td").nth(-2).click()
    expect(cell).to_contain_text(re.compile("Groningen: W16 13 Apr\\s+\\?\\s+No school has answered yet"))
    expect(cell).to_contain_text("at the end of the last day on which schools were closed")
    page.keyboard.press("Escape")
    page.locator("#GM0014 td").nth(2).click()
    expect(cell).to_contain_text("each household counts once")
    page.keyboard.press("Escape")
    page.locator("#GM0034 td").nth(1).click()  # of another municipality there is no such figure
    expect(cell).to_contain_text("This figure is not there here.")
    page.keyboard.press("Escape")
    page.locator("#GM0034 td").last.click()
    expect(cell).to_contain_text("Public figures are in it: not of now")
    expect(cell).to_contain_text("public figures of 22 April 2020")
    expect(cell).not_to_contain_text("As of 22 April 2020")
    served.change(lambda source: setattr(source, "now", source.now + 7 * 24 * 60 * MINUTE))
    expect(page.locator("thead")).to_contain_text("W18", timeout=WAIT)
    expect(cell).to_be_hidden()
    page.context.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("path", "viewer", "scheme", "size"),
    [
        ("/", None, "light", (360, 740)),
        ("/", PUBLIC, "dark", (360, 740)),
        ("/kaart", None, "dark", (360, 740)),
        ("/gemeenten?sector=po&q=gr", None, "light", (360, 740)),
        ("/gemeenten/GM0014?sector=po", None, "dark", (1280, 900)),
        ("/gemeenten/GM0037", GRONINGEN, "light", (360, 740)),
    ],
)
def test_everything_opened_fits_a_phone_and_axe_finds_nothing(
    browser: Browser,
    serve: Serve,
    country: FakeSource,
    public: PublicStore,
    log: AuditLog,
    path: str,
    viewer: Viewer | None,
    scheme: Literal["light", "dark"],
    size: tuple[int, int],
) -> None:
    log.add(an_audit(country, differences=3))
    served = serve(country, audits=log, public=public, viewer=viewer)
    page = opened(browser, served, path, size, color_scheme=scheme)
    shown = page.locator(".about > summary:visible, #explanation")
    for number in range(shown.count()):
        shown.nth(number).click()
    assert page.locator("details[open]").count() >= 3
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the screen"
    heights = page.locator(".about > summary:visible").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect().height)"
    )
    assert min(heights) >= 24, "too small for a finger"
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(f"axe.run(document, {json.dumps(RULES)}).then(found => found.violations)")
    assert [(v["id"], [n["html"][:200] for n in v["nodes"]][:5]) for v in found] == []
    page.context.close()
