"""What the rows of the closer look are, for the interface's description."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from services.api_rules.describing import INSTANT
from services.web.api.closer import AREA_FIELDS, SCHOOL_FIELDS, SETTLING_FIELDS
from services.web.frame import ALL

__all__ = ["Described", "closer_rows"]

_COUNT: Final = {"type": "integer", "minimum": 0}
_COUNT_OR_NULL: Final = {"type": ["integer", "null"], "minimum": 0}
_INSTANT_OR_NULL: Final = INSTANT | {"type": ["string", "null"]}


class Described(NamedTuple):
    """A kind of row: the names of one and of a page of them, what it is, its members in order, and their schemas."""

    name: str
    names: str
    description: str
    fields: tuple[str, ...]
    members: dict[str, Any]


def closer_rows(sector: dict[str, Any], week: dict[str, Any]) -> Iterator[Described]:
    """Describe the rows; `sector` and `week` are the schemas of these."""
    key = {"sector": {"enum": [ALL, *sector["enum"]]}, "week": week}
    yield Described(
        "CloserRow",
        "Closer",
        "An area in its last week, all sectors together (`all`) and each by itself. Households and `unreachedDuring`"
        " count each once, however many rows of the count it is in. Null: nothing to tell.",
        AREA_FIELDS,
        key
        | dict.fromkeys(AREA_FIELDS[2:], _COUNT_OR_NULL)
        | {
            "changeSinceYesterday": {"type": ["integer", "null"]},
            "unreachedDuring": _COUNT_OR_NULL
            | {"description": "Of one municipality, all sectors together; of a sector the count has it."},
        },
    )
    yield Described(
        "School",
        "Schools",
        "A school that is expected to answer for the last week of its sector. Of a silent one: since which week, and"
        " for how many closed weeks in a row.",
        SCHOOL_FIELDS,
        {
            "school": {"type": "string", "description": "Its code in the register."},
            "sector": sector,
            "week": week,
            "reported": {"type": "boolean"},
            "onTime": {"type": "boolean"},
            "claimedUnreached": _COUNT_OR_NULL,
            "firstRecorded": _INSTANT_OR_NULL,
            "lastRecorded": _INSTANT_OR_NULL,
            "silentSince": week | {"type": ["string", "null"]},
            "silentWeeks": _COUNT,
        },
    )
    yield Described(
        "SettlingWeek",
        "Settling",
        "How many were not reached in a week that is over, as it was known at its end, one to four weeks later, and"
        " now. Null: that time has not come, or by what was known then no school was closed.",
        SETTLING_FIELDS,
        key | dict.fromkeys(SETTLING_FIELDS[2:], _COUNT_OR_NULL),
    )
