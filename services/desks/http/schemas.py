"""The schemas of the interface's description: the contract's own, from the events' models, and those of answers."""

from __future__ import annotations

from typing import Any, Final

from events import KINDS, PUBLISHERS, TYPE_PREFIX, event_schema
from services.api_rules.describing import INSTANT, TEXT_OR_NULL, problem_schemas, ref
from services.desks.answers import Fate

__all__ = ["answer_schemas", "event_schemas"]

_DEFS: Final = "#/$defs/"
_SCHEMAS: Final = "#/components/schemas/"
_REFUSED: Final = [Fate.CONFLICT.value, Fate.REJECTED.value, Fate.FORBIDDEN.value]
_COUNT: Final = {"type": "integer", "minimum": 0}


def event_schemas(desk: str) -> dict[str, Any]:
    """Give the schemas of the kinds that a desk takes, of any of these events (`Event`), and of their data (`Data`)."""
    schemas: dict[str, Any] = {}
    events: dict[str, str] = {}
    data: list[dict[str, str]] = []
    for kind in KINDS:
        if desk not in PUBLISHERS[kind]:
            continue
        schema = event_schema(kind)
        schema.pop("$schema")
        schemas |= {name: _moved(each) for name, each in schema.pop("$defs", {}).items()}
        name = str(schema["title"])
        schemas[name] = _moved(schema)
        events[TYPE_PREFIX + kind] = name
        data.append(schemas[name]["properties"]["data"])
    schemas["Event"] = {
        "description": "An event of a kind that this desk takes, in structured mode (CloudEvents 1.0).",
        "oneOf": [ref(name) for name in events.values()],
        "discriminator": {
            "propertyName": "type",
            "mapping": {type: _SCHEMAS + name for type, name in events.items()},
        },
    }
    schemas["Data"] = {"description": "The data of an event, as the body in binary mode.", "anyOf": data}
    return schemas


def answer_schemas() -> dict[str, Any]:
    """Give the schemas of what is answered."""
    broken = {
        "field": TEXT_OR_NULL
        | {"description": "Where: a dotted path as on the wire, such as `data.occurredAt`; `line`: the event as such."},
        "rule": {"type": "string", "description": "Which rule is broken. Never a value that was sent."},
    }
    stored = {
        "position": {"type": "integer", "minimum": 1, "description": "The desk's own number of it, rising."},
        "source": TEXT_OR_NULL,
        "id": TEXT_OR_NULL,
    }
    return {
        **problem_schemas(
            {"fate": {"enum": _REFUSED}, "mostBytes": _COUNT, "mostEvents": _COUNT},
            {"in": {"enum": ["body", "query"]}, **broken},
        ),
        "Answer": {
            "description": "What became of one event, when it was taken in now or before.",
            "type": "object",
            "required": ["fate"],
            "properties": {"fate": {"enum": [Fate.ACCEPTED.value, Fate.KNOWN.value]}},
            "additionalProperties": False,
        },
        "AnswerOfBatch": {
            "description": "What became of one event of a batch; `field` and `rule` when it was refused.",
            "type": "object",
            "required": ["fate"],
            "properties": {"fate": {"enum": [fate.value for fate in Fate]}, **broken},
            "additionalProperties": False,
        },
        "Answers": {
            "description": "How many events of the batch had each fate, and that of each, in the order of the batch.",
            "type": "object",
            "required": [*(fate.value for fate in Fate), "answers"],
            "properties": {
                **{fate.value: _COUNT for fate in Fate},
                "answers": {"type": "array", "items": ref("AnswerOfBatch")},
            },
            "additionalProperties": False,
        },
        "Report": {
            "description": "A report of one's own and its fate.",
            "type": "object",
            "required": ["position", "source", "id", "kind", "fate", "receivedAt", "relayed", "ledgerSequence"],
            "properties": {
                **stored,
                "kind": TEXT_OR_NULL,
                "fate": {"enum": [Fate.ACCEPTED.value, *_REFUSED]},
                "receivedAt": INSTANT,
                "relayed": {"type": "boolean", "description": "Whether the ledger has it, and so the count."},
                "ledgerSequence": {
                    "type": ["integer", "null"],
                    "minimum": 1,
                    "description": "Its place in the ledger; null when it is not there or the place is not known.",
                },
                **broken,
            },
        },
        "ReportWithEvent": {
            "description": "A report of one's own with the event itself.",
            "allOf": [ref("Report")],
            "type": "object",
            "required": ["event"],
            "properties": {"event": {"type": "object"}},
        },
        "Rejection": {
            "description": "What the desk refused and kept whole. Its content is at `/v1/rejected/{position}/content`.",
            "type": "object",
            "required": ["position", "source", "id", "fate", "field", "rule", "receivedAt", "resolved", "bytes"],
            "properties": {
                **stored,
                "fate": {"enum": _REFUSED},
                **broken,
                "receivedAt": INSTANT,
                "resolved": {"type": "boolean", "description": "Sent again later and taken in."},
                "bytes": _COUNT,
            },
        },
        "Reports": _page("Report"),
        "Rejections": _page("Rejection"),
    }


def _page(name: str) -> dict[str, Any]:
    link = {"type": "string", "format": "uri-reference"}
    return {
        "type": "object",
        "required": ["items", "links"],
        "properties": {
            "items": {"type": "array", "items": ref(name)},
            "links": {
                "type": "object",
                "required": ["self"],
                "properties": {"self": link, "next": link | {"description": "Absent on the last page."}},
            },
        },
    }


def _moved(schema: Any) -> Any:
    """Move references from a schema's own definitions to those of the description."""
    if isinstance(schema, dict):
        return {
            key: value.replace(_DEFS, _SCHEMAS) if key == "$ref" and isinstance(value, str) else _moved(value)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_moved(each) for each in schema]
    return schema
