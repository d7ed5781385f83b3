"""Which reports a desk takes, from whom: the contract of the events, and what of it concerns one desk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec

from events import (
    KINDS,
    PUBLISHERS,
    TYPE_PREFIX,
    DoorVisitEvent,
    Event,
    Rejected,
    ReportRetractedEvent,
    content_digest,
    ensure_recordable,
    parse_event,
)
from services.desks.answers import Fate

__all__ = [
    "CONFLICT_RULE",
    "LENGTH_RULE",
    "MAX_BYTES",
    "Refusal",
    "Report",
    "judge",
    "names_in",
    "report_id",
    "restoration_of",
]

MAX_BYTES: Final = 256 * 1024
"""Bytes of the largest report that a desk takes."""

LENGTH_RULE: Final = "is longer than a desk takes (256 KiB)"
CONFLICT_RULE: Final = "is that of another report accepted before from this source: the first stands"
SOURCE_FORBIDDEN: Final = "is not one that the sender may report for"
RETRACTION_FORBIDDEN: Final = "must be the event's own source: only leerplicht may retract what another reported"
FUTURE_RULE: Final = "is later than now by more than 5 minutes"

_NAMESPACE: Final = UUID("6d7b39b3-3a2c-5a9e-9f0e-0d0f3c1a7c54")
_LEERPLICHT: Final = "leerplicht"


@dataclass(slots=True)
class Report:
    """A report without fault. `raw`: as it goes to the ledger, without a recorded time of its own."""

    id: UUID
    event: Event
    raw: bytes
    digest: bytes


@dataclass(slots=True)
class Refusal:
    """A report refused. `keep`: whether it is kept whole (not what a stranger sends, nor what is too long)."""

    fate: Fate
    source: str | None
    id: str | None
    field: str
    rule: str
    raw: bytes
    keep: bool = True


class _Named(msgspec.Struct):
    source: Any = None
    id: Any = None
    type: Any = None


_read_names: Final = msgspec.json.Decoder(_Named).decode
_encode: Final = msgspec.json.Encoder().encode


def report_id(source: str, id: str) -> UUID:
    """Give the id under which a desk stores a report: the same for every copy of it."""
    return uuid5(_NAMESPACE, f"{source}\n{id}")


def id_in(raw: bytes) -> UUID | None:
    """Give the id under which a desk stores a report, None when it names none."""
    source, id, _ = names_in(raw)
    return report_id(source, id) if source is not None and id is not None else None


def judge(raw: bytes, desk: str, now: int, sources: frozenset[str] | None) -> Report | Refusal:
    """Hold a report against the rules. `now`: microseconds; `sources`: whose the sender's may be, None for anyone's."""
    if len(raw) > MAX_BYTES:
        return Refusal(Fate.REJECTED, None, None, "line", LENGTH_RULE, b"", keep=False)
    try:
        event = parse_event(raw, live=True)
    except Rejected as error:
        source, id, _ = names_in(raw)
        return _refused(source, id, error.field, error.rule, raw, sources)
    source, id = event.source, event.id
    if sources is not None and source not in sources:
        return Refusal(Fate.FORBIDDEN, source, id, "source", SOURCE_FORBIDDEN, raw, keep=False)
    if desk not in PUBLISHERS[event.kind]:
        rule = f"is not for the desk {desk} but for {', '.join(PUBLISHERS[event.kind])}"
        return Refusal(Fate.FORBIDDEN, source, id, "type", rule, raw)
    if type(event) is ReportRetractedEvent and event.data.retracts.source != source and desk != _LEERPLICHT:
        return Refusal(Fate.FORBIDDEN, source, id, "data.retracts.source", RETRACTION_FORBIDDEN, raw)
    try:
        ensure_recordable(event, now)
    except Rejected as error:
        return Refusal(Fate.REJECTED, source, id, error.field, FUTURE_RULE, raw)
    if "recordedtime" in event.model_fields_set:
        raw = _without_recorded_time(raw)
    return Report(report_id(source, id), event, raw, content_digest(raw))


def restoration_of(visit: DoorVisitEvent) -> bytes:
    """Give the `contact-restored` that a visit with outcome `contact` implies: the same for every copy of the visit."""
    data = {"pupil": visit.data.pupil, "via": "door-visit", "occurredAt": visit.data.occurred_at.isoformat()}
    return _encode(
        {
            "specversion": "1.0",
            "id": str(uuid5(_NAMESPACE, f"{visit.source}\n{visit.id}\ncontact-restored")),
            "source": visit.source,
            "type": visit.type.rpartition(".")[0] + ".contact-restored",
            "data": data,
        }
    )


def _refused(
    source: str | None, id: str | None, field: str, rule: str, raw: bytes, sources: frozenset[str] | None
) -> Refusal:
    if sources is not None and source is not None and source not in sources:
        return Refusal(Fate.FORBIDDEN, source, id, "source", SOURCE_FORBIDDEN, raw, keep=False)
    return Refusal(Fate.REJECTED, source, id, field, rule, raw)


def names_in(raw: bytes) -> tuple[str | None, str | None, str | None]:
    """Read source, id and kind of a report that may not be as it should be, as far as they are texts."""
    try:
        named = _read_names(raw)
    except (ValueError, RecursionError):
        return None, None, None
    kind = named.type.removeprefix(TYPE_PREFIX) if isinstance(named.type, str) else None
    return (
        named.source if isinstance(named.source, str) else None,
        named.id if isinstance(named.id, str) else None,
        kind if kind in KINDS else None,
    )


def _without_recorded_time(raw: bytes) -> bytes:
    content: dict[str, msgspec.Raw] = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    content.pop("recordedtime", None)
    return _encode(content)
