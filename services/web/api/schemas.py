"""The schemas of the interface's description: what is in an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from events.rules import MUNICIPALITY_PATTERN, WEEK_PATTERN
from projections.tables import COVERAGE_MEASURES, SECTORS, UNKNOWN
from services.api_rules.describing import INSTANT, TEXT_OR_NULL, ref
from services.web.api.answering import (
    CLOSURE_FIELDS,
    COUNT_FIELDS,
    COVERAGE_FIELDS,
    MUNICIPALITY_FIELDS,
    WEEK_FIELDS,
    camel,
)
from services.web.api.closer_schemas import closer_rows
from services.web.api.rates import RATE_FIELDS

__all__ = ["schemas"]

_COUNT: Final = {"type": "integer", "minimum": 0}
_HIDDEN: Final = {"type": ["integer", "null"], "minimum": 0}
_POSITION: Final = _HIDDEN | {
    "description": "The place in the ledger up to which events are in; null for who does not see every figure."
}
_CODE: Final = {"type": "string", "pattern": MUNICIPALITY_PATTERN}
_DAY: Final = {"type": "string", "format": "date"}
_DAY_OR_NULL: Final = {"type": ["string", "null"], "format": "date"}
_SECTOR: Final = {"enum": list(SECTORS)}
_SECTORS: Final = {"type": "array", "items": _SECTOR}
_WEEK: Final = {"type": "string", "pattern": WEEK_PATTERN}
_INSTANT_OR_NULL: Final = INSTANT | {"type": ["string", "null"]}
_KEY: Final = {
    "municipality": {"type": "string", "pattern": f"^(?:{MUNICIPALITY_PATTERN[1:-1]}|{UNKNOWN})$"},
    "sector": _SECTOR,
    "week": _WEEK,
}


def schemas() -> dict[str, Any]:
    """Give the schemas of what is answered."""
    numbers = dict.fromkeys(COUNT_FIELDS, _HIDDEN) | {"unreachedLow": _COUNT, "unreachedHigh": _COUNT}
    return {
        **_list(
            "Count",
            "Counts",
            "A row of the count. Where the number is known exactly, `unreached` and both bounds are the same; where it"
            " is shown as a range, `unreached` is null. Where only public figures are shown, every other number is"
            " null. The measures are those of the definition (docs/count.md).",
            COUNT_FIELDS,
            numbers | _KEY,
        ),
        **_list(
            "CoverageRow",
            "Coverage",
            "A row of the coverage: no answer is not a zero. Where only public figures are shown, how many answered in"
            " time and what they claim are null.",
            COVERAGE_FIELDS,
            _KEY
            | dict.fromkeys(map(camel, COVERAGE_MEASURES), _HIDDEN)
            | dict.fromkeys(("schoolsExpected", "schoolsReported"), _COUNT),
        ),
        **_list(
            "Rate",
            "Rates",
            "What the register knows of the pupils of a municipality and sector in a week, where a school is expected;"
            " only rows that you see exactly. `registeredPupils` is null unless each school expected states its pupils;"
            " `unreachedPer1000` then too, and where there are none. For an area add `unreached` and"
            " `registeredPupils` over rows in which the latter is above 0, and divide.",
            RATE_FIELDS,
            _KEY
            | dict.fromkeys(("schoolsExpected", "schoolsStatingPupils", "unreached"), _COUNT)
            | {
                "registeredPupils": _HIDDEN,
                "unreachedPer1000": {
                    "type": ["number", "null"],
                    "minimum": 0,
                    "description": "With three decimals, a half rounded upwards.",
                },
            },
        ),
        **_closer(),
        **_list(
            "Municipality",
            "Municipalities",
            "A municipality under one code; `validUntil` is its last day, null while it exists.",
            MUNICIPALITY_FIELDS,
            {
                "code": _CODE,
                "name": {"type": "string"},
                "validFrom": _DAY,
                "validUntil": _DAY_OR_NULL,
                "successors": {"type": "array", "items": _CODE},
                "province": {"type": ["string", "null"], "pattern": "^PV[0-9]{2}$"},
                "provinceName": {"type": "string"},
                "safetyRegion": {"type": "string", "pattern": "^VR[0-9]{2}$"},
                "safetyRegionName": {"type": "string"},
                "latitude": {"type": "number", "description": "Of a point inside, WGS 84."},
                "longitude": {"type": "number"},
            },
        ),
        **_list(
            "Week",
            "Weeks",
            "A week in which schools are or were closed somewhere; `running`: today lies in it.",
            WEEK_FIELDS,
            {
                "week": _WEEK,
                "firstDay": _DAY,
                "lastDay": _DAY,
                "closedSectors": _SECTORS,
                "running": {"type": "boolean"},
            },
        ),
        **_list(
            "Closure",
            "Closures",
            "A closure as its last announcement has it. Both days are closed; `until` null: not known yet;"
            " `municipalities` null: the whole country.",
            CLOSURE_FIELDS,
            {
                "closure": {"type": "string"},
                "sectors": _SECTORS,
                "from": _DAY,
                "until": _DAY_OR_NULL,
                "municipalities": {"type": ["array", "null"], "items": _CODE},
                "regime": TEXT_OR_NULL,
            },
        ),
        "Status": {
            "description": "How far the count is.",
            "type": "object",
            "required": [
                *("asOf", "position", "ledgerPosition", "eventsBehind", "secondsBehind", "current", "clock"),
                "lastAudit",
            ],
            "properties": {
                "asOf": INSTANT,
                "position": _POSITION,
                "ledgerPosition": _HIDDEN | {"description": "Null: the ledger cannot be reached, or you see not all."},
                "eventsBehind": _HIDDEN,
                "secondsBehind": {"type": ["number", "null"], "minimum": 0},
                "current": {"type": "boolean", "description": "Whether the tables could be read the last time."},
                "clock": {"enum": ["real", "simulated"]},
                "lastAudit": {
                    "description": "The last audit: whether live equalled replay, cell by cell. Null: there was none."
                    " `cells` and `differences` are null for who does not see every figure.",
                    "type": ["object", "null"],
                    "required": ["asOf", "equal", "cells", "differences"],
                    "properties": {
                        "asOf": INSTANT | {"description": "As of when both stood."},
                        "equal": {"type": "boolean"},
                        "cells": _HIDDEN | {"description": "How many were compared."},
                        "differences": _HIDDEN | {"description": "In how many of them the two disagreed."},
                    },
                    "additionalProperties": False,
                },
            },
            "additionalProperties": False,
        },
    }


def _closer() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for described in closer_rows(_SECTOR, _WEEK):
        found |= _list(*described)
    return found


def _list(name: str, names: str, description: str, fields: Sequence[str], members: dict[str, Any]) -> dict[str, Any]:
    """Describe an item and a page of such items."""
    link = {"type": "string", "format": "uri-reference"}
    page = {
        "asOf": INSTANT | {"description": "Since then the answer stands as it is, up to now; in UTC."},
        "publicAsOf": _INSTANT_OR_NULL | {"description": "When the public figures in it were taken."},
        "position": _POSITION,
        "page": {"type": "integer", "minimum": 1},
        "pageSize": {"type": "integer", "minimum": 1},
        "total": _COUNT | {"description": "Items on all pages together."},
        "items": {"type": "array", "items": ref(name)},
        "links": {
            "type": "object",
            "required": ["self", "first", "last"],
            "properties": dict.fromkeys(("self", "first", "prev", "next", "last"), link),
            "additionalProperties": False,
        },
    }
    item = {
        "description": description,
        "type": "object",
        "required": list(fields),
        "properties": {field: members[field] for field in fields},
        "additionalProperties": False,
    }
    whole = {"type": "object", "required": list(page), "properties": page, "additionalProperties": False}
    return {name: item, names: whole}
