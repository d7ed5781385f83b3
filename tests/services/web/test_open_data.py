"""The open data over HTTP: what is there, how it is kept and compressed, who may read it, how it is described."""

from __future__ import annotations

import asyncio
import csv
import gzip
import io
import sqlite3
from datetime import date
from functools import partialmethod
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from projections.public import PublicStore
from services.web.app import create_app
from services.web.open_data import create_routes
from tests.projections.evaluation.oracle import midnight
from tests.projections.public.test_snapshot import closed, lost, made
from tests.services.web.fake import FakeSource

HERE = "/v1/open-data"
NINE = midnight(date(2020, 3, 16)) + 9 * 3_600_000_000
ELSEWHERE = {"Origin": "https://elsewhere.example"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> PublicStore:
    store = PublicStore(tmp_path_factory.mktemp("public") / "public.sqlite")
    places = ["GM0014"] * 6 + ["GM0003"] * 2 + ["GM0363"]
    said = [closed(date(2020, 3, 16)), *(lost(n, place, NINE + n) for n, place in enumerate(places))]
    assert store.publish(made(said[:-2], midnight(date(2020, 3, 17))))
    assert store.publish(made(said, midnight(date(2020, 3, 18))))
    return store


class Client:
    """Asks an application as over HTTP."""

    def __init__(self, app: Starlette) -> None:
        self._transport = httpx.ASGITransport(app)

    def request(self, method: str, address: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://testserver") as client:
                return await client.request(method, address, **more)

        return asyncio.run(ask())

    get = partialmethod(request, "GET")
    head = partialmethod(request, "HEAD")
    post = partialmethod(request, "POST")
    options = partialmethod(request, "OPTIONS")


def whole_app(store: PublicStore, **told: Any) -> Starlette:
    """The pages' application, with the open data in it."""
    source = FakeSource()
    return create_app(
        source,
        source.clock,
        source.lag,
        False,
        asyncio.Event(),
        hosts=["testserver"],
        open_data=create_routes(store, **told),
    )


@pytest.fixture(scope="module")
def client(store: PublicStore) -> Client:
    return Client(whole_app(store, publisher="Ministerie", contact="data@example.nl"))


def rows_of(answer: httpx.Response) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.text)))


def test_the_newest_table_and_that_of_a_day(client: Client) -> None:
    assert client.get(f"{HERE}/dates.json").json() == {"dates": ["2020-03-17", "2020-03-18"]}
    newest = client.get(f"{HERE}/unreached.csv")
    assert newest.headers["content-type"].startswith("text/csv")
    shown = {row["municipality"]: row for row in rows_of(newest)}
    assert {row["date"] for row in shown.values()} == {"2020-03-18"}
    assert shown["GM0014"]["unreached"] == "6"
    assert shown["GM0003"]["unreached"] == "<5"
    assert (shown["GM0003"]["unreached_low"], shown["GM0003"]["unreached_high"]) == ("1", "4")
    assert shown["GM0344"] == shown["GM0344"] | {
        "unreached": "0",
        "name": "Utrecht",
        "sector": "po",
        "week": "2020-W12",
    }
    before = client.get(f"{HERE}/unreached.csv", params={"date": "2020-03-17"})
    assert {row["municipality"]: row["unreached"] for row in rows_of(before)}["GM0363"] == "0"
    both = client.get(f"{HERE}/unreached.json").json()
    assert both["date"] == "2020-03-18"
    assert [row["unreached"] for row in both["rows"]] == [row["unreached"] for row in rows_of(newest)]
    assert "<5" in both["rule"]["nl"]
    areas = {(row["area"], row["sector"]): row for row in rows_of(client.get(f"{HERE}/areas.csv"))}
    assert areas["NL", "all"]["unreached"] == "8-14"
    assert areas["PV20", "po"] == areas["PV20", "po"] | {"name": "Groningen", "unreached": "7-10"}
    assert client.get(f"{HERE}/areas.json").json()["rows"][0]["area"] == "NL"


def test_every_column_is_explained(client: Client) -> None:
    explained = client.get(f"{HERE}/columns.json").json()["tables"]
    for kind in ("unreached", "areas"):
        header = client.get(f"{HERE}/{kind}.csv").text.splitlines()[0].split(",")
        assert list(explained[kind]) == header
        assert all(meaning["nl"] and meaning["en"] and meaning["type"] for meaning in explained[kind].values())
        row = client.get(f"{HERE}/{kind}.json").json()["rows"][0]
        assert ["date", *row] == header


