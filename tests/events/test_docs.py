"""docs/events.md says what the code does."""

import json
import re
from pathlib import Path

import pytest

from events import FIELD_HEADER, KINDS, PUBLISHERS, RULE_HEADER, event_schema, parse_event

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
ROWS = {
    cells[0].strip(" `"): (cells[1], cells[2])
    for line in PAGE.partition("## Kinds")[2].splitlines()
    if len(cells := line.strip("|").split("|")) == 3
}


def test_the_example_is_an_event() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert parse_event(example).kind == "contact-lost"
    assert json.loads(example)["data"]["sector"] == "po"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_described_with_its_members_and_desks(kind: str) -> None:
    members, desks = ROWS[kind]
    assert tuple(desks.strip().split(", ")) == PUBLISHERS[kind]
    schema = event_schema(kind)
    data = schema["$defs"][schema["properties"]["data"]["$ref"].rpartition("/")[2]]
    for name, of in data["properties"].items():
        if name == "occurredAt":
            continue
        assert (f"`{name}`?" in members) == (name not in data["required"]), name
        assert f"`{name}`" in members
        for choice in of.get("enum", []) if name != "sector" else []:
            assert f"`{choice}`" in members


def test_every_attribute_of_the_envelope_is_described() -> None:
    envelope = event_schema("contact-lost")
    for name in envelope["properties"]:
        mark = "" if name in envelope["required"] else "?"
        assert f"\n| `{name}`{mark} |" in PAGE


def test_the_headers_of_a_rejected_message_are_described() -> None:
    assert f"`{FIELD_HEADER}`" in PAGE
    assert f"`{RULE_HEADER}`" in PAGE
