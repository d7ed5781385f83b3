"""What can have happened: the `data` of each kind of event.

Attributes are in snake_case, the names on the wire are their aliases. Unknown members are kept. The models take
values as they stand on the wire (a time is text) and raise pydantic's ValidationError, which `events.parse` turns into
`Rejected`.
"""

from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.fields import ComputedFieldInfo, FieldInfo
from pydantic_core import PydanticCustomError

from events.values import (
    Count,
    Date,
    EventId,
    Instant,
    Lender,
    Municipality,
    Name,
    Pseudonym,
    School,
    Sector,
    Source,
    Text,
    Week,
)

__all__ = [
    "UNTIL_BEFORE_FROM",
    "ClosureAnnounced",
    "ContactLost",
    "ContactRestored",
    "Data",
    "DeviceLent",
    "DoorVisit",
    "ReminderSent",
    "ReportRetracted",
    "ResidenceEstablished",
    "Retracts",
    "SchoolRegistered",
    "WeekReported",
]

UNTIL_BEFORE_FROM: Final = "until_before_from"
"""The type of the validation error of a period that ends before it begins."""


def _wire_name(name: str, field: FieldInfo | ComputedFieldInfo) -> str:
    return field.alias or name


class Wire(BaseModel):
    """An object of the wire format: cannot be changed, keeps what it does not know, shows no value in an error."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True, field_title_generator=_wire_name)


class Data(Wire):
    """What every kind says."""

    occurred_at: Annotated[Instant, Field(alias="occurredAt")]
    """When it happened (valid time); decides the week, the residence and the order."""


class ContactLost(Data):
    """A school has lost contact with a pupil."""

    pupil: Pseudonym
    school: School
    sector: Sector
    municipality: Municipality | None = None
    """Where the pupil lives, if the school knows."""
    household: Pseudonym | None = None
    reason: (
        Literal[
            "no-response",
            "no-device",
            "no-internet",
            "no-home-support",
            "unsafe-home",
            "language",
            "moved",
            "medical",
            "fear-of-infection",
            "other",
        ]
        | None
    ) = None


class ContactRestored(Data):
    """Somebody has contact with the pupil again."""

    pupil: Pseudonym
    via: Literal["phone", "online", "at-school", "door-visit", "emergency-care", "care-worker", "other"]


class DeviceLent(Data):
    """A pupil has been lent the means to take part from home."""

    pupil: Pseudonym
    sector: Sector
    device: Literal["laptop", "tablet", "internet"]
    lender: Lender | None = None


class DoorVisit(Data):
    """Somebody has been at the door. By itself it restores no contact in the count."""

    pupil: Pseudonym
    sector: Sector
    outcome: Literal["contact", "no-answer", "moved-away", "refused"]
    visitor: Literal["school", "wij", "leerplicht", "jeugdhulp"]


class ResidenceEstablished(Data):
    """Somebody has established where the pupil lives."""

    pupil: Pseudonym
    municipality: Municipality


class Retracts(Wire):
    """The event that does not exist any more."""

    source: Source
    id: EventId


class ReportRetracted(Data):
    """An event has been withdrawn: from the recording of this one on, it does not exist."""

    retracts: Retracts
    reason: Text | None = None


class WeekReported(Data):
    """A school has looked at all its pupils of a sector for a week."""

    school: School
    sector: Sector
    week: Week
    unreached: Count
    """How many it says it cannot reach: a claim, kept apart from the count."""


class ReminderSent(Data):
    """A school that had not answered for a week has been reminded."""

    school: School
    sector: Sector
    week: Week


class SchoolRegistered(Data):
    """A school of a sector exists in a municipality; the last recorded for a school and sector stands whole."""

    school: School
    sector: Sector
    municipality: Municipality
    starts: Annotated[Date, Field(alias="from")]
    until: Date | None = None
    """The last day, if it is known."""
    name: Text | None = None
    pupils: Count | None = None

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        _ensure_lasts(self.starts, self.until)
        return self


class ClosureAnnounced(Data):
    """Schools close; the last recorded of one name stands whole."""

    closure: Name
    sectors: Annotated[tuple[Sector, ...], Field(min_length=1)]
    starts: Annotated[Date, Field(alias="from")]
    until: Date | None = None
    """The last day, if it is known."""
    municipalities: Annotated[tuple[Municipality, ...], Field(min_length=1)] | None = None
    """Null or absent: the whole country."""
    regime: Literal["closed", "closed-with-exceptions", "partial"] | None = None

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        _ensure_lasts(self.starts, self.until)
        return self


def _ensure_lasts(starts: date, until: date | None) -> None:
    if until is not None and until < starts:
        raise PydanticCustomError(UNTIL_BEFORE_FROM, "until must not be before from")
