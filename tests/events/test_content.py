"""Same content, same digest: whatever the order of members, white space, escapes, spelling of numbers and of times."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import KINDS, Rejected, content_digest, event_key, parse_event
from tests.events.samples import ABSENT, WIRE_EVENTS, raw, sample, with_value

NUMBERS = st.one_of(
    st.integers(-(10**25), 10**25),
    st.decimals(-(10**6), 10**6, allow_nan=False, allow_infinity=False),
    st.builds(lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(-99, 99), st.integers(-300, 300)),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC))
Draw = Callable[[st.SearchStrategy[Any]], Any]


def _spell_number(draw: Draw, number: int | Decimal) -> str:
    sign, digits, exponent = Decimal(number).as_tuple()
    assert isinstance(exponent, int)
    zeros = draw(st.integers(0, 3))
    mantissa = "".join(map(str, digits)) + "0" * zeros
    shift = draw(st.integers(0, len(mantissa) - 1))
    exponent += shift - zeros
    whole, fraction = mantissa[: len(mantissa) - shift], mantissa[len(mantissa) - shift :]
    text = ("-" if sign else "") + (whole.lstrip("0") or "0") + ("." + fraction if fraction else "")
    if exponent or draw(st.booleans()):
        text += (
            draw(st.sampled_from(["e", "E"]))
            + draw(st.sampled_from(["", "+"] if exponent >= 0 else [""]))
            + f"{exponent}"
        )
    return text


def _spell_text(draw: Draw, text: str) -> str:
    return json.dumps(text, ensure_ascii=draw(st.booleans()))


def _spell_instant(draw: Draw, instant: datetime) -> str:
    zone = timezone(timedelta(minutes=draw(st.integers(-1439, 1439))))
    text = instant.astimezone(zone).isoformat()
    if instant.microsecond and draw(st.booleans()):
        start, rest = text[:19], text[19:]
        text = start + rest[:7].rstrip("0") + rest[7:]
    elif not instant.microsecond and draw(st.booleans()):
        text = text[:19] + "." + "0" * draw(st.integers(1, 6)) + text[19:]
    if text.endswith("+00:00"):
        text = text.removesuffix("+00:00") + draw(st.sampled_from(["Z", "z", "-00:00", "+00:00"]))
    return f'"{text.replace("T", draw(st.sampled_from("Tt")))}"'


def _spell(draw: Draw, value: Any) -> str:
    """Write a JSON value in one of the many ways to write it."""
    if isinstance(value, datetime):
        return _spell_instant(draw, value)
    if isinstance(value, str):
        return _spell_text(draw, value)
    if isinstance(value, (bool, type(None))):
        return json.dumps(value)
    if isinstance(value, (int, Decimal)):
        return _spell_number(draw, value)
    gap = draw(st.sampled_from(["", " ", "\t "]))
    if isinstance(value, list):
        return f"[{gap}{f'{gap},'.join(_spell(draw, item) for item in value)}]"
    members = draw(st.permutations(list(value.items())))
    return "{" + f",{gap}".join(f"{_spell_text(draw, k)}{gap}:{gap}{_spell(draw, v)}" for k, v in members) + "}"


@st.composite
def contents(draw: Draw) -> dict[str, Any]:
    """Draw an event as values: known times as datetimes, and unknown members of any form."""
    # The one kind that requires a number is left out: a count is written in digits alone.
    kind = draw(st.sampled_from([kind for kind in KINDS if kind != "week-reported"]))
    event: dict[str, Any] = sample(kind, "only what is required")
    event["data"]["occurredAt"] = draw(INSTANTS)
    if draw(st.booleans()):
        event["time"] = draw(INSTANTS)
    event["data"] = draw(st.dictionaries(TEXTS, JSON, max_size=2)) | event["data"]
    return draw(st.dictionaries(TEXTS, JSON, max_size=2)) | event  # type: ignore[no-any-return]


@given(st.data(), contents())
def test_every_way_to_write_an_event_has_one_digest(data: st.DataObject, content: dict[str, Any]) -> None:
    one, other = (_spell(data.draw, content).encode() for _ in range(2))
    assert parse_event(one).id == parse_event(other).id
    assert content_digest(one) == content_digest(other)


def _plain(value: Any) -> Any:
    """Give a value that is equal to another's exactly when the JSON values are (in Python, 1 == True and 1 == 1.0)."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return ("number", Decimal(value))
    return (type(value).__name__, value)


