"""Every rule of the contract, broken: the error names the field and the rule, and never the value."""

import json
import pickle
import traceback
from typing import Any

import pytest

from events import KINDS, Rejected, ensure_recordable, event_schema, parse_event, to_micros
from tests.events.broken import CASES, PSEUDONYM, URN
from tests.events.samples import ABSENT, WIRE_EVENTS, raw, sample, with_value


def _rejected(line: bytes | str) -> Rejected:
    with pytest.raises(Rejected) as caught:
        parse_event(line)
    return caught.value


@pytest.mark.parametrize(("kind", "path", "value", "field", "rule"), CASES, ids=lambda value: repr(value)[:40])
def test_a_broken_rule_is_named(kind: str, path: str, value: Any, field: str, rule: str) -> None:
    error = _rejected(raw(with_value(sample(kind), path, value)))
    assert (error.field, error.rule) == (field, rule)
    assert str(error) == f"{field}: {rule}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_member_without_a_question_mark_is_required(kind: str) -> None:
    schema = event_schema(kind)
    data = schema["$defs"][schema["properties"]["data"]["$ref"].rpartition("/")[2]]
    paths = [*schema["required"], *(f"data.{name}" for name in data["required"])]
    assert {"specversion", "id", "source", "type", "data", "data.occurredAt"} < set(paths)
    for path in paths:
        error = _rejected(raw(with_value(sample(kind), path, ABSENT)))
        assert (error.field, error.rule) == (path, "is required")


