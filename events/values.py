"""The values of the contract as types: each holds its rule, its words when broken, and its JSON Schema.

The checks run inside pydantic-core, except the eleven-test: only nine digits meet Python.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core import core_schema as cs
from stdnum.nl import bsn

from events import rules

__all__ = [
    "NINE_DIGITS",
    "NOT_NINE_DIGITS",
    "RULE_BROKEN",
    "Count",
    "Date",
    "EventId",
    "Instant",
    "Lender",
    "Municipality",
    "Name",
    "Pseudonym",
    "School",
    "Sector",
    "Source",
    "Text",
    "Week",
]

RULE_BROKEN: Final = "rule_broken"
"""The type of every validation error whose message is a rule in our own words."""
NOT_NINE_DIGITS: Final = "not-nine-digits"
NINE_DIGITS: Final = "nine-digits"


def _saying(rule: str, schema: CoreSchema) -> CoreSchema:
    return cs.custom_error_schema(schema, RULE_BROKEN, custom_error_message=rule)


@dataclass(frozen=True, eq=False)
class _Value:
    """A value whose rule is checked by `core` and published as `json`."""

    core: CoreSchema
    json: JsonSchemaValue

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return self.core

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(self.json)


def _text(
    rule: str, pattern: str | None = None, max_length: int | None = None, min_length: int | None = None
) -> _Value:
    core = _saying(rule, cs.str_schema(strict=True, pattern=pattern, min_length=min_length, max_length=max_length))
    limits = {"minLength": min_length, "maxLength": max_length, "pattern": pattern}
    return _Value(core, {"type": "string", "description": rule, **{k: v for k, v in limits.items() if v is not None}})


def _pseudonym(value: Any) -> str:
    """Check the rare pseudonym that is nine digits, and name the rule that any other broken one breaks."""
    if isinstance(value, str):
        if value.startswith(rules.ECK_ID_PREFIX):
            raise PydanticCustomError(RULE_BROKEN, rules.ECK_ID_RULE)
        if len(value) == 9 and value.isascii() and value.isdigit():
            # Nine zeros pass the eleven-test too: nobody's number, and nobody's pseudonym.
            if bsn.checksum(value) == 0:
                raise PydanticCustomError(RULE_BROKEN, rules.BSN_RULE)
            return value
    raise PydanticCustomError(RULE_BROKEN, rules.PSEUDONYM_RULE)


_PSEUDONYM = _Value(
    cs.union_schema(
        [
            (
                cs.str_schema(strict=True, min_length=8, max_length=64, pattern=rules.PSEUDONYM_NOT_NINE_DIGITS),
                NOT_NINE_DIGITS,
            ),
            (cs.no_info_plain_validator_function(_pseudonym), NINE_DIGITS),
        ],
        mode="left_to_right",
        serialization=cs.simple_ser_schema("str"),
    ),
    {
        "type": "string",
        "description": f"{rules.PSEUDONYM_RULE}; {rules.BSN_RULE}; {rules.ECK_ID_RULE}",
        "pattern": rules.PSEUDONYM_PATTERN,
    },
)
_INSTANT = _Value(
    cs.chain_schema(
        [
            _saying(rules.INSTANT_RULE, cs.str_schema(strict=True, pattern=rules.INSTANT_PATTERN)),
            _saying(rules.NO_SUCH_INSTANT, cs.datetime_schema(tz_constraint="aware")),
        ]
    ),
    {
        "type": "string",
        "description": rules.INSTANT_RULE,
        "format": "date-time",
        "pattern": rules.INSTANT_PATTERN,
    },
)
_DATE = _Value(
    cs.chain_schema(
        [
            _saying(rules.DATE_RULE, cs.str_schema(strict=True, pattern=rules.DATE_PATTERN)),
            _saying(rules.NO_SUCH_DATE, cs.date_schema()),
        ]
    ),
    {"type": "string", "description": rules.DATE_RULE, "format": "date", "pattern": rules.DATE_PATTERN},
)
_COUNT = _Value(
    _saying(rules.COUNT_RULE, cs.int_schema(strict=True, ge=0, le=rules.COUNT_BOUND)),
    {"type": "integer", "description": rules.COUNT_RULE, "minimum": 0, "maximum": rules.COUNT_BOUND},
)

Instant = Annotated[datetime, _INSTANT]
"""When something happened or was written: RFC 3339 with an offset, kept as it was written."""
Date = Annotated[date, _DATE]
"""A day of Europe/Amsterdam."""
Count = Annotated[int, _COUNT]
Pseudonym = Annotated[str, _PSEUDONYM]
"""Stands for a pupil or a household; says nothing by itself."""
EventId = Annotated[str, _text(rules.ID_RULE, pattern=rules.ID_PATTERN, max_length=rules.ID_LENGTH)]
Source = Annotated[str, _text(rules.SOURCE_RULE, pattern=rules.SOURCE_PATTERN, max_length=rules.SOURCE_LENGTH)]
School = Annotated[str, _text(rules.SCHOOL_RULE, pattern=rules.SCHOOL_PATTERN)]
Municipality = Annotated[str, _text(rules.MUNICIPALITY_RULE, pattern=rules.MUNICIPALITY_PATTERN)]
"""A municipality's code by Statistics Netherlands (CBS)."""
Week = Annotated[str, _text(rules.WEEK_RULE, pattern=rules.WEEK_PATTERN)]
"""An ISO week of Europe/Amsterdam."""
Text = Annotated[str, _text("must be text")]
Name = Annotated[str, _text("must be text of at least 1 character", min_length=1)]
Lender = Annotated[str, _text("must be text of at most 80 characters", max_length=80)]
Sector = Literal["po", "so", "vo", "mbo"]
"""Primary, special, secondary, vocational education."""
