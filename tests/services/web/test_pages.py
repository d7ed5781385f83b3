from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from html import unescape
from html.parser import HTMLParser

import pytest
from httpx import Client

from services.web.headers import CONTENT_SECURITY_POLICY
from tests.services.web.conftest import Serve, Served
from tests.services.web.fake import FIRST, Closure, FakeSource, at


@pytest.fixture
def source() -> FakeSource:
    source = FakeSource()
    for place, po, vo in (("GM0014", 3, 1), ("GM0363", 12, 40), ("GM0599", 0, 7), ("unknown", 0, 2)):
        source.put("unreached", place, "po", "2020-W17", po)
        source.put("unreached", place, "vo", "2020-W17", vo)
    source.put("unreached", "GM0599", "vo", "2020-W16", 30)
    source.put("schools_expected", "GM0014", "po", "2020-W17", 5)
    source.put("schools_reported", "GM0014", "po", "2020-W17", 4)
    source.put("schools_expected", "GM1680", "po", "2020-W17", 2)
    return source


@pytest.fixture
def served(serve: Serve, source: FakeSource) -> Served:
    return serve(source)


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    with served.client() as client:
        yield client


class Rows(HTMLParser):
    """The rows of the table, in order: code to the texts of its cells, the name first; hidden ones apart."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.shown: dict[str, list[str]] = {}
        self.hidden: set[str] = set()
        self._row: list[str] | None = None
        self._in_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "tr" and given.get("id"):
            self._row = []
            if "hidden" in given:
                self.hidden.add(str(given["id"]))
            else:
                self.shown[str(given["id"])] = self._row
        elif tag in ("td", "th") and self._row is not None:
            self._row.append("")
            self._in_cell = True
        elif tag == "small" and self._in_cell and self._row:
            self._row[-1] += "|"

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False
        elif tag == "tr":
            self._row = None

    def handle_data(self, data: str) -> None:
        if self._in_cell and self._row is not None:
            self._row[-1] += data


def rows(client: Client, query: str = "") -> Rows:
    return Rows(client.get(f"/gemeenten{query}").text)


def test_the_numbers_and_their_coverage_stand_on_the_page(client: Client) -> None:
    html = client.get("/").text
    assert re.search(r'<strong id="n-all"[^>]*>65</strong>', html)
    assert re.search(r'<strong id="n-vo"[^>]*>50</strong>', html)
    assert re.search(r'id="c-po"[^>]*>Antwoord: 4 van 7 scholen \(57\u00a0%\)<', html)
    shown = rows(client).shown
    assert shown["GM0014"][0] == "Groningen"
    assert shown["GM0014"][-1] == "4|4/5"
    assert shown["GM1680"][-1] == "?|0/2"
    assert shown["total"][-1] == "65|4/\u200b7"
    assert shown["unknown"][0] == "Woonplaats onbekend"


def test_dutch_first_and_english_remembered(client: Client) -> None:
    assert '<html lang="nl"' in client.get("/", headers={"Accept-Language": "en"}).text
    answer = client.get("/?lang=en")
    assert '<html lang="en"' in answer.text
    assert "Pupils not reached" in answer.text
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert '<html lang="en"' in client.get("/").text
    assert '<html lang="nl"' in client.get("/?lang=nl").text
    assert '<html lang="nl"' in client.get("/?lang=de").text


def test_sorting_by_query(client: Client) -> None:
    def order(query: str) -> list[str]:
        return [code for code in rows(client, query).shown if code in ("GM0014", "GM0363", "GM0599")]

    assert order("") == ["GM0363", "GM0599", "GM0014"]
    assert order("?dir=asc") == ["GM0014", "GM0599", "GM0363"]
    assert order("?sort=name") == ["GM0363", "GM0014", "GM0599"]
    assert order("?sort=2020-W16") == ["GM0599", "GM0363", "GM0014"]
    assert order("?sort=change&dir=asc") == ["GM0599", "GM0014", "GM0363"]
    for query in ("", "?sort=name", "?sort=name&dir=desc"):
        assert list(rows(client, query).shown)[:2] == ["total", "unknown"]


def test_no_answer_sorts_below_a_zero(client: Client, served: Served) -> None:
    served.change(lambda source: source.put("schools_expected", "GM0034", "po", "2020-W17", 1))
    served.change(lambda source: source.put("schools_reported", "GM0034", "po", "2020-W17", 1))
    codes = list(rows(client, "?sector=po&sort=now&dir=asc").shown)
    assert codes[2] == "GM1680"
    assert codes.index("GM0034") > codes.index("GM1680")


def test_the_head_says_how_the_table_is_sorted(client: Client) -> None:
    assert re.findall(r'aria-sort="(\w+)"><a id="sort-(\w+)"', client.get("/gemeenten?sort=name").text) == [
        ("ascending", "name")
    ]
    assert re.findall(r'aria-sort="(\w+)"><a id="sort-(\w+)"', client.get("/gemeenten?sort=2020-W17").text) == [
        ("descending", "now")
    ]
    html = unescape(client.get("/gemeenten?sort=name&sector=po&q=a").text)
    assert 'href="/gemeenten?sector=po&sort=name&dir=desc&q=a" data-sort="name"' in html


def test_searching_by_query_ignores_case_and_accents(client: Client) -> None:
    found = rows(client, "?q=SUDWEST")
    assert list(found.shown) == ["total", "GM1900"]
    assert "GM0014" in found.hidden
    assert "1 van 355 gemeenten" in client.get("/gemeenten?q=sudwest").text
    assert "Geen gemeente met deze naam." in client.get("/gemeenten?q=atlantis").text


def test_the_sector_filter_by_query(client: Client) -> None:
    shown = rows(client, "?sector=vo").shown
    assert shown["total"][-1].startswith("50")
    assert shown["GM0363"][-1].startswith("40")
    assert "Huishoudens" in client.get("/gemeenten?sector=vo").text
    assert rows(client, "?sector=nonsense").shown["total"][-1].startswith("65")


def test_the_form_and_the_links_keep_what_is_asked(client: Client) -> None:
    html = unescape(client.get("/gemeenten?sector=vo&sort=name&q=gron&refresh=off").text)
    # The page of a place has no order and no search.
    assert re.findall(r'href="(/gemeenten/GM0014[^"]*)"', html) == ["/gemeenten/GM0014?sector=vo&refresh=off"]
    assert '<input type="hidden" name="sector" value="vo">' in html
    assert '<input type="hidden" name="sort" value="name">' in html
    assert 'href="/gemeenten?sector=po&sort=name&q=gron&refresh=off"' in html
    assert 'href="/gemeenten?sector=vo&sort=name&q=gron&refresh=off&lang=en"' in html


def test_without_javascript_the_page_reloads_unless_told_not_to(client: Client) -> None:
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in client.get("/").text
    assert "http-equiv" not in client.get("/?refresh=off").text


def test_what_people_wrote_is_text(client: Client, served: Served) -> None:
    served.change(lambda source: announce(source, replace(FIRST, name="<script>alert(1)</script>")))
    html = client.get("/", params={"q": '"><img src=x>'}).text
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def announce(source: FakeSource, *closures: Closure, now: str | None = None) -> None:
    source.closed = closures
    source.now = at(now) if now else source.now


def test_closures_are_told(client: Client, served: Served) -> None:
    assert "16 maart 2020 t/m 28 april 2020" in client.get("/").text
    partly = Closure("open einde", ("vo",), date(2020, 3, 16), None, ("GM0014",), "partial")
    served.change(lambda source: announce(source, partly))
    text = client.get("/").text
    assert "einddatum nog niet bekend" in text
    assert "gedeeltelijk open" in text
    assert "in Groningen" in text
    served.change(lambda source: announce(source, FIRST, now="2020-07-01T12:00:00"))
    text = client.get("/").text
    assert "Op dit moment is er geen schoolsluiting." in text
    assert "Laatste sluiting" in text
    assert "Aan het eind van de laatste sluiting, week 18" in text
    served.change(announce)
    assert "Er is nog geen schoolsluiting aangekondigd." in client.get("/").text


@pytest.mark.parametrize("closed", [(FIRST,), (), (replace(FIRST, until=date(2020, 3, 17)),)])
def test_a_simulated_clock_is_marked_in_every_state(serve: Serve, closed: tuple[Closure, ...]) -> None:
    with serve(FakeSource(closed=closed), simulated=True).client() as client:
        html = client.get("/").text
        assert "Gesimuleerde klok" in client.get("/nowhere").text
    assert re.search(r'Gesimuleerde klok: <span id="clock"[^>]*>22 april 2020, 14:05<', html)
    assert "Dit zijn geen echte kinderen." in html
    assert "<title>Gesimuleerde klok" in html
    with serve(FakeSource(closed=closed)).client() as client:
        assert "Gesimuleerde klok" not in client.get("/").text


def test_every_answer_carries_the_security_headers(client: Client) -> None:
    style = re.findall(r'/static/[^"]+', client.get("/").text)[0]
    for path in ("/", "/health", "/nowhere", style):
        headers = client.get(path).headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 400


def test_no_inline_script_or_style_and_nothing_from_elsewhere(client: Client) -> None:
    html = client.get("/").text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", html)
    assert not re.search(r"""(?:src|href|action)=["'](?!/|#)""", html)


