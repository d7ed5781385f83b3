"""The table as CSV: what the page shows for the same address, row by row."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import Browser, expect

from projections.public import PublicStore
from services.web.access import Role, Viewer
from tests.services.web.conftest import Serve
from tests.services.web.fake import FakeSource, nation
from tests.services.web.test_pages import Rows
from tests.services.web.test_sight import GRONINGEN, country, public

__all__ = ["country", "public"]


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def told(cell: str) -> str:
    """Read a cell of the page as the file writes it."""
    text = cell.partition("|")[0].replace(".", "").replace("\u2013", "-").replace("\u2212", "-").replace("+", "")
    return {"-": "", "?": "0"}.get(text, text)


@pytest.mark.parametrize("query", ["", "sector=po&sort=change&dir=asc", "area=VR01&q=gr", "sector=vo&min=20&sort=name"])
@pytest.mark.parametrize("viewer", [None, GRONINGEN], ids=["everything", "own"])
def test_the_file_holds_what_the_page_shows(
    serve: Serve, country: FakeSource, public: PublicStore, query: str, viewer: Viewer | None
) -> None:
    options = {} if viewer is None else {"viewer": viewer}
    with serve(country, public=public, **options).client() as client:
        answer = client.get(f"/gemeenten.csv?{query}")
        page = Rows(client.get(f"/gemeenten?{query}").text).shown
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert re.search(r'attachment; filename="kind-in-beeld-\w+-2020-04-22.csv"', answer.headers["content-disposition"])
    assert answer.headers["kib-as-of"] == "2020-04-22T12:05:09Z"
    rows = rows_of(answer.text)
    assert [row["code"] for row in rows] == [code for code in page if code != "total"]
    for row in rows:
        numbers = [text for name, text in row.items() if name not in ("code", "name") and " schools" not in name]
        assert numbers == [told(cell) for cell in page[row["code"]][1:]]
    if viewer is not None and not query:
        assert any("<5" in row.values() for row in rows)


def test_nothing_of_others_is_in_it(serve: Serve, country: FakeSource, public: PublicStore) -> None:
    public_viewer = Viewer(Role.PUBLIC, "", "", frozenset())
    with serve(country, public=public, viewer=public_viewer).client() as client:
        rows = rows_of(client.get("/gemeenten.csv?sector=po").text)
    assert {row["unreached_over_4_weeks"] + row["households"] + row["change"] for row in rows} == {""}
    assert not {str(number) for number in range(1, 5)} & {row["2020-W17"] for row in rows}


def test_without_a_closure_there_is_a_head(serve: Serve) -> None:
    with serve(FakeSource(closed=())).client() as client:
        assert client.get("/gemeenten.csv").text.startswith("code,name,")


@pytest.mark.browser
def test_the_link_takes_what_is_shown_now(serve: Serve, browser: Browser) -> None:
    served = serve(nation(FakeSource(), ("2020-W17",)))
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    page.goto(f"{served.url}/gemeenten?sector=po")
    expect(page.locator("#link")).to_have_text("Live")
    page.fill("#q", "gron")
    with page.expect_download() as waiting:
        page.click("#as-csv")
    assert {row["name"] for row in rows_of(waiting.value.path().read_text())} >= {"Groningen"}
    assert len(rows_of(waiting.value.path().read_text())) < 5
    context.close()
