"""What a desk's store holds: past-tense facts about reports, as domain events of the eventsourcing library.

A `Report` and a `Refused` report are aggregates without a life of their own: one fact makes them, at most one more ends
them. So they are kept as plain domain events (the library saves these beside aggregates); an aggregate object for each
would cost four times as much to make. The topics are names of our own: they stay when a module moves.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import Transcoder

from services.desks.rules import Refusal, Report
from services.ledger.refusals import refusal_id

__all__ = [
    "RefusalResolved",
    "ReportAccepted",
    "ReportRefused",
    "StateTranscoder",
    "accepted",
    "id_of",
    "refused",
    "resolved",
]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class ReportAccepted(DomainEvent):
    """A report was taken in. `received`: micros; `digest`: of its content; `raw`: as it goes to the ledger."""

    TOPIC: ClassVar[str] = "kindinbeeld.desk:ReportAccepted"
    received: int
    kind: str
    digest: bytes
    raw: bytes


class ReportRefused(DomainEvent):
    """A report broke a rule and was set aside whole. `fate`, `field` and `rule` as its sender was told."""

    TOPIC: ClassVar[str] = "kindinbeeld.desk:ReportRefused"
    received: int
    fate: str
    field: str
    rule: str
    raw: bytes


class RefusalResolved(DomainEvent):
    """A report refused before was given again, as it was or corrected, and taken in."""

    TOPIC: ClassVar[str] = "kindinbeeld.desk:RefusalResolved"


class StateTranscoder(Transcoder):
    """Writes a fact's state as MessagePack, which holds bytes as they are: JSON would quote each report once more."""

    def __init__(self) -> None:
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder().decode

    def encode(self, obj: Any) -> bytes:
        """Encode."""
        return self._encode(obj)

    def decode(self, data: bytes) -> Any:
        """Decode."""
        return self._decode(data)


def accepted(report: Report, now: int) -> ReportAccepted:
    """The fact that a report was taken in at `now` (micros)."""
    return ReportAccepted(
        originator_id=report.id,
        originator_version=1,
        timestamp=_instant(now),
        received=now,  # type: ignore[call-arg]
        kind=report.event.kind,
        digest=report.digest,
        raw=report.raw,
    )


def id_of(refusal: Refusal) -> UUID:
    """Give the id of a refusal: the same bytes refused for the same reason are kept once."""
    return refusal_id(refusal.field, refusal.rule, refusal.raw)


def refused(refusal: Refusal, id: UUID, now: int) -> ReportRefused:
    """The fact that a report was refused at `now` (micros)."""
    return ReportRefused(
        originator_id=id,
        originator_version=1,
        timestamp=_instant(now),
        received=now,  # type: ignore[call-arg]
        fate=refusal.fate.value,
        field=refusal.field,
        rule=refusal.rule,
        raw=refusal.raw,
    )


def resolved(id: UUID, now: int) -> RefusalResolved:
    """The fact that a refusal was made good at `now` (micros)."""
    return RefusalResolved(originator_id=id, originator_version=2, timestamp=_instant(now))


def _instant(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1_000_000, UTC)
