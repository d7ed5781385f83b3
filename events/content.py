"""When two events are the same one, and when the same content: everything but `recordedtime`, compared as JSON values.

Values differ, not spellings: neither the order of members, nor white space, nor escapes, nor the way a number is
written (`1`, `1.0`, `1e0`) or a time of the contract (`time`, `data.occurredAt`) makes a difference.
Absent and null do differ.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Context, Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any, Final

import msgspec

from events.errors import Rejected
from events.rules import JSON_RULE, NUMBER_RULE, OBJECT_RULE

__all__ = ["DIGEST_SIZE", "content_digest", "event_key", "read_json"]

DIGEST_SIZE: Final = 16
_LARGEST_EXPONENT: Final = 400
_EXACT: Final = Context(prec=999_999_999, Emax=999_999_999, Emin=-999_999_999)


class _RangeError(ArithmeticError):  # a ValueError would be taken by msgspec for its own
    pass


def _number(literal: str) -> int | Decimal:
    """Read a number that has a fraction or an exponent so that equal numbers come out equal, with all their digits."""
    try:
        number = Decimal(literal)
    except InvalidOperation:
        raise _RangeError from None
    if abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise _RangeError
    whole = int(number)
    return whole if whole == number else number.normalize(_EXACT)


_decode: Final = msgspec.json.Decoder(float_hook=_number).decode
_encode: Final = msgspec.json.Encoder(order="deterministic", decimal_format="number").encode


def read_json(raw: bytes) -> Any:
    """Read JSON as RFC 8259 has it (no NaN, no lone surrogate), numbers exactly; raises `Rejected` on `line`."""
    try:
        return _decode(raw)
    except _RangeError:
        rule = NUMBER_RULE
    except (ValueError, RecursionError):
        rule = JSON_RULE
    raise Rejected("line", rule)


def _in_utc(text: Any) -> Any:
    """Give a time of the contract as a datetime in UTC, which is written one way; anything else as it is."""
    if type(text) is not str or (len(text) == 20 and text[10] == "T" and text[19] == "Z"):
        return text
    try:
        instant = datetime.fromisoformat(text.upper())
        return text if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return text


def content_digest(raw: bytes) -> bytes:
    """Give 16 bytes that are equal for two events exactly when their content is the same.

    Meant for what `parse_event` took; of any other JSON object it digests the values as they are.
    Raises `Rejected` for what is not a JSON object.
    """
    content = read_json(raw)
    if type(content) is not dict:
        raise Rejected("line", OBJECT_RULE)
    return _digest_of(content)


def _digest_of(content: dict[str, Any]) -> bytes:
    """Give the digest of an event's members as `read_json` reads them; they are changed on the way."""
    content.pop("recordedtime", None)
    if "time" in content:
        content["time"] = _in_utc(content["time"])
    data = content.get("data")
    if type(data) is dict and "occurredAt" in data:
        data["occurredAt"] = _in_utc(data["occurredAt"])
    return blake2b(_encode(content), digest_size=DIGEST_SIZE).digest()


def event_key(source: str, id: str) -> bytes:
    """Give 16 bytes that stand for an event: equal exactly when `source` and `id` are (neither can hold a newline)."""
    return blake2b(f"{source}\n{id}".encode(), digest_size=DIGEST_SIZE).digest()


def event_keys(sources: Iterable[str], ids: Iterable[str]) -> list[bytes]:
    """Give the ``event_key`` of each."""
    pairs = zip(sources, ids, strict=True)
    return [blake2b(f"{source}\n{id}".encode(), digest_size=DIGEST_SIZE).digest() for source, id in pairs]
