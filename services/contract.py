"""The channels of the system as a FastStream application: the AsyncAPI document is made from it.

It declares and does not run: nothing connects here, and the ledger's hot path publishes by nats-py itself.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from faststream import FastStream
from faststream.nats import NatsBroker
from faststream.specification import AsyncAPI

from events.envelope import ENVELOPES, Envelope
from events.notices import ViewChanged
from events.subjects import (
    DESKS,
    FIELD_HEADER,
    IMPORT_DESK,
    PUBLISHERS,
    RULE_HEADER,
    VIEW_CHANGED,
    event_subject,
    rejected_subject,
)

if TYPE_CHECKING:
    from faststream.specification.base import Specification

__all__ = ["app", "asyncapi"]

CONTRACT_VERSION = "1.0"
"""Version of the channels and messages; `v1` of the events' types. It grows by adding only."""


def _meaning(envelope: type[Envelope]) -> str:
    data = envelope.model_fields["data"].annotation
    return (data.__doc__ or "") if data else ""


def _broker() -> NatsBroker:
    broker = NatsBroker(
        specification_url="nats://localhost:4222",
        description="The ledger: a NATS server with JetStream. Each organisation uses its own address.",
    )
    for envelope in ENVELOPES:
        for desk in (*PUBLISHERS[envelope.kind], IMPORT_DESK):
            subject = event_subject(desk, envelope.kind)
            broker.publisher(
                subject,
                title=subject,
                schema=envelope,
                description=f"{_meaning(envelope)} From the desk {desk}, kept in the ledger as it was sent.",
            )
    for desk in (*DESKS, IMPORT_DESK):
        subject = rejected_subject(desk)
        broker.publisher(
            subject,
            title=subject,
            schema=bytes,
            description=f"What the desk {desk} was sent and rejected, whole as it was sent; the headers {FIELD_HEADER} "
            f"and {RULE_HEADER} say which field broke which rule. For coordinators only.",
        )
    broker.publisher(VIEW_CHANGED, title=VIEW_CHANGED, schema=ViewChanged, description="The live view has moved on.")
    return broker


_BROKER = _broker()
_DOCUMENT = AsyncAPI(
    _BROKER,
    title="Kind in beeld",
    version=CONTRACT_VERSION,
    description="Which pupils schools no longer reach during a closure: the events, and what the system says of them.",
    license={"name": "EUPL-1.2", "url": "https://interoperable-europe.ec.europa.eu/collection/eupl/eupl-text-eupl-12"},
    schema_version="3.0.0",
)
app = FastStream(_BROKER, specification=_DOCUMENT)


def asyncapi() -> dict[str, Any]:
    """Give the AsyncAPI 3.0 document of the application's channels; the same every time."""
    specification: Specification = _DOCUMENT.to_specification()
    # AsyncAPI allows no colon in the name of a component.
    text = specification.to_json().replace(":Message:Payload", ".payload").replace(":Message", ".message")
    document: dict[str, Any] = json.loads(text)
    components = document["components"]
    for message in components["messages"].values():
        del message["correlationId"]  # FastStream's own header: the ledger's messages have none.
    # FastStream keeps publishers in a set, so their order is none.
    for name in ("channels", "operations"):
        document[name] = dict(sorted(document[name].items()))
    document["components"] = {name: dict(sorted(holder.items())) for name, holder in sorted(components.items())}
    return document
