"""The metadata of the open data, validated by SHACL against what DCAT-AP and DCAT-AP-NL want at least."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import orjson
import pyshacl
import pytest
from rdflib import RDF, SKOS, Graph, Literal, Namespace, URIRef

from services.web.open_data.catalogue import catalogue

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:rdflib")

SHAPES = Path(__file__).with_name("dcat.ttl")
BASE = "https://kind.example.nl/v1/open-data"
DAYS = [date(2020, 3, 17), date(2020, 3, 18)]
DCAT, DCT = Namespace("http://www.w3.org/ns/dcat#"), Namespace("http://purl.org/dc/terms/")
FOAF, VCARD = Namespace("http://xmlns.com/foaf/0.1/"), Namespace("http://www.w3.org/2006/vcard/ns#")


def graph(
    days: list[date] = DAYS, publisher: str | None = "Ministerie", contact: str | None = "data@example.nl"
) -> Graph:
    found = Graph()
    found.parse(data=orjson.dumps(catalogue(BASE, days, publisher, contact, False)), format="json-ld")
    return found


def complaints(data: Graph) -> str:
    conforms, _, text = pyshacl.validate(data, shacl_graph=str(SHAPES), shacl_graph_format="turtle")
    return "" if conforms else str(text)


@pytest.mark.parametrize("days", [[], DAYS])
def test_the_metadata_are_valid(days: list[date]) -> None:
    data = graph(days)
    assert complaints(data) == ""
    assert len(set(data.subjects(predicate=DCAT.accessURL))) == 4


@pytest.mark.parametrize(
    "missing",
    [
        *(DCT.title, DCT.description, DCT.publisher, DCT.creator, DCT.identifier, DCT.license, DCT.accessRights),
        *(DCAT.contactPoint, DCAT.theme, DCAT.distribution, DCAT.accessURL, DCAT.dataset, FOAF.name),
        *(VCARD.fn, VCARD.hasEmail),
        # Not mandatory, but recommended, or the classes and names without which lists would have to be at hand.
        *(DCT.language, DCT.conformsTo, DCAT.keyword, DCAT.landingPage, DCAT.downloadURL, FOAF.page, SKOS.prefLabel),
        RDF.type,
    ],
)
def test_without_any_of_what_is_wanted_they_are_not(missing: URIRef) -> None:
    data = graph()
    assert (None, missing, None) in data
    data.remove((None, missing, None if missing != RDF.type else DCT.LicenseDocument))
    assert complaints(data)


@pytest.mark.parametrize(
    ("subject", "twice", "value"),
    [
        (f"{BASE}#unreached", DCAT.contactPoint, URIRef(f"{BASE}#another")),
        (f"{BASE}#unreached", DCT.identifier, Literal("another")),
        (f"{BASE}#unreached-csv", DCAT.accessURL, URIRef(f"{BASE}/another.csv")),
        (f"{BASE}#unreached-csv", DCT.license, URIRef("https://example.nl/terms")),
    ],
)
def test_with_more_than_there_may_be_they_are_not(subject: str, twice: URIRef, value: URIRef | Literal) -> None:
    data = graph()
    data.add((URIRef(subject), twice, value))
    assert "maxcount" in complaints(data).lower()


def test_the_publisher_is_who_the_register_says() -> None:
    found = Graph()
    who = "https://identifier.overheid.nl/tooi/id/ministerie/mnre1109"
    described = catalogue(BASE, DAYS, "Ministerie", "data@example.nl", False, who)
    found.parse(data=orjson.dumps(described), format="json-ld")
    assert complaints(found) == ""
    assert set(found.objects(predicate=DCT.publisher)) == {URIRef(who)}


def test_without_a_publisher_only_what_that_setting_gives_is_missing() -> None:
    data = graph(publisher=None)
    text = complaints(data)
    assert "dct:publisher" in text
    assert "dct:creator" in text
    assert "vcard:fn" not in text


def test_people_are_led_to_the_page() -> None:
    assert set(graph().objects(predicate=DCAT.landingPage)) == {URIRef("https://kind.example.nl/open-data")}
