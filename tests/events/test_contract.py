"""The published contract: the files in docs/contract are what the command prints, and say what the parser does."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import (  # type: ignore[import-untyped, unused-ignore]
    Draft202012Validator,
    ValidationError,
    validators,
)
from typer.testing import CliRunner

from events import ANY_EVENT, KINDS, Rejected, event_schema, parse_event, schema_names
from services.cli import contract
from services.system import WrongUsage
from tests.events.samples import ABSENT, WIRE_EVENTS, raw, sample, with_value

DOCS = Path(__file__).parents[2] / "docs" / "contract"
WHO_MAY_PUBLISH = {
    "contact-lost": "school leerplicht",
    "contact-restored": "school wij leerplicht jeugdhulp",
    "device-lent": "school wij",
    "door-visit": "school wij leerplicht jeugdhulp",
    "residence-established": "school wij leerplicht",
    "report-retracted": "school wij leerplicht jeugdhulp coordinator",
    "week-reported": "school",
    "reminder-sent": "leerplicht coordinator",
    "school-registered": "coordinator",
    "closure-announced": "coordinator",
}
URN = "urn:nld:kvknr:41012345:systeem:"
VALUES: list[Any] = [
    *(ABSENT, None, True, 0, -1, 7, 1_000_000_000, 1_000_000_001, 1.5, "", "x", [], {}, [None]),
    *("po", "mbo", "PO", ["po"], ["po", 1], "GM0014", "GM014", ["GM0014"], ["GM0014", "x"], "06KR00", "06kr00"),
    *("2020-W14", "2020-W53", "2021-W53", "2020-03-16", "2020-13-16", "2020-03-16\n"),
    *("2020-03-18T09:15:00Z", "2020-03-18t09:15:00.123456+01:00", "2020-03-18T09:15:00", "2020-03-18T09:15:60Z"),
    *("1899-12-31T00:00:00Z", "2200-01-01T00:00:00Z"),
    *("p-7f3a91c2", "pupil-é-12", "p" * 64, "p" * 65, "p" * 80, "p" * 81, "a\nb"),
    *("other", "phone", "laptop", "contact", "wij", "partial", "1.0", "application/json"),
    *("nl.kinderen-in-beeld.v1.contact-lost", URN, URN + "x/%20", URN + "%2", URN + "x" * 225, URN + "x" * 226),
    *({"source": URN + "x", "id": "1"}, {"id": "1"}),
]
"""Values for every member, fit and unfit; among them none whose rule JSON Schema cannot express."""


def _ecma_pattern(validator: Any, pattern: str, text: Any, schema: Any) -> Iterator[ValidationError]:
    # In the regular expressions of JSON Schema (ECMA-262) `$` is the end; in Python's also before a last newline.
    if isinstance(text, str) and re.search(re.sub(r"\$$", r"\\Z", pattern), text) is None:
        yield ValidationError("does not match")


Validator = validators.extend(Draft202012Validator, {"pattern": _ecma_pattern})


def _parses(event: Any) -> bool:
    try:
        parse_event(raw(event))
    except Rejected:
        return False
    return True


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    app.command("another")(lambda: None)
    contract.register(app)
    return app


def _printed(app: typer.Typer, *arguments: str) -> str:
    result = CliRunner().invoke(app, ["contract", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", [*KINDS, ANY_EVENT])
def test_the_schema_in_the_docs_is_the_one_printed(app: typer.Typer, name: str) -> None:
    assert (DOCS / "schema" / f"{name}.schema.json").read_text(encoding="utf-8") == _printed(app, "schema", name)


def test_the_asyncapi_document_in_the_docs_is_the_one_printed(app: typer.Typer) -> None:
    assert (DOCS / "asyncapi.json").read_text(encoding="utf-8") == _printed(app, "asyncapi")


def test_all_files_are_written_at_once(app: typer.Typer, tmp_path: Path) -> None:
    assert _printed(app, "write", str(tmp_path / "new" / "contract")) == ""
    written = {path.relative_to(tmp_path / "new" / "contract"): path.read_bytes() for path in tmp_path.rglob("*.json")}
    assert written == {path.relative_to(DOCS): path.read_bytes() for path in DOCS.rglob("*.json")}


def test_a_schema_of_no_kind_is_wrong_usage(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["contract", "schema", "contact"])
    assert isinstance(result.exception, WrongUsage)
    assert "closure-announced" in result.exception.message


@pytest.mark.parametrize("name", schema_names())
def test_the_schemas_are_json_schema(name: str) -> None:
    schema = event_schema(name)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("event", WIRE_EVENTS.values(), ids=WIRE_EVENTS)
def test_the_schemas_take_the_wire_files(event: dict[str, Any]) -> None:
    Validator(event_schema(event["type"].rpartition(".")[2])).validate(event)
    Validator(event_schema(ANY_EVENT)).validate(event)


@pytest.mark.parametrize("kind", KINDS)
def test_schema_and_parser_agree_on_every_member(kind: str) -> None:
    validator = Validator(event_schema(kind))
    # Recorded so late that no time breaks the rule of the clock, which a schema cannot say.
    event = sample(kind) | {"recordedtime": "2199-12-30T00:00:00Z"}
    members = [*event, *(f"data.{name}" for name in event["data"])]
    if kind == "report-retracted":
        members += ["data.retracts.id", "data.retracts.source"]
    verdicts = {}
    for member in members:
        for value in VALUES:
            changed = with_value(event, member, value)
            if member in ("data.from", "data.until") and value == "2020-03-16":
                changed = with_value(with_value(changed, "data.from", value), "data.until", value)
            verdicts[member, repr(value)] = (validator.is_valid(changed), _parses(changed))
    assert {case: verdict for case, verdict in verdicts.items() if verdict[0] != verdict[1]} == {}
    assert {verdict for verdict, _ in verdicts.values()} == {True, False}


def test_the_schema_of_any_event_tells_the_kinds_apart() -> None:
    validator = Validator(event_schema(ANY_EVENT))
    event = sample("contact-lost")
    assert validator.is_valid(event)
    assert not validator.is_valid(event | {"type": "nl.kinderen-in-beeld.v1.contact-restored"})
    assert not validator.is_valid(event | {"type": "nl.kinderen-in-beeld.v1.unknown"})


def test_the_channels_are_who_may_publish_what(app: typer.Typer) -> None:
    document = json.loads(_printed(app, "asyncapi"))
    assert document["asyncapi"].startswith("3.")
    events = {
        f"kib.events.{desk}.{kind}" for kind, desks in WHO_MAY_PUBLISH.items() for desk in [*desks.split(), "import"]
    }
    rejected = {
        f"kib.rejected.{desk}" for desk in ["school", "wij", "leerplicht", "jeugdhulp", "coordinator", "import"]
    }
    channels = document["channels"]
    assert {channel["address"] for channel in channels.values()} == events | rejected | {"kib.view.changed"}
    assert set(document["operations"]) == set(channels)


def test_every_event_channel_carries_the_schema_of_its_kind(app: typer.Typer) -> None:
    document = json.loads(_printed(app, "asyncapi"))
    for address in document["channels"]:
        if address.startswith("kib.events."):
            payload = _payload(document, address)
            kind = address.rpartition(".")[2]
            assert payload["properties"]["type"]["const"] == f"nl.kinderen-in-beeld.v1.{kind}"
    assert set(_payload(document, "kib.view.changed")["required"]) == {"position", "recorded_until"}


def _payload(document: dict[str, Any], address: str) -> dict[str, Any]:
    (message,) = document["channels"][address]["messages"].values()
    payload: dict[str, Any] = _resolve(document, _resolve(document, message)["payload"])
    return payload


def _resolve(document: dict[str, Any], holder: dict[str, Any]) -> Any:
    found: Any = document
    for step in holder["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_every_reference_in_the_asyncapi_document_leads_somewhere() -> None:
    text = (DOCS / "asyncapi.json").read_text(encoding="utf-8")
    document = json.loads(text)
    references = set(re.findall(r'"\$ref": "([^"]+)"', text))
    assert references
    for reference in references:
        assert _resolve(document, {"$ref": reference})
    assert all(re.fullmatch(r"[\w.-]+", name) for holder in document["components"].values() for name in holder)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_asyncapi_document_is_the_same_every_time(seed: str) -> None:
    program = "import json, services.contract; print(json.dumps(services.contract.asyncapi()))"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed}
    )
    assert list(_flat(json.loads(run.stdout))) == list(_flat(json.loads((DOCS / "asyncapi.json").read_bytes())))


def _flat(value: Any) -> Iterator[Any]:
    """Give names and values in the order in which they are written: dicts alone would compare without it."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _flat(item)
    elif isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value
