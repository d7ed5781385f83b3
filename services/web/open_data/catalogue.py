"""The open data described for catalogues of data: DCAT-AP-NL 3.0 as JSON-LD."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from services.web.open_data.definition import DESCRIPTION, PAGE, PATH, TITLE
from services.web.open_data.files import CSV, JSON, KINDS

__all__ = ["catalogue"]

_AUTHORITY: Final = "http://publications.europa.eu/resource/authority"
_IANA: Final = "https://www.iana.org/assignments/media-types"
_LICENCE: Final = "http://creativecommons.org/publicdomain/zero/1.0/"

_CONTEXT: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_NAME: Final = "Kind in beeld"
_CATALOGUE: Final = {"nl": "Open data van Kind in beeld", "en": "Open data of Kind in beeld"}
_AREAS: Final = {
    "nl": ", opgeteld per land, provincie, veiligheidsregio en gemeente",
    "en": ", added up by country, province, safety region and municipality",
}
_SIMULATED: Final = {"nl": " (gesimuleerd: niemand hierin bestaat)", "en": " (simulated: nobody in it exists)"}


_THEME: Final = {"nl": "Onderwijs, cultuur en sport", "en": "Education, culture and sport"}
_KEYWORDS: Final = {
    "nl": ("onderwijs", "leerlingen", "schoolsluiting", "niet bereikt", "gemeenten"),
    "en": ("education", "pupils", "school closure", "not reached", "municipalities"),
}


def catalogue(
    base: str,
    days: list[date],
    publisher: str | None,
    contact: str | None,
    simulated: bool,
    publisher_id: str | None = None,
) -> dict[str, Any]:
    """Describe the data that is found under the address `base`.

    `publisher` is the name of who publishes it, `contact` an address of mail; a catalogue of data wants both.
    `publisher_id` is the publisher's own identifier, in a register of organisations of the government.
    """
    responsible: dict[str, Any] = {}
    if publisher is not None:
        agent = {"@id": publisher_id or f"{base}#publisher", "@type": "foaf:Agent", "foaf:name": publisher}
        responsible |= {"dct:publisher": agent, "dct:creator": agent}
    if contact is not None:
        reach = {"@type": "vcard:Kind", "vcard:hasEmail": {"@id": f"mailto:{contact}"}}
        responsible["dcat:contactPoint"] = reach | {"vcard:fn": publisher or _NAME}
    datasets = [_dataset(base, kind, days, simulated) | responsible for kind in KINDS]
    return {
        "@context": _CONTEXT,
        "@id": f"{base}/catalog.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": _texts(_CATALOGUE, _SIMULATED if simulated else {}),
        "dct:description": _texts(DESCRIPTION),
        "dct:language": _languages(),
        "dct:license": _licence(),
        "foaf:homepage": _document(_page(base)),
        **responsible,
        "dcat:dataset": datasets,
    }


def _dataset(base: str, kind: str, days: list[date], simulated: bool) -> dict[str, Any]:
    described: dict[str, Any] = {
        "@id": f"{base}#{kind}",
        "@type": "dcat:Dataset",
        "dct:identifier": f"{base}#{kind}",
        "dct:title": _texts(TITLE, _AREAS if kind == "areas" else {}, _SIMULATED if simulated else {}),
        "dct:description": _texts(DESCRIPTION),
        "dcat:keyword": [
            {"@language": language, "@value": word} for language, words in _KEYWORDS.items() for word in words
        ],
        "dct:accessRights": _listed("access-right/PUBLIC", "dct:RightsStatement"),
        "dcat:theme": _listed("data-theme/EDUC", "skos:Concept") | {"skos:prefLabel": _texts(_THEME)},
        "dct:spatial": _listed("country/NLD", "dct:Location"),
        "dct:accrualPeriodicity": _listed("frequency/DAILY", "dct:Frequency"),
        "dct:language": _languages(),
        "dct:conformsTo": _schema(base),
        "dcat:landingPage": _document(_page(base)),
        "foaf:page": _document(base.removesuffix(PATH) + "/uitleg#public"),
        "dcat:distribution": [
            _distribution(base, kind, "csv", CSV.partition(";")[0]),
            _distribution(base, kind, "json", JSON),
        ],
    }
    if days:
        described["dct:issued"] = _day(days[0])
        described["dct:modified"] = _day(days[-1])
    return described


def _distribution(base: str, kind: str, form: str, media_type: str) -> dict[str, Any]:
    address = {"@id": f"{base}/{kind}.{form}"}
    return {
        "@id": f"{base}#{kind}-{form}",
        "@type": "dcat:Distribution",
        "dct:title": f"{kind}.{form}",
        "dcat:accessURL": address,
        "dcat:downloadURL": address,
        "dcat:mediaType": {"@id": f"{_IANA}/{media_type}", "@type": "dct:MediaType"},
        "dct:format": _listed(f"file-type/{form.upper()}", "dct:MediaTypeOrExtent"),
        "dct:language": _languages(),
        "dct:conformsTo": _schema(base),
        "dct:license": _licence(),
    }


def _listed(name: str, kind: str) -> dict[str, Any]:
    """Give a value of the EU's authority lists, with its class: whoever validates may not have the lists at hand."""
    return {"@id": f"{_AUTHORITY}/{name}", "@type": kind}


def _licence() -> dict[str, Any]:
    return {"@id": _LICENCE, "@type": "dct:LicenseDocument"}


def _document(address: str) -> dict[str, Any]:
    return {"@id": address, "@type": "foaf:Document"}


def _schema(base: str) -> dict[str, Any]:
    """Give what the columns of the tables mean."""
    return {"@id": f"{base}/columns.json", "@type": "dct:Standard"}


def _page(base: str) -> str:
    """Give the address of the page for people."""
    return base.removesuffix(PATH) + PAGE


def _texts(*parts: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"@language": language, "@value": "".join(part.get(language, "") for part in parts)}
        for language in ("nl", "en")
    ]


def _languages() -> list[dict[str, Any]]:
    return [_listed(f"language/{language}", "dct:LinguisticSystem") for language in ("NLD", "ENG")]


def _day(day: date) -> dict[str, str]:
    return {"@type": "xsd:date", "@value": day.isoformat()}
