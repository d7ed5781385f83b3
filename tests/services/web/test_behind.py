"""The pages use the interface for programs: links to the figures behind each, and going to a municipality."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from services.web.access import PUBLIC
from tests.services.web.conftest import Serve, Served
from tests.services.web.fake import FakeSource, nation

WEEKS = ("2020-W12", "2020-W13", "2020-W14", "2020-W15", "2020-W16", "2020-W17")


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    running = Served(nation(FakeSource(), WEEKS))
    running.start()
    yield running
    running.stop()


def links(html: str) -> list[str]:
    return [each.replace("&amp;", "&") for each in re.findall(r'<a href="(/v1/[^"]+)"', html)]


def asked(link: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()} | {"at": urlsplit(link).path}


@pytest.mark.parametrize(
    ("path", "here"),
    [
        ("/", ["/ page"]),
        ("/gemeenten", ["/gemeenten page"]),
        ("/gemeenten/GM0014", ["/gemeenten true"]),
        ("/toen/tabel", ["/toen true"]),
    ],
)
def test_the_way_to_the_pages_shows_where_one_is(served: Served, path: str, here: list[str]) -> None:
    with served.client() as client:
        (pages,) = re.findall(r'<nav class="pages".*?</nav>', client.get(path).text, re.DOTALL)
    assert [" ".join(found) for found in re.findall(r'href="([^"]+)" aria-current="([a-z]+)"', pages)] == here


@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("/", {"week": "2020-W17"}),
        ("/?area=VR01", {"area": "VR01", "week": "2020-W17"}),
        ("/kaart?sector=po&week=2020-W14&area=VR01", {"sector": "po", "week": "2020-W14"}),
        ("/kaart?week=1999-W01", {"week": "2020-W17"}),
        (
            "/gemeenten?sector=vo&area=PV20",
            {"sector": "vo", "area": "PV20", "fromWeek": WEEKS[0], "untilWeek": WEEKS[-1]},
        ),
        ("/gemeenten/GM0014", {"municipality": "GM0014", "fromWeek": WEEKS[0], "untilWeek": WEEKS[-1]}),
        (
            "/gemeenten/unknown?sector=so",
            {"municipality": "unknown", "sector": "so", "fromWeek": WEEKS[0], "untilWeek": WEEKS[-1]},
        ),
    ],
)
def test_every_page_leads_to_its_figures(served: Served, path: str, same: dict[str, str]) -> None:
    with served.client() as client:
        found = links(client.get(path).text)
        assert [(asked(each)["at"], asked(each)["format"]) for each in found] == [
            *(("/v1/counts", form) for form in ("csv", "json")),
            *(("/v1/coverage", form) for form in ("csv", "json")),
        ]
        for each in found:
            given = asked(each)
            assert {name: given[name] for name in given.keys() - {"at", "format", "pageSize"}} == same
            answer = client.get(each)
            assert answer.status_code == 200, answer.text
            assert answer.headers["content-type"].startswith(
                "text/csv" if given["format"] == "csv" else "application/json"
            )


def test_they_are_the_figures_of_the_page(served: Served) -> None:
    with served.client() as client:
        html = client.get("/?area=GM0014").text
        table = list(csv.DictReader(io.StringIO(client.get(links(html)[0]).text)))
        for sector in ("po", "so", "vo", "mbo"):
            number = sum(int(row["unreached"]) for row in table if row["sector"] == sector)
            assert f'<strong id="n-{sector}" data-is="">{number}</strong>' in html
        html = client.get("/gemeenten/GM0363?sector=po").text
        items = client.get(links(html)[1]).json()["items"]
        assert items
        assert {(each["municipality"], each["sector"]) for each in items} == {("GM0363", "po")}
        assert [each["unreached"] for each in items][-1] == served.source.numbers[
            "unreached", "GM0363", "po", WEEKS[-1]
        ]


def test_everyone_gets_what_everyone_may_see(serve: Serve, served: Served) -> None:
    public = serve(served.source, viewer=PUBLIC)
    with public.client() as client:
        for link in links(client.get("/gemeenten/GM0014").text):
            assert client.get(link).status_code == 200


def test_municipalities_by_a_part_of_their_name(served: Served) -> None:
    def names(**query: str) -> list[str]:
        answer = httpx.get(f"{served.url}/v1/municipalities", params={"day": "2020-04-22", **query}, timeout=60)
        return [each["name"] for each in answer.raise_for_status().json()["items"]]

    assert names(q="GRON") == ["Groningen", "Midden-Groningen"]
    assert names(q="sudwest") == ["Súdwest-Fryslân"]
    assert names(q="gron", area="VR02") == []
    for wrong in ("", " ", "x" * 61):
        answer = httpx.get(f"{served.url}/v1/municipalities", params={"q": wrong}, timeout=60)
        assert answer.status_code == 400
        assert "1 to 60 characters" in answer.text


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Security" in message.text else None)
    yield page
    context.close()
    assert faults == []


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/", "/uitleg", "/gemeenten/GM0363?lang=en"])
def test_going_to_a_municipality_by_its_name(served: Served, page: Page, path: str) -> None:
    sought: list[str] = []
    page.on("request", lambda request: sought.append(request.url) if "/v1/" in request.url else None)
    page.goto(served.url + path)
    page.locator("#go-to").press_sequentially("sudwest")
    option = page.locator("#go-names option")
    expect(option).to_have_count(1)
    expect(option).to_have_attribute("value", "Súdwest-Fryslân")
    assert asked(sought[-1]).items() >= {"at": "/v1/municipalities", "q": "sudwest", "day": "2020-04-22"}.items()
    page.locator("#go-to").fill("Súdwest-Fryslân")
    page.keyboard.press("Enter")
    page.wait_for_url("**/gemeenten/GM1900")


@pytest.mark.browser
def test_a_part_of_a_name_leads_to_the_table(served: Served, page: Page) -> None:
    page.goto(served.url)
    page.locator("#go-to").fill("gron")
    page.keyboard.press("Enter")
    page.wait_for_url("**/gemeenten?q=gron")
    expect(page.locator("#found")).to_have_text("2 van 355 gemeenten")


@pytest.mark.browser
def test_it_works_when_no_suggestions_come_and_without_a_script(served: Served, page: Page, browser: Browser) -> None:
    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/v1/municipalities**", refuse)
    page.goto(served.url)
    page.locator("#go-to").press_sequentially("leeuwa", delay=60)
    page.keyboard.press("Enter")
    page.wait_for_url("**/gemeenten?q=leeuwa")
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{served.url}/uitleg")
    plain.locator("#go-to").fill("leeuwa")
    plain.locator("#go button").click()
    assert plain.url == f"{served.url}/gemeenten?q=leeuwa"
    context.close()


@pytest.mark.browser
def test_the_links_follow_what_is_chosen_in_place(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/gemeenten")
    expect(page.locator("#link")).to_have_attribute("data-is", "live")
    page.locator("#sector-po").click()
    expect(page.locator(".behind a").first).to_have_attribute("href", re.compile("sector=po"))
    with page.expect_download() as download:
        page.locator(".behind a").first.click()
    assert download.value.suggested_filename.endswith(".csv")
