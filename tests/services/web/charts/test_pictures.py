"""The charts as a page's server answers with them: by their addresses, and in the pages."""

from __future__ import annotations

import asyncio
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from html import unescape

import httpx
import msgspec
import pytest

from services.web.access import PUBLIC
from services.web.charts import Studio
from services.web.charts.held import CHARTS_EVERY
from tests.services.web.charts.conftest import WEEKS, country
from tests.services.web.charts.test_drawing import PICTURE, texts
from tests.services.web.conftest import Serve, Served
from tests.services.web.fake import FIRST, Closure, FakeSource, at


def get(served: Served, path: str, **headers: str) -> httpx.Response:
    return httpx.get(served.url + path, headers=headers, timeout=60)


@pytest.mark.parametrize("path", ["/grafiek/week", "/grafiek/antwoorden", "/grafiek/gemeente?area=GM0014&sector=po"])
def test_each_chart_has_an_address_as_svg_and_as_png(served: Served, path: str) -> None:
    name, _, query = path.partition("?")
    svg, png = get(served, f"{name}.svg?{query}"), get(served, f"{name}.png?{query}")
    assert (svg.status_code, svg.headers["content-type"]) == (200, "image/svg+xml")
    assert (png.status_code, png.headers["content-type"]) == (200, "image/png")
    assert png.content.startswith(b"\x89PNG")
    assert svg.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in svg.headers["content-security-policy"]
    known = get(served, f"{name}.svg?{query}", **{"If-None-Match": svg.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/grafiek/week.gif", "/grafiek/gemeente.svg", "/grafiek/gemeente.svg?area=GM9999", "/grafiek/x.svg"]
)
def test_another_address_is_not_found(served: Served, path: str) -> None:
    assert get(served, path).status_code == 404


def test_a_chart_tells_its_numbers_in_the_language_asked_for(served: Served) -> None:
    total = sum(served.source.unreached(sector, WEEKS[-1]) for sector in ("po", "so", "vo", "mbo"))
    dutch, english = (texts(get(served, f"/grafiek/week.svg?lang={each}").content) for each in ("nl", "en"))
    assert f"Alle {total:,}".replace(",", ".") in dutch
    assert f"All {total:,}" in english
    assert {"eerste sluiting", "besloten 15 mrt", "W17"} <= set(dutch)
    assert "decided 15 Mar" in english
    place = texts(get(served, "/grafiek/gemeente.svg?area=GM0014&sector=po").content)
    assert {"Aan het eind: 4", "In de week: 7"} <= set(place)


def test_to_take_along_it_says_what_it_is(served: Served) -> None:
    found = set(texts(get(served, "/grafiek/week.svg?area=VR01&size=taken").content))
    assert {"Niet bereikt per week", "Groningen, alle sectoren"} <= found
    assert any("stand van 22 april 2020, 14:05" in text for text in found)


def test_beside_each_chart_stand_a_summary_a_table_and_links(served: Served) -> None:
    html = get(served, "/").text
    total = [sum(served.source.unreached(s, w) for s in ("po", "so", "vo", "mbo")) for w in WEEKS]
    caption = re.findall(r"<figcaption[^>]*>(.*?)</figcaption>", html)[0]
    assert f"Week 17: {total[-1]:,} leerlingen niet bereikt.".replace(",", ".") in caption
    assert f"Hoogste: week {12 + total.index(max(total))}" in caption
    table = html.split('id="numbers-week"')[1].split("</details>")[0]
    assert [f"{number:,}".replace(",", ".") for number in reversed(total)] == re.findall(
        r"</th><td>([\d.]+)</td>", table
    )
    for source in re.findall(r'(?:src|srcset|href)="(/grafiek/[^"]+)"', html):
        assert get(served, unescape(source)).status_code == 200, source


def test_a_decision_and_the_days_of_each_closure_are_drawn(serve: Serve) -> None:
    decided = (at("2020-03-15T17:30:00"), at("2020-03-31T19:15:00"))
    closures = (
        replace(FIRST, announced=decided),
        Closure("alleen Leeuwarden", ("po",), date(2020, 4, 1), date(2020, 4, 9), ("GM0080",), announced=decided[1:]),
    )
    served = serve(replace(country(), closed=closures))
    assert {"eerste sluiting", "besloten 15 mrt", "besloten 31 mrt"} <= set(
        texts(get(served, "/grafiek/week.svg").content)
    )
    there = texts(get(served, "/grafiek/gemeente.svg?area=GM0080").content)
    elsewhere = texts(get(served, "/grafiek/gemeente.svg?area=GM0014").content)
    assert "alleen Leeuwarden" in there
    assert "alleen Leeuwarden" not in elsewhere


def test_a_line_that_ended_before_names_its_week(serve: Serve) -> None:
    others = replace(FIRST, sectors=("vo", "mbo", "so"))
    served = serve(replace(country(), closed=(others, replace(FIRST, sectors=("po",), until=date(2020, 4, 5)))))
    found = texts(get(served, "/grafiek/week.svg").content)
    assert any(re.fullmatch(r"Basis [\d.]+ \(W14\)", text) for text in found)


def test_without_a_closure_there_is_no_chart(serve: Serve) -> None:
    served = serve(FakeSource(closed=()))
    assert "<figure" not in get(served, "/").text
    assert get(served, "/grafiek/week.svg").status_code == 404


def test_who_sees_no_exact_figures_and_has_no_public_table_gets_none(serve: Serve) -> None:
    served = serve(country(), viewer=PUBLIC)
    assert "<figure" not in get(served, "/").text
    assert get(served, "/grafiek/week.svg").status_code == 404


def test_a_chart_changes_with_its_numbers_alone_and_not_too_often(serve: Serve) -> None:
    served = serve(country())

    def shown() -> set[str]:
        return set(re.findall(r"/grafiek/(\w+)\.svg[^\"]*?v=(\w+)", get(served, "/").text))

    def until(differs: set[str]) -> set[str]:
        ends = time.monotonic() + 180
        while (now := shown()) == differs and time.monotonic() < ends:
            time.sleep(0.3)
        return now

    before = shown()
    served.change(lambda source: source.put("devices_lent_laptop", "GM0014", "po", WEEKS[-1], 9))
    time.sleep(CHARTS_EVERY + 1)
    assert shown() == before
    began = time.monotonic()
    served.change(lambda source: source.put("unreached", "GM0014", "po", WEEKS[-1], 99))
    once = until(before)
    assert len(once - before) == 1  # the weeks, not the answers
    served.change(lambda source: source.put("unreached", "GM0014", "po", WEEKS[-1], 101))
    until(once)
    assert time.monotonic() - began >= CHARTS_EVERY


def test_many_who_ask_for_one_chart_have_it_drawn_once(serve: Serve) -> None:
    served = serve(country())
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: get(served, "/grafiek/week.svg"), range(48)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert served.app.state.studio.drawn == 1


def test_while_one_is_drawn_the_pages_go_on(serve: Serve) -> None:
    served = serve(country())
    with ThreadPoolExecutor(1) as pool:
        drawing = pool.submit(get, served, "/gemeenten.png")
        answered = 0
        while not drawing.done():
            assert get(served, "/health/live").status_code == 200
            answered += not drawing.done()
        assert drawing.result().status_code == 200
    assert answered > 3


async def test_a_process_that_was_killed_is_started_again() -> None:
    studio = Studio()
    try:
        first = (await studio.draw(PICTURE, "svg")).body
        assert studio._process is not None
        studio._process.kill()
        await asyncio.wait_for(studio._process.wait(), 60)
        assert (await studio.draw(msgspec.structs.replace(PICTURE, title="nog een"), "svg")).body != first
        assert studio.drawn == 2
    finally:
        await studio.close()


def test_the_table_as_a_picture_has_the_rows_of_the_page(served: Served) -> None:
    answer = get(served, "/gemeenten.svg?sector=po&q=gron")
    assert answer.headers["content-disposition"] == 'attachment; filename="kind-in-beeld-po-2020-04-22.svg"'
    found = set(texts(answer.content))
    assert {"Groningen", "Midden-Groningen", "Heel Nederland"} <= found
    assert "Leeuwarden" not in found
    assert "Heel Nederland, basisonderwijs, “gron”" in found


def test_a_long_table_is_cut_and_says_so(served: Served) -> None:
    found = set(texts(get(served, "/gemeenten.svg?sort=name").content))
    assert any(re.search(r"de eerste 50 van \d+ rijen", text) for text in found)
    assert {"Aa en Hunze", "Aalburg"} & found
    assert "Zwolle" not in found
