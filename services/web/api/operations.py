"""The operations of the interface's description: what may be asked at which address, and with which answers."""

from __future__ import annotations

from typing import Any, Final

from events.rules import DATE_PATTERN, INSTANT_PATTERN, MUNICIPALITY_PATTERN, WEEK_PATTERN
from projections.tables import SECTORS, UNKNOWN
from services.api_rules.describing import VERSION, ref
from services.web.api.answering import TABLE_FILTERS
from services.web.api.asking import (
    FORMS,
    MOST_MUNICIPALITIES,
    MOST_NAME,
    MOST_PAGE,
    MOST_SIZE,
    MOST_UNREACHED,
    PAGE_SIZE,
)
from services.web.api.closer import AREA_FILTERS
from services.web.api.rates import RATE_FILTERS

__all__ = ["paths"]

_WEEK: Final = {"type": "string", "pattern": WEEK_PATTERN, "examples": ["2020-W14"]}
_PLACE: Final = {"type": "string", "pattern": f"^(?:{MUNICIPALITY_PATTERN[1:-1]}|{UNKNOWN})$"}
_ONE: Final = "one municipality"
_PARAMETERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "municipality": (
        "Only these municipalities; may be repeated. `unknown`: residence unknown.",
        {"type": "array", "minItems": 1, "maxItems": MOST_MUNICIPALITIES, "items": _PLACE},
    ),
    "area": (
        "Only the municipalities of an area: a province (`PV20` to `PV31`), a safety region (`VR01` to `VR25`), a"
        " municipality, `unknown`, or `NL`: everything.",
        {"type": "string", "pattern": f"^(?:NL|PV[0-9]{{2}}|VR[0-9]{{2}}|GM[0-9]{{4}}|{UNKNOWN})$"},
    ),
    "sector": ("Only this sector.", {"enum": list(SECTORS)}),
    _ONE: ("The municipality; `unknown`: residence unknown.", _PLACE),
    "week": ("Only this ISO week.", _WEEK),
    "fromWeek": ("Only this week and later ones.", _WEEK),
    "untilWeek": ("Only this week and earlier ones.", _WEEK),
    "asOf": (
        "As known at this moment, with its offset, by replay of the ledger; without it: as known now. Only for whoever"
        " sees exact figures, and only those are given then.",
        {"type": "string", "format": "date-time", "pattern": INSTANT_PATTERN},
    ),
    "minUnreached": (
        "Only rows with at least so many pupils not reached; of a range the lower bound decides.",
        {"type": "integer", "minimum": 0, "maximum": MOST_UNREACHED, "default": 0},
    ),
    "allRows": (
        "Rows of nothing but zeros too, for each municipality whose code is valid on a closed day of the week.",
        {"type": "boolean", "default": False},
    ),
    "day": (
        "Only municipalities whose code is valid on this day.",
        {"type": "string", "format": "date", "pattern": DATE_PATTERN},
    ),
    "q": (
        "Only municipalities with this in their name; capitals and accents make no difference.",
        {"type": "string", "minLength": 1, "maxLength": MOST_NAME, "pattern": r"\S", "examples": ["gron"]},
    ),
    "page": ("Which page.", {"type": "integer", "minimum": 1, "maximum": MOST_PAGE, "default": 1}),
    "pageSize": (
        "Items of a page at most.",
        {"type": "integer", "minimum": 1, "maximum": MOST_SIZE, "default": PAGE_SIZE},
    ),
    "format": ("The form of the answer; goes before `Accept`.", {"enum": list(FORMS)}),
}


def paths() -> dict[str, Any]:
    """Describe every address."""
    return {
        "/counts": _listing(
            *("listCounts", "Counts", "tables", "The count: who is not reached, and what changed"),
            *(*TABLE_FILTERS, "minUnreached", "allRows"),
        ),
        "/coverage": _listing(
            "listCoverage", "Coverage", "tables", "The coverage: which schools have answered", *TABLE_FILTERS
        ),
        "/rates": _listing(
            *("listRates", "Rates", "tables", "Registered pupils, and how many of every 1,000 are not reached"),
            *RATE_FILTERS,
        ),
        "/closer": _listing(
            *("listCloser", "Closer", "tables", "Of an area: households, since yesterday, and for how long"),
            *AREA_FILTERS,
        ),
        "/schools": _listing(
            "listSchools", "Schools", "tables", "One municipality, school by school: who has answered", _ONE, "sector"
        ),
        "/settling": _listing(
            "listSettling", "Settling", "tables", "One municipality: past weeks as they were known", _ONE, "sector"
        ),
        "/municipalities": _listing(
            "listMunicipalities",
            "Municipalities",
            "frame",
            "The register of municipalities since 2019",
            "day",
            "area",
            "q",
        ),
        "/weeks": _listing("listWeeks", "Weeks", "frame", "The weeks in which schools are or were closed"),
        "/closures": _listing("listClosures", "Closures", "frame", "The closures, as last announced"),
        "/status": _document("getStatus", "How far the count is", ref("Status"), "503"),
        "/openapi.json": _document("getDescription", "This document", {"type": "object"}),
    }


def _listing(id: str, schema: str, tag: str, summary: str, *filters: str) -> dict[str, Any]:
    header = {name: {"$ref": f"#/components/headers/{name}"} for name in ("ETag",)}
    told = {
        name: {"$ref": f"#/components/headers/{name}"}
        for name in ("Link", "Kib-As-Of", "Kib-Public-As-Of", "Kib-Position", "Kib-Total")
    }
    own = ("400", "403", "406", "503") if tag == "tables" else ("400", "406", "503")
    return {
        "get": {
            "operationId": id,
            "tags": [tag],
            "summary": summary,
            "parameters": [_parameter(name) for name in (*filters, "page", "pageSize", "format")],
            "responses": {
                "200": {
                    "description": "A page of it.",
                    "headers": VERSION | header | told,
                    "content": {FORMS["json"]: {"schema": ref(schema)}, FORMS["csv"]: {"schema": {"type": "string"}}},
                },
                "304": {"description": "As in `If-None-Match`.", "headers": VERSION | header},
                **_problems(*own),
            },
        }
    }


def _document(id: str, summary: str, schema: dict[str, Any], *own: str) -> dict[str, Any]:
    return {
        "get": {
            "operationId": id,
            "tags": ["service"],
            "summary": summary,
            "responses": {
                "200": {
                    "description": summary + ".",
                    "headers": VERSION,
                    "content": {FORMS["json"]: {"schema": schema}},
                },
                **_problems("400", *own),
            },
        }
    }


def _parameter(name: str) -> dict[str, Any]:
    description, schema = _PARAMETERS[name]
    repeated = {"style": "form", "explode": True} if schema.get("type") == "array" else {}
    if name == _ONE:
        return {"name": "municipality", "in": "query", "required": True, "description": description, "schema": schema}
    return {"name": name, "in": "query", "description": description, "schema": schema, **repeated}


def _problems(*own: str) -> dict[str, Any]:
    return {status: {"$ref": f"#/components/responses/{status}"} for status in sorted({*own, "500"})}
