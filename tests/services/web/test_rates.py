"""The map for every 1,000 registered pupils: exactly where the register knows them, and only of what one may know."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from projections.public import PublicStore, Snapshot
from projections.public.snapshot import hidden
from projections.register.areas import members
from services.web.access import PUBLIC, Role, Viewer
from tests.services.web.conftest import Serve
from tests.services.web.fake import SECTORS, FakeSource, nation, registered
from tests.services.web.test_map import TILE, drawn

WEEKS = ("2020-W16", "2020-W17")
REGION = Viewer(Role.REGION, "VR01", "regio Groningen", frozenset(members("VR01", 737_000, 738_000)))
WAIT = 60_000


@pytest.fixture(scope="module")
def country() -> FakeSource:
    source = registered(nation(FakeSource(), WEEKS))
    # Of one school the register does not know the pupils; another municipality has none at all.
    source.put(
        "schools_stating_pupils",
        "GM0363",
        "po",
        WEEKS[1],
        source.numbers["schools_expected", "GM0363", "po", WEEKS[1]] - 1,
    )
    for sector in SECTORS:
        source.put("schools_stating_pupils", "GM0037", sector, WEEKS[1], 0)
    return source


def rate(
    country: FakeSource, places: Iterable[str], sectors: Iterable[str] = SECTORS, week: str = WEEKS[1]
) -> Fraction | None:
    unreached = pupils = 0
    for place in places:
        for sector in sectors:
            of = {
                m: country.numbers.get((m, place, sector, week), 0)
                for m in ("schools_expected", "schools_stating_pupils", "pupils", "unreached")
            }
            if of["schools_expected"] and of["schools_expected"] == of["schools_stating_pupils"] and of["pupils"]:
                unreached, pupils = unreached + of["unreached"], pupils + of["pupils"]
    return Fraction(1000 * unreached, pupils) if pupils else None


def written(value: Fraction | None) -> str:
    if value is None:
        return "n.b."
    tenths = int(10 * value + Fraction(1, 2))
    if value and not tenths:
        return "<0,1"
    return f"{tenths // 10:,}".replace(",", ".") + f",{tenths % 10}"


def tiles_of(html: str) -> dict[str, str]:
    return {code: unescape(text) for code, text in drawn(html).items()}


def of_table(html: str) -> dict[str, tuple[str, str]]:
    rows = re.findall(
        r'<tr><th scope="row"><a href="[^"]*?(\w+)(?:\?[^"]*)?">.*?</th><td>(.*?)</td><td>(.*?)</td><td>', html
    )
    return {code: (unescape(per), of) for code, per, of in rows}


@pytest.mark.parametrize(
    ("query", "sectors", "week"),
    [("", SECTORS, WEEKS[1]), ("&sector=po", ("po",), WEEKS[1]), ("&sector=vo&week=2020-W16", ("vo",), WEEKS[0])],
)
def test_a_tile_is_the_number_for_every_1000_pupils(
    serve: Serve, country: FakeSource, query: str, sectors: tuple[str, ...], week: str
) -> None:
    with serve(country).client() as client:
        html = client.get(f"/kaart?per=1000{query}").text
    tiles = tiles_of(html)
    assert len(tiles) == 356
    for code, text in tiles.items():
        if text != "?":
            assert text == written(rate(country, [code], sectors, week)), code
    assert tiles["unknown"] == "n.b.", "no school stands where nobody lives"
    assert len({*tiles.values()}) > 20
    assert {code: per for code, (per, _) in of_table(html).items() if code != "unknown"} == {
        code: text for code, text in tiles.items() if code != "unknown"
    }
    if query == "&sector=po":
        assert tiles["GM0363"] == "n.b."
        assert of_table(html)["GM0363"] == ("n.b.", "")
        n, m = country.numbers["unreached", "GM0014", "po", week], country.numbers["pupils", "GM0014", "po", week]
        assert of_table(html)["GM0014"][1] == f"{n:,} van {m:,}".replace(",", ".")


@pytest.mark.parametrize(("kind", "prefix"), [("region", "VR"), ("province", "PV")])
def test_a_larger_area_divides_sums_over_the_same_municipalities(
    serve: Serve, country: FakeSource, kind: str, prefix: str
) -> None:
    with serve(country).client() as client:
        html = client.get(f"/kaart?per=1000&by={kind}").text
        english = client.get(f"/kaart?per=1000&by={kind}&lang=en").text
    tiles = {code: text for code, text in tiles_of(html).items() if code.startswith(prefix)}
    assert len(tiles) in (12, 25)
    for code, text in tiles.items():
        assert text == written(rate(country, members(code, 737_000, 738_000))), code
    assert {code: text for code, text in tiles_of(english).items() if code in tiles} == {
        code: text.replace(",", ".") for code, text in tiles.items()
    }
    values = [rate(country, members(code, 737_000, 738_000)) for code in tiles]
    assert len({*values}) == len(tiles)
    table = re.findall(r"</th><td>([\d,]+)</td>", html)
    assert table == sorted(table, key=lambda text: -float(text.replace(",", ".")))


def test_2020_in_the_municipalities_of_2021(serve: Serve, country: FakeSource) -> None:
    with serve(country).client() as client:
        now = tiles_of(client.get("/kaart?per=1000&sector=po&division=2021-01-01").text)
    assert now["GM1979"] == written(rate(country, ("GM0003", "GM0010", "GM0024"), ("po",)))


def test_zero_no_answer_not_known_not_closed_and_very_few_look_different(serve: Serve, country: FakeSource) -> None:
    some = replace(country, numbers=dict(country.numbers))
    some.closed = (
        replace(country.closed[0], municipalities=("GM0014", "GM0034", "GM0037", "GM0047", "GM0050", "GM0059")),
    )
    cases = {
        "GM0014": (0, 4, 4, 400),
        "GM0034": (0, 0, 4, 400),
        "GM0037": (7, 4, 3, 400),
        "GM0047": (1, 4, 4, 90_000),
        "GM0050": (3, 0, 4, 2_000),
        "GM0059": (3, 4, 4, 0),
    }
    for place, (number, answered, stating, pupils) in cases.items():
        for sector in SECTORS:
            for measure, told in (
                ("unreached", number),
                ("schools_reported", answered),
                ("schools_expected", 4),
                ("schools_stating_pupils", stating),
                ("pupils", pupils),
            ):
                some.put(measure, place, sector, WEEKS[1], told if sector == "po" else 0)
    with serve(some).client() as client:
        html = client.get("/kaart?per=1000").text
    found = {code: (css, unescape(text)) for code, css, text in TILE.findall(html)}
    assert found["GM0014"] == ("l0", "0,0")
    assert found["GM0034"] == ("l0 mute", "?")
    assert found["GM0037"] == ("none", "n.b.")
    assert found["GM0047"] == ("l1", "<0,1")
    assert found["GM0050"] == ("l3 mute", "1,5")
    assert found["GM0059"] == ("none", "n.b."), "of no pupils there is no share"
    assert found["GM0363"] == ("off", "–")
    legend = html.split('class="legend')[1].split("</ul>")[0]
    assert "&lt;0,5" in legend
    assert "10,0+" in legend


@pytest.mark.parametrize("query", ["per=", "per=100", "per=x"])
def test_what_does_not_exist_is_the_number(serve: Serve, country: FakeSource, query: str) -> None:
    with serve(country).client() as client:
        assert tiles_of(client.get(f"/kaart?{query}").text) == tiles_of(client.get("/kaart").text)


def test_the_switch_keeps_what_else_is_shown(serve: Serve, country: FakeSource) -> None:
    with serve(country).client() as client:
        html = client.get("/kaart?per=1000&by=region&week=2020-W16").text
    assert '<option value="1000" selected>' in html
    assert 'href="/kaart?sector=po&amp;week=2020-W16&amp;by=region&amp;per=1000' in html.replace(
        "&amp;week", "&amp;week"
    )
    assert 'data-topic="map:all:region:2020-W16::1000"' in html


def public_of(country: FakeSource, path: Path) -> PublicStore:
    tables, store = country.tables(country.now), PublicStore(path)
    answers = (tables.coverage[f"schools_{name}"].astype("int32") for name in ("expected", "reported"))
    axes = tables.places, tables.sectors, tables.weeks, tables.open
    store.publish(Snapshot(date(2020, 4, 22), country.now, *axes, hidden(tables.counts["unreached"]), *answers))
    return store


def test_of_others_there_is_none_and_the_page_says_why(serve: Serve, country: FakeSource, tmp_path: Path) -> None:
    public = public_of(country, tmp_path / "public.sqlite")
    with serve(country).client() as client:
        whole = tiles_of(client.get("/kaart?per=1000").text)
        regions = tiles_of(client.get("/kaart?per=1000&by=region").text)
        assert "not-told" not in client.get("/kaart?per=1000").text
    with serve(country, viewer=REGION, public=public).client() as client:
        html = client.get("/kaart?per=1000").text
        assert 'id="not-told"' in html
        for code, text in tiles_of(html).items():
            assert text == (whole[code] if REGION.exact(code) else "*"), code
        mine = tiles_of(client.get("/kaart?per=1000&by=region").text)
        assert {code: text for code, text in mine.items() if text != "*"} == {"VR01": regions["VR01"]}
        assert set(tiles_of(client.get("/kaart?per=1000&by=province").text).values()) >= {"*"}
        assert 'id="not-told"' not in client.get("/kaart").text
    with serve(country, viewer=PUBLIC, public=public).client() as client:
        html = client.get("/kaart?per=1000").text
        assert {*tiles_of(html).values()} == {"*"}
        assert {of for _, of in of_table(html).values()} == {""}


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_the_switch_in_the_browser(serve: Serve, country: FakeSource, browser: Browser, width: int) -> None:
    served = serve(replace(country, numbers=dict(country.numbers)))
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{served.url}/kaart?sector=po")
    expect(page.locator("#link")).to_have_text("Live", timeout=WAIT)
    page.select_option("#per", "1000")
    tile = page.locator("#t-GM0014")
    expect(tile).to_have_text(written(rate(country, ["GM0014"], ["po"])), timeout=WAIT)
    assert page.url.endswith("per=1000")
    expect(page.locator("#link")).to_have_text("Live", timeout=WAIT)
    pupils = country.numbers["pupils", "GM0014", "po", WEEKS[1]]
    served.change(lambda source: source.put("unreached", "GM0014", "po", WEEKS[1], pupils // 2))
    half = written(Fraction(1000 * (pupils // 2), pupils))
    expect(tile).to_have_text(half, timeout=WAIT)
    expect(tile).to_have_attribute("data-is", re.compile("l6"))
    page.locator("#as-table summary").click()
    expect(page.locator("#map-table tbody tr", has_text="Groningen").first).to_contain_text(half, timeout=WAIT)
    looks = {
        name: page.locator(f"#t-{code}").evaluate(
            "e => (s => [s.borderStyle, s.backgroundColor].join())(getComputedStyle(e))"
        )
        for name, code in (("known", "GM0014"), ("not known", "GM0037"))
    }
    assert looks["known"] != looks["not known"]
    assert "double" in looks["not known"]
    page.locator("#about-rate-open").click()
    expect(page.locator("#about-rate .told")).to_contain_text("register van scholen")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.go_back()
    expect(tile).to_have_text(str(pupils // 2) if pupils < 2000 else re.compile(r"\d"), timeout=WAIT)
    context.close()