@pytest.mark.parametrize(
    "value",
    ["nl.kinderen-in-beeld.v1.contact-los", "nl.kinderen-in-beeld.v2.contact-lost", "contact-lost", "", 1, None],
)
def test_an_unknown_type_is_named_with_those_that_there_are(value: Any) -> None:
    error = _rejected(raw(with_value(sample("contact-lost"), "type", value)))
    assert error.field == "type"
    assert error.rule.startswith("must be nl.kinderen-in-beeld.v1.<kind>, the kind one of contact-lost, ")


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b"", "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"),
        (b"{", "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"),
        (b"not JSON", "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"),
        (b'{"type": "\xff"}', "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"),
        (b'{"type": "\\ud800"}', "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"),
        ('{"type": "\ud800"}', "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"),
        ('{"type": 1}'.encode("utf-16"), "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"),
        (b"[" * 100_000, "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b"12", "must be a JSON object"),
        (b"null", "must be a JSON object"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_json_object_is_rejected_as_a_line(line: bytes | str, rule: str) -> None:
    error = _rejected(line)
    assert (error.field, error.rule) == ("line", rule)


@pytest.mark.parametrize("member", ["data.unknown", "subject", "unknown", "data.retracts.unknown"])
@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("NaN", "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"),
        ("[-Infinity]", "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"),
        ('{"a": [Infinity]}', "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"),
        ("[" * 250 + "]" * 250, "must be JSON (RFC 8259) in UTF-8, nested no deeper than 200"),
        ("1e401", "must not hold a number beyond the range 1e-400 to 1e400"),
        ("-1e99999999999999999999", "must not hold a number beyond the range 1e-400 to 1e400"),
        ('{"a": 1, "a": 1}', "must not name a member of an object twice"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_unknown_members_are_json_too(member: str, written: str, rule: str) -> None:
    line = raw(with_value(sample("report-retracted"), member, "HERE")).replace(b'"HERE"', written.encode())
    error = _rejected(line)
    assert (error.field, error.rule) == ("line", rule)


def test_two_hundred_levels_are_read() -> None:
    line = raw(with_value(sample("contact-lost"), "data.unknown", "HERE")).replace(b'"HERE"', b"[" * 198 + b"]" * 198)
    assert parse_event(line).model_extra == {}


@pytest.mark.parametrize("event", WIRE_EVENTS.values(), ids=WIRE_EVENTS)
def test_a_member_named_twice_is_rejected_wherever_it_stands(event: dict[str, Any]) -> None:
    def doubled(value: Any) -> list[str]:
        """Write the value once for each of its members, that member doubled (also by an escape, and spaced)."""
        if isinstance(value, list):
            return [
                f"[{','.join([*map(json.dumps, value[:i]), text, *map(json.dumps, value[i + 1 :])])}]"
                for i, item in enumerate(value)
                for text in doubled(item)
            ]
        if not isinstance(value, dict):
            return []
        members = {name: f"{json.dumps(name)}:{json.dumps(item)}" for name, item in value.items()}
        texts = []
        for name, item in value.items():
            escaped = f'"\\u{ord(name[0]):04x}{name[1:]}" : {json.dumps(item)}'
            texts += [f"{{{','.join([*members.values(), again])}}}" for again in (members[name], escaped)]
            for text in doubled(item):
                texts.append(f"{{{','.join((members | {name: json.dumps(name) + ':' + text}).values())}}}")
        return texts

    lines = doubled(event)
    assert len(lines) >= 2 * (len(event) + len(event["data"]))
    for line in lines:
        error = _rejected(line)
        assert (error.field, error.rule) == ("line", "must not name a member of an object twice")


def test_the_first_broken_rule_is_reported_whatever_the_order_of_the_members() -> None:
    event = sample("contact-lost") | {"id": "", "source": "x"}
    event["data"] |= {"sector": "x", "pupil": "x"}
    assert _rejected(raw(event)).field == "id"
    assert _rejected(raw(dict(reversed(event.items())))).field == "id"
    assert _rejected(raw(event | {"type": "x"})).field == "type"
    data_only = event | {"id": "x", "source": sample("contact-lost")["source"]}
    assert _rejected(raw(data_only)).field == "data.pupil"


def _error(line: bytes) -> Rejected | None:
    try:
        parse_event(line)
    except Rejected as error:
        return error
    return None


SECRET = "Jantje-de-Vries-1234"


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_never_stands_in_an_error(kind: str) -> None:
    event = sample(kind)
    paths = [*event, *(f"data.{name}" for name in event["data"])]
    values = [SECRET + "!", [SECRET], {SECRET: SECRET}, SECRET * 20]
    errors = [error for path in paths for value in values if (error := _error(raw(with_value(event, path, value))))]
    assert len(errors) > 20
    for error in errors:
        assert SECRET not in str(error)
        assert SECRET not in "".join(traceback.format_exception(error))
        assert error.__context__ is None


def test_a_model_made_by_hand_shows_no_value_in_its_error_either() -> None:
    from events import ContactRestored

    with pytest.raises(ValueError, match="must be 8 to 64 characters") as caught:
        ContactRestored.model_validate({"occurredAt": "2020-03-18T09:15:00Z", "pupil": SECRET + "!", "via": "phone"})
    assert SECRET not in str(caught.value)


def test_the_clock_rule_holds_against_a_given_recorded_time() -> None:
    event = parse_event(raw(sample("contact-lost", "only what is required")))
    happened = to_micros(event.data.occurred_at)
    ensure_recordable(event, happened)
    ensure_recordable(event, happened - 300_000_000)
    with pytest.raises(Rejected) as caught:
        ensure_recordable(event, happened - 300_000_001)
    assert caught.value.field == "data.occurredAt"


def test_the_recorded_time_that_a_live_event_brings_is_not_held_against_it() -> None:
    line = raw(with_value(sample("contact-lost"), "recordedtime", "2020-03-01T00:00:00Z"))
    assert _rejected(line).field == "data.occurredAt"
    assert parse_event(line, live=True).kind == "contact-lost"
    broken = raw(with_value(sample("contact-lost"), "recordedtime", "yesterday"))
    with pytest.raises(Rejected, match=r"^recordedtime: "):
        parse_event(broken, live=True)


def test_a_rejection_comes_whole_from_another_process() -> None:
    error = pickle.loads(pickle.dumps(Rejected("data.pupil", PSEUDONYM)))  # noqa: S301 - our own
    assert (error.field, error.rule, str(error)) == ("data.pupil", PSEUDONYM, f"data.pupil: {PSEUDONYM}")


@pytest.mark.parametrize("value", ["00000000", "0123456789", "123456789", "12345678a", "-" * 8, "_" * 64, "111-222-3"])
def test_pseudonyms_of_every_allowed_shape_are_taken(value: str) -> None:
    event = with_value(with_value(sample("contact-lost"), "data.pupil", value), "data.household", value)
    assert parse_event(raw(event)).id


@pytest.mark.parametrize(
    "name", ["x", "/", "a/b", ":", "@", "a-._~!$&'()*+,;=", "%C3%A9", "x" * (256 - len(URN))], ids=lambda name: name[:9]
)
def test_names_of_systems_in_every_character_of_a_urn_are_taken(name: str) -> None:
    assert parse_event(raw(with_value(sample("contact-lost"), "source", URN + name))).source == URN + name


@pytest.mark.parametrize("value", [0, 1, [1, None], {"a": {}}, "", "p-7f3a91c2", True])
def test_a_subject_of_any_form_is_kept_and_decides_nothing(value: Any) -> None:
    assert parse_event(raw(with_value(sample("contact-lost"), "subject", value))).subject == value