@given(st.data(), JSON, JSON)
def test_digests_are_equal_exactly_when_the_values_are(data: st.DataObject, one: Any, other: Any) -> None:
    event = sample("contact-lost", "only what is required")
    digests = [
        content_digest(_spell(data.draw, with_value(event, "data.unknown", value)).encode()) for value in (one, other)
    ]
    assert (digests[0] == digests[1]) == (_plain(one) == _plain(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1.0"),
        ("1", "1e0"),
        ("100", "1E2"),
        ("0", "-0.0"),
        ("0.1", "1e-1"),
        ("18446744073709551616", "1.8446744073709551616e19"),
        ("0.1000000000000000055511151231257827", "1000000000000000055511151231257827e-34"),
        ('"\\u00e9"', '"é"'),
    ],
)
def test_spellings_of_one_value_are_the_same_content(one: str, other: str) -> None:
    line = '{"data": {"unknown": [HERE]}}'
    assert content_digest(line.replace("HERE", one).encode()) == content_digest(line.replace("HERE", other).encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", '"1"'),
        ("1", "true"),
        ("0", "false"),
        ("0", "null"),
        ("[]", "{}"),
        ("[1, 2]", "[2, 1]"),
        ("18446744073709551616", "18446744073709551617"),
        ("9007199254740993", "9007199254740992.0"),
        ("0.1", "0.1000000000000000055511151231257827"),
        ("1e-400", "0"),
        ('"é"', '"e\\u0301"'),
        ('"2020-03-18T09:15:00Z"', '"2020-03-18T10:15:00+01:00"'),
    ],
)
def test_other_values_are_other_content(one: str, other: str) -> None:
    line = '{"data": {"unknown": [HERE]}}'
    assert content_digest(line.replace("HERE", one).encode()) != content_digest(line.replace("HERE", other).encode())


@pytest.mark.parametrize("event", WIRE_EVENTS.values(), ids=WIRE_EVENTS)
def test_only_the_recorded_time_makes_no_difference(event: dict[str, Any]) -> None:
    digest = content_digest(raw(event))
    assert content_digest(raw(event | {"recordedtime": "2024-01-01T00:00:00Z"})) == digest
    assert content_digest(raw({name: item for name, item in event.items() if name != "recordedtime"})) == digest
    for path in [*event, *(f"data.{name}" for name in event["data"])]:
        if path == "recordedtime":
            continue
        assert content_digest(raw(with_value(event, path, "another"))) != digest
        assert content_digest(raw(with_value(event, path, ABSENT))) != digest


def test_absent_and_null_are_other_content() -> None:
    event = sample("contact-lost", "only what is required")
    assert content_digest(raw(event)) != content_digest(raw(with_value(event, "data.municipality", None)))
    assert content_digest(raw(event)) != content_digest(raw(with_value(event, "time", None)))


def test_a_microsecond_is_a_difference() -> None:
    event = sample("contact-lost")
    one = with_value(event, "data.occurredAt", "2199-12-31T23:59:59.999998Z")
    other = with_value(event, "data.occurredAt", "2199-12-31T23:59:59.999999Z")
    assert content_digest(raw(one)) != content_digest(raw(other))


def test_a_digest_does_not_change_between_releases() -> None:
    """Digests are kept in databases: another algorithm would take every copy for a conflict."""
    event = sample("contact-lost", "unknown members")
    assert content_digest(raw(event)).hex() == "0b4426b5aea8d08eb26e31648987ede0"
    assert event_key(event["source"], event["id"]).hex() == "f0b08eecc6b8d4dbe9b8ce6c1d511556"


@pytest.mark.parametrize("line", [b"", b"[]", b"{", b'{"a": NaN}', b'{"a": "\\udc00"}', b'{"a": 1e500}', b"\xff"])
def test_what_is_no_json_object_has_no_digest(line: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        content_digest(line)
    assert caught.value.field == "line"


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_keys_are_equal_exactly_when_source_and_id_are(source: str, id: str, source2: str, id2: str) -> None:
    texts = [text.replace("\n", "") for text in (source, id, source2, id2)]
    assert len(event_key(*texts[:2])) == 16
    assert (event_key(*texts[:2]) == event_key(*texts[2:])) == (texts[:2] == texts[2:])
    assert event_key("urn:a", "bc") != event_key("urn:ab", "c")


def _error(line: bytes) -> str | None:
    try:
        parse_event(line)
    except Rejected as error:
        return str(error)
    return None


@given(st.data(), contents())
def test_a_cut_or_changed_line_is_read_or_rejected_in_one_line(data: st.DataObject, content: dict[str, Any]) -> None:
    line = bytearray(_spell(data.draw, content).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(st.sampled_from(b'"{}[],:019eE.-\\untrfal\x00\xff'))
    changed = bytes(line[: data.draw(st.integers(1, len(line)))])
    error = _error(changed)
    if error is None:
        assert len(content_digest(changed)) == 16
    else:
        assert "\n" not in error


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_any_bytes_or_text_are_rejected_in_one_line(line: bytes | str) -> None:
    with pytest.raises(Rejected) as caught:
        parse_event(line)
    assert "\n" not in str(caught.value)
