"""The page about the open data: for everyone, with files that are there."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import Browser, expect

from services.web.open_data.definition import COLUMNS
from tests.services.web.access.conftest import OUTSIDE, Gate
from tests.services.web.access.test_browser import finds_nothing
from tests.services.web.aloud import told


def test_everyone_may_see_it_and_every_file_is_there(gate: Gate) -> None:
    served = gate(always=True)
    with served.client() as client:
        client.headers.update(OUTSIDE)
        foot = client.get("/uitleg").text
        assert 'href="/open-data"' in foot
        page = client.get("/open-data")
        assert page.status_code == 200
        assert "22 april 2020" in page.text
        assert "1 tot en met 4 leerlingen staat als &lt;5" in page.text
        assert all(f"<code>{name}</code>" in page.text for name in COLUMNS)
        links = set(re.findall(r'href="(/v1/open-data/[^"]+)"', page.text))
        assert len(links) == 4 + 5
        assert {link.partition("?")[2] for link in links} == {"date=2020-04-22", ""}
        for link in links:
            assert client.get(link).status_code == 200, link
        table = client.get("/v1/open-data/unreached.csv?date=2020-04-22").text
        assert {row["date"] for row in csv.DictReader(io.StringIO(table))} == {"2020-04-22"}
        english = client.get("/open-data?lang=en").text
        assert "Anything, without conditions and without asking" in english


def test_before_the_first_table_it_says_so(gate: Gate) -> None:
    served = gate(always=True)
    served.app.state.public = None
    with served.client() as client:
        assert "Er is nog geen tabel." in client.get("/open-data").text


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "scheme", "lang"), [(360, "dark", "nl"), (1280, "light", "en"), (2560, "dark", "en")]
)
def test_it_is_reached_and_used_in_a_browser(gate: Gate, browser: Browser, width: int, scheme: str, lang: str) -> None:
    served = gate()
    context = browser.new_context(
        viewport={"width": width, "height": 740},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto(f"{served.url}/?lang={lang}")
    page.locator("#open-data").click()
    expect(page.locator("h1")).to_have_text("Open data")
    finds_nothing(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tree = told(page)
    assert len(tree.all("table")) == 2
    assert all(each.name for each in [*tree.all("table"), *tree.all("link")])
    with page.expect_download() as download:
        page.locator("#days a").first.click()
    assert download.value.suggested_filename == "kind-in-beeld-unreached-2020-04-22.csv"
    context.close()