def test_it_is_kept_by_whoever_has_it(client: Client) -> None:
    answer = client.get(f"{HERE}/unreached.csv", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "max-age" in answer.headers["cache-control"]
    plain = client.get(f"{HERE}/unreached.csv", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content  # the client has unpacked it
    assert len(gzip.compress(plain.content)) < len(plain.content)
    tag = answer.headers["etag"]
    for known in (tag, f'"x", {tag}', "*"):
        again = client.get(f"{HERE}/unreached.csv", headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(f"{HERE}/unreached.csv", params={"date": "2020-03-17"}).headers["etag"] != tag
    assert client.get(f"{HERE}/unreached.csv", params={"date": "2020-03-18"}).headers["etag"] == tag
    assert client.head(f"{HERE}/unreached.csv").status_code == 200


def test_every_site_may_read_it_and_nothing_else(client: Client) -> None:
    for name in ("", "/unreached.csv", "/areas.json", "/dates.json", "/catalog.jsonld"):
        assert client.get(HERE + name, headers=ELSEWHERE).headers["access-control-allow-origin"] == "*"
    asked = ELSEWHERE | {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}
    assert client.options(f"{HERE}/unreached.csv", headers=asked).status_code == 200
    for address in ("/", "/health", "/gemeenten", "/live"):
        if address != "/live":
            assert "access-control-allow-origin" not in client.get(address, headers=ELSEWHERE).headers
        assert "access-control-allow-origin" not in client.options(address, headers=asked).headers
    assert client.post(f"{HERE}/unreached.csv").status_code == 405


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/unreached.csv?date=2020-03-19", 404),
        ("/unreached.csv?date=20200318", 400),
        ("/unreached.csv?date=gisteren", 400),
        ("/unreached.csv?date=2020-03-18&date=2020-03-17", 400),
        ("/unreached.csv?municipality=GM0014", 400),
        ("/dates.json?x=1", 400),
        ("/elsewhere", 404),
        ("/unreached", 404),
    ],
)
def test_what_is_not_there_is_said_as_a_problem(client: Client, address: str, status: int) -> None:
    answer = client.get(HERE + address)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert "gisteren" not in answer.text


def test_before_anything_was_published(tmp_path: Path) -> None:
    nothing = Client(whole_app(PublicStore(tmp_path / "public.sqlite")))
    assert nothing.get(f"{HERE}/dates.json").json() == {"dates": []}
    assert nothing.get(f"{HERE}/unreached.csv").status_code == 404
    assert nothing.get(f"{HERE}/catalog.jsonld").status_code == 200
    assert not (tmp_path / "public.sqlite").exists()
    with sqlite3.connect(tmp_path / "public.sqlite") as database:
        database.execute("CREATE TABLE other (x)")
    assert nothing.get(f"{HERE}/dates.json").json() == {"dates": []}


def test_it_is_described_for_catalogues(client: Client) -> None:
    """With what DCAT-AP-NL 3.0 wants of a catalogue, its datasets and their distributions."""
    answer = client.get(f"{HERE}/catalog.jsonld")
    assert answer.headers["content-type"] == "application/ld+json"
    described = answer.json()
    assert described["@type"] == "dcat:Catalog"
    wanted = {"dct:title", "dct:description", "dct:publisher", "dcat:contactPoint", "dcat:dataset"}
    assert wanted <= described.keys()
    for dataset in described["dcat:dataset"]:
        wanted = {"dct:title", "dct:description", "dct:identifier", "dct:publisher", "dct:creator"}
        wanted |= {"dct:accessRights", "dcat:contactPoint", "dcat:theme", "dcat:distribution"}
        assert wanted <= dataset.keys()
        assert dataset["dct:modified"]["@value"] == "2020-03-18"
        for distribution in dataset["dcat:distribution"]:
            assert {"dcat:accessURL", "dct:license", "dct:format"} <= distribution.keys()
            address = distribution["dcat:downloadURL"]["@id"]
            assert client.get(address.removeprefix("http://testserver")).status_code == 200
    assert all(key.startswith("@") or key.split(":")[0] in described["@context"] for key in described)
    for address in [*(index := client.get(HERE).json())["files"], *index["about"]]:
        assert client.get(address.removeprefix("http://testserver")).status_code == 200


def test_a_simulated_table_says_so(store: PublicStore) -> None:
    simulated = Client(whole_app(store, simulated=True))
    assert simulated.get(f"{HERE}/unreached.json").json()["simulated"] is True
    assert "gesimuleerd" in simulated.get(f"{HERE}/catalog.jsonld").json()["dct:title"][0]["@value"]