def test_the_page_is_small_and_not_cached_and_static_files_are(client: Client) -> None:
    page = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert page.headers["content-encoding"] == "gzip"
    assert int(page.headers["content-length"]) < 40_000
    assert page.headers["cache-control"] == "no-store"
    for path in set(re.findall(r'/static/[^"]+', page.text)):
        file = client.get(path)
        assert file.status_code == 200
        assert "immutable" in file.headers["cache-control"]
        again = client.get(path, headers={"If-None-Match": file.headers["etag"]})
        assert again.status_code == 304


def test_health(client: Client, served: Served) -> None:
    assert client.get("/health/live").json() == {"live": True}
    assert client.get("/health/ready").status_code == 200
    position = served.source.position
    served.change(lambda source: setattr(source, "ledger", position + 4))
    report = client.get("/health").json()
    assert 0 <= report.pop("secondsBehind") < 20
    assert report == {
        "ready": True,
        "reason": None,
        "viewPosition": position,
        "ledgerPosition": position + 4,
        "eventsBehind": 4,
        "asOf": "2020-04-22T12:05:09Z",
        "lastAudit": None,
        "archive": None,
        "clock": "real",
    }
    served.change(lambda source: setattr(source, "ledger", None))
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health").json()["eventsBehind"] is None


@pytest.mark.parametrize(
    ("behind", "told"), [(0, "Bij met"), (1, "1 gebeurtenis achter"), (1200, "1.200 gebeurtenissen achter")]
)
def test_the_page_tells_how_far_it_is_behind(serve: Serve, source: FakeSource, behind: int, told: str) -> None:
    source.ledger = source.position + behind
    with serve(source).client() as client:
        assert told in client.get("/").text


def test_the_page_tells_that_the_ledger_is_away(serve: Serve, source: FakeSource) -> None:
    source.ledger = None
    with serve(source).client() as client:
        assert "Grootboek niet bereikbaar" in client.get("/").text


def test_before_the_view_is_there(serve: Serve) -> None:
    with serve(FakeSource(broken=True), simulated=True).client() as client:
        answer = client.get("/")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        assert "Gesimuleerde klok" in answer.text
        assert client.get("/health/ready").json() == {"ready": False, "reason": "the view has not been read yet"}
        assert client.get("/health").json()["clock"] == "simulated"
        assert client.get("/health/live").status_code == 200


def test_an_address_that_does_not_exist_is_not_repeated(client: Client) -> None:
    answer = client.get("/p-12345678?lang=en")
    assert answer.status_code == 404
    assert "This page does not exist." in answer.text
    assert "p-12345678" not in answer.text
