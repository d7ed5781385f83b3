"""The envelope: CloudEvents 1.0 as the NL GOV profile reads it, one model per kind."""

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from events.kinds import (
    ClosureAnnounced,
    ContactLost,
    ContactRestored,
    DeviceLent,
    DoorVisit,
    ReminderSent,
    ReportRetracted,
    ResidenceEstablished,
    SchoolRegistered,
    WeekReported,
    Wire,
)
from events.values import EventId, Instant, Source

__all__ = [
    "ENVELOPES",
    "KINDS",
    "TYPE_PREFIX",
    "ClosureAnnouncedEvent",
    "ContactLostEvent",
    "ContactRestoredEvent",
    "DeviceLentEvent",
    "DoorVisitEvent",
    "Envelope",
    "Event",
    "ReminderSentEvent",
    "ReportRetractedEvent",
    "ResidenceEstablishedEvent",
    "SchoolRegisteredEvent",
    "WeekReportedEvent",
]

TYPE_PREFIX: Final = "nl.kinderen-in-beeld.v1."


class Envelope(Wire):
    """What stands around the data of every kind. Unknown attributes are kept; null attributes count as absent."""

    kind: ClassVar[str]
    """The last part of `type`: `contact-lost`."""

    specversion: Literal["1.0"]
    id: EventId
    source: Source
    type: str
    time: Instant | None = None
    """When the sender's system logged the event; decides nothing."""
    recordedtime: Instant | None = None
    """When the ledger took it in (knowledge time); a live event has none of its own."""
    subject: Any = None
    """Not used: whatever it holds is kept and decides nothing."""
    datacontenttype: Literal["application/json"] | None = None


class ContactLostEvent(Envelope):
    """A `contact-lost` event."""

    kind: ClassVar[str] = "contact-lost"
    type: Literal["nl.kinderen-in-beeld.v1.contact-lost"]
    data: ContactLost


class ContactRestoredEvent(Envelope):
    """A `contact-restored` event."""

    kind: ClassVar[str] = "contact-restored"
    type: Literal["nl.kinderen-in-beeld.v1.contact-restored"]
    data: ContactRestored


class DeviceLentEvent(Envelope):
    """A `device-lent` event."""

    kind: ClassVar[str] = "device-lent"
    type: Literal["nl.kinderen-in-beeld.v1.device-lent"]
    data: DeviceLent


class DoorVisitEvent(Envelope):
    """A `door-visit` event."""

    kind: ClassVar[str] = "door-visit"
    type: Literal["nl.kinderen-in-beeld.v1.door-visit"]
    data: DoorVisit


class ResidenceEstablishedEvent(Envelope):
    """A `residence-established` event."""

    kind: ClassVar[str] = "residence-established"
    type: Literal["nl.kinderen-in-beeld.v1.residence-established"]
    data: ResidenceEstablished


class ReportRetractedEvent(Envelope):
    """A `report-retracted` event."""

    kind: ClassVar[str] = "report-retracted"
    type: Literal["nl.kinderen-in-beeld.v1.report-retracted"]
    data: ReportRetracted


class WeekReportedEvent(Envelope):
    """A `week-reported` event."""

    kind: ClassVar[str] = "week-reported"
    type: Literal["nl.kinderen-in-beeld.v1.week-reported"]
    data: WeekReported


class ReminderSentEvent(Envelope):
    """A `reminder-sent` event."""

    kind: ClassVar[str] = "reminder-sent"
    type: Literal["nl.kinderen-in-beeld.v1.reminder-sent"]
    data: ReminderSent


class SchoolRegisteredEvent(Envelope):
    """A `school-registered` event."""

    kind: ClassVar[str] = "school-registered"
    type: Literal["nl.kinderen-in-beeld.v1.school-registered"]
    data: SchoolRegistered


class ClosureAnnouncedEvent(Envelope):
    """A `closure-announced` event."""

    kind: ClassVar[str] = "closure-announced"
    type: Literal["nl.kinderen-in-beeld.v1.closure-announced"]
    data: ClosureAnnounced


Event = Annotated[
    ContactLostEvent
    | ContactRestoredEvent
    | DeviceLentEvent
    | DoorVisitEvent
    | ResidenceEstablishedEvent
    | ReportRetractedEvent
    | WeekReportedEvent
    | ReminderSentEvent
    | SchoolRegisteredEvent
    | ClosureAnnouncedEvent,
    Field(discriminator="type"),
]
"""Any event, told apart by `type`."""

ENVELOPES: Final[tuple[type[Envelope], ...]] = tuple(Envelope.__subclasses__())
KINDS: Final[tuple[str, ...]] = tuple(envelope.kind for envelope in ENVELOPES)
"""The kinds in the order of the contract's table."""
