"""The page of one municipality: what came in and went out balances, week after week."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from httpx import Client

from tests.services.web.conftest import Serve, Served
from tests.services.web.fake import FakeSource

WEEKS = {"2020-W15": (6, 5, 1, 2, 0), "2020-W16": (9, 3, 2, 2, 0), "2020-W17": (7, 1, 3, 0, 0)}
"""Unreached, newly lost, restored, moved in, moved out: each week balances with the one before."""


@pytest.fixture
def source() -> FakeSource:
    source = FakeSource()
    for week, numbers in WEEKS.items():
        for measure, number in zip(
            ("unreached", "newly_lost", "restored", "moved_in", "moved_out"), numbers, strict=True
        ):
            source.put(measure, "GM0014", "po", week, number)
    source.put("unreached_during", "GM0014", "po", "2020-W17", 10)
    source.put("households", "GM0014", "po", "2020-W17", 6)
    source.put("door_visits_no_answer", "GM0014", "vo", "2020-W17", 2)
    source.put("schools_expected", "GM0014", "po", "2020-W17", 12)
    source.put("schools_reported", "GM0014", "po", "2020-W17", 9)
    source.put("claimed_unreached", "GM0014", "po", "2020-W17", 8)
    return source


@pytest.fixture
def served(serve: Serve, source: FakeSource) -> Served:
    return serve(source)


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    with served.client() as client:
        yield client


class Tables(HTMLParser):
    """The tables of the page by the id of the section's title: rows of texts by week."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: dict[str, dict[str, list[str]]] = {}
        self._at, self._row = "", list[str]()
        self._open = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "h2" and given.get("id"):
            self._at = str(given["id"]).removesuffix("-title")
        elif tag == "tr":
            self._row = []
        elif tag in ("td", "th"):
            self._open = True
            self._row.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._open = False
        elif tag == "tr":
            self.tables.setdefault(self._at, {})[self._row[0].split()[0]] = self._row[1:]

    def handle_data(self, data: str) -> None:
        if self._open:
            self._row[-1] += data


def test_in_and_out_balance(client: Client) -> None:
    tables = Tables(client.get("/gemeenten/GM0014?sector=po").text).tables
    assert tables["balance"]["W17"] == ["9", "+1", "0", "−3", "0", "7"]
    assert tables["balance"]["W12"][0] == "–"
    assert list(tables["balance"])[:2] == ["Week", "W17"]
    for row in list(tables["balance"].values())[1:]:
        before, *flows, after = (int(text.replace("−", "-").replace("–", "0")) for text in row)
        assert before + sum(flows) == after


def test_what_does_not_balance_is_told_apart(client: Client, served: Served) -> None:
    served.change(lambda source: source.put("unreached", "GM0014", "po", "2020-W17", 8))
    tables = Tables(client.get("/gemeenten/GM0014?sector=po").text).tables
    assert tables["balance"]["Week"][-2] == "Op open dagen"
    assert tables["balance"]["W17"] == ["9", "+1", "0", "−3", "0", "+1", "8"]


def test_the_other_measures_by_week(client: Client) -> None:
    tables = Tables(client.get("/gemeenten/GM0014?sector=po").text).tables
    assert tables["state"]["W17"] == ["7", "10", "0", "6"]
    assert tables["answers"]["W17"] == ["9", "12", "0", "8"]
    assert Tables(client.get("/gemeenten/GM0014?sector=vo").text).tables["work"]["W17"][1] == "2"


def test_what_may_not_be_summed_over_sectors_is_not(client: Client) -> None:
    tables = Tables(client.get("/gemeenten/GM0014").text).tables
    assert tables["state"]["W17"] == ["7", "–", "0", "–"]
    assert tables["work"]["W17"][1] == "2"


def test_every_place_has_a_page_and_nothing_else_has(client: Client) -> None:
    assert "<h1" in client.get("/gemeenten/unknown").text
    assert client.get("/gemeenten/GM1680").status_code == 200
    for none in ("GM9999", "p-1234567", "gm0014", "GM0014x"):
        answer = client.get(f"/gemeenten/{none}")
        assert answer.status_code == 404
        assert none not in answer.text


def test_the_table_links_to_it_in_the_sector_shown(client: Client) -> None:
    assert 'href="/gemeenten/GM0014?sector=po"' in client.get("/gemeenten?sector=po&sort=name&q=gron").text
    html = client.get("/gemeenten/GM0014?sector=po").text
    assert 'href="/gemeenten/GM0014?sector=vo"' in html
    assert re.search(r'<strong id="n-here"[^>]*>7</strong>', html)
