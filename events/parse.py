"""From the bytes on the wire to an event, or to the first rule that they break."""

import json
from collections.abc import Callable
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from events.content import content_digest, event_key, read_json
from events.envelope import KINDS, TYPE_PREFIX, Event, ReportRetractedEvent
from events.errors import Rejected
from events.kinds import UNTIL_BEFORE_FROM
from events.rules import CLOCK_RULE, JSON_RULE, OBJECT_RULE, TWICE_RULE
from events.times import CLOCK_TOLERANCE, to_micros
from events.values import NINE_DIGITS, NOT_NINE_DIGITS, RULE_BROKEN

__all__ = ["content_digest", "ensure_recordable", "event_key", "parse_event"]

_ADAPTER: Final[TypeAdapter[Event]] = TypeAdapter(Event)
_validate: Final[Callable[[bytes], Event]] = _ADAPTER.validator.validate_json
_TYPE_RULE: Final = f"must be {TYPE_PREFIX}<kind>, the kind one of {', '.join(KINDS)}"


class _TwiceError(ValueError):
    pass


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(members)
    if len(named) != len(members):
        raise _TwiceError
    return named


def _ensure_named_once(raw: bytes, event: Event) -> None:
    """Raise `Rejected` when some object names a member twice: readers differ in which of the two they take.

    An object of n members holds n - 1 commas, lists and texts hold further ones. So where all commas together are no
    more than the members known by name need, nothing is named twice; only the others are read once more.
    """
    known, objects = len(event.__pydantic_fields_set__) + len(event.data.__pydantic_fields_set__), 2
    if type(event) is ReportRetractedEvent:
        known, objects = known + len(event.data.retracts.__pydantic_fields_set__), 3
    if raw.count(b",") == known - objects:
        return
    try:
        json.loads(raw, object_pairs_hook=_once)
    except _TwiceError:
        pass
    else:
        return
    raise Rejected("line", TWICE_RULE)


def _holds_unknown(event: Event) -> bool:
    """Tell whether anything is in the event whose values no rule bounds."""
    if event.__pydantic_extra__ or event.data.__pydantic_extra__ or event.subject is not None:
        return True
    return type(event) is ReportRetractedEvent and bool(event.data.retracts.__pydantic_extra__)


def parse_event(raw: bytes | str, *, live: bool = False) -> Event:
    """Read one event.

    Raises `Rejected` with the first rule that is broken: of JSON, of `type`, then of the attributes and members in the
    order of the contract's tables, at last that of the clock, for an event that brings its `recordedtime`. A `live`
    event's own `recordedtime` decides nothing, so it is not held against it: see `ensure_recordable`.
    """
    if isinstance(raw, str):
        raw = _encoded(raw)
    try:
        event = _validate(raw)
    except ValidationError as error:
        # Raised below, outside: the validation error holds the values and must not travel along as a context.
        broken = _first_broken(error)
    else:
        if _holds_unknown(event):
            read_json(raw)  # Only there can NaN or a number without bounds have come through.
        _ensure_named_once(raw, event)
        recorded = event.recordedtime
        if recorded is not None and event.data.occurred_at > recorded and not live:
            ensure_recordable(event, to_micros(recorded))
        return event
    raise broken


def ensure_recordable(event: Event, recorded: int) -> None:
    """Raise `Rejected` when the event says it happened over 5 minutes after it was recorded (micros)."""
    if to_micros(event.data.occurred_at) - recorded > CLOCK_TOLERANCE:
        raise Rejected("data.occurredAt", CLOCK_RULE)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        pass
    raise Rejected("line", JSON_RULE)


def _first_broken(error: ValidationError) -> Rejected:
    for problem in error.errors(include_url=False, include_input=False):
        kind, where = problem["type"], problem["loc"][1:]  # The first step says which kind of event was tried.
        if where and where[-1] == NOT_NINE_DIGITS:
            continue  # Both ways to be a pseudonym failed; the second knows why.
        if where and where[-1] == NINE_DIGITS:
            where = where[:-1]
        field = _path(where)
        if kind == RULE_BROKEN:
            return Rejected(field, problem["msg"])
        if kind == "missing":
            return Rejected(field, "is required")
        if kind == "literal_error":
            return Rejected(field, _one_of(problem["ctx"]["expected"]))
        if kind == "tuple_type":
            return Rejected(field, "must be a list")
        if kind == "too_short":
            return Rejected(field, "must not be empty")
        if kind == UNTIL_BEFORE_FROM:
            return Rejected(f"{field}.until", "must not be before from")
        if kind == "union_tag_not_found":
            return Rejected("type", "is required")
        if kind == "union_tag_invalid":
            return Rejected("type", _TYPE_RULE)
        if kind == "json_invalid":
            return Rejected("line", JSON_RULE)
        return Rejected(field, OBJECT_RULE if field == "line" else "must be an object")
    raise AssertionError("a validation error without an error") from None


def _path(where: tuple[int | str, ...]) -> str:
    path = ""
    for step in where:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path or "line"


def _one_of(expected: str) -> str:
    """Turn pydantic's list ("'po', 'so' or 'vo'") into ours."""
    values = expected.replace(" or ", ", ").replace("'", "")
    return f"must be one of {values}" if ", " in values else f"must be {values}"
