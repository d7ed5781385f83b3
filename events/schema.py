"""The contract as JSON Schema (draft 2020-12): of every kind, and of any event."""

from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from events.envelope import ENVELOPES, KINDS, Event

__all__ = ["ANY_EVENT", "event_schema", "schema_names"]

ANY_EVENT: Final = "event"
"""The name of the schema of any event, beside those of the kinds."""


def schema_names() -> tuple[str, ...]:
    """Name every schema: the kinds, then that of any event."""
    return (*KINDS, ANY_EVENT)


def event_schema(name: str) -> dict[str, Any]:
    """Give the JSON Schema of events of a kind, or of any event; raises KeyError for another name."""
    adapters: dict[str, TypeAdapter[Any]] = {envelope.kind: TypeAdapter(envelope) for envelope in ENVELOPES}
    adapters[ANY_EVENT] = TypeAdapter(Event)
    schema = adapters[name].json_schema(by_alias=True)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}
