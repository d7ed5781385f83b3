"""What a page asks for each kind of report: its fields, in the order in which they are asked and listed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from events import PUBLISHERS

__all__ = ["FORMS", "HOUSEHOLD", "NUMBERS", "PUPIL", "RETRACTION", "Field", "Form", "forms_of"]

Look = Literal["text", "code", "choice", "choices", "moment", "date", "week", "count", "municipality", "municipalities"]

RETRACTION: Final = "report-retracted"
SECTORS: Final = ("po", "so", "vo", "mbo")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is asked. `name` is that of the form's field and of the list's column, `member` that on the wire.

    A member of a member is written `outer.inner`.
    """

    name: str
    member: str
    look: Look
    required: bool = True
    choices: tuple[str, ...] = ()


PUPIL: Final = (
    Field("bsn", "pupil", "text", required=False),
    Field("local_number", "pupil", "text", required=False),
    Field("issuer", "pupil", "code", required=False),
)
"""How a pupil is given: a BSN, or a local number and who gave it out. None of them is ever shown again."""


HOUSEHOLD: Final = (
    Field("household", "household", "text", required=False),
    Field("household_issuer", "household", "code", required=False),
)
"""How a household is given, if at all: a number and who gave it out. The number is never shown again either."""
NUMBERS: Final = frozenset({"bsn", "local_number", "household"})
"""The fields that hold a number which becomes a pseudonym."""


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of report. `about_pupil`: the fields of PUPIL come first; `of_household`: those of HOUSEHOLD last.

    `desk_member`: a member with the desk's own name.

    `dated`: the person says when it happened; otherwise it happens by being reported. `listed`: many in one file.
    """

    kind: str
    fields: tuple[Field, ...]
    about_pupil: bool = False
    dated: bool = False
    listed: bool = True
    desk_member: str | None = None
    of_household: bool = False

    @property
    def columns(self) -> tuple[Field, ...]:
        """The fields with those of the pupil and the household: the columns of a list."""
        return (
            *(PUPIL if self.about_pupil else ()),
            *self.fields,
            *(HOUSEHOLD if self.of_household else ()),
        )


_OCCURRED: Final = Field("occurred_at", "occurredAt", "moment")
_SCHOOL: Final = Field("school", "school", "code")
_SECTOR: Final = Field("sector", "sector", "choice", choices=SECTORS)
_LIVES: Final = Field("municipality", "municipality", "municipality", required=False)
_PLACE: Final = Field("municipality", "municipality", "municipality")
_WEEK: Final = Field("week", "week", "week")
_FROM: Final = Field("starts", "from", "date")
_UNTIL: Final = Field("until", "until", "date", required=False)
_REASON: Final = Field(
    "reason",
    "reason",
    "choice",
    required=False,
    choices=(
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
    ),
)
_VIA: Final = Field(
    "via",
    "via",
    "choice",
    choices=("phone", "online", "at-school", "door-visit", "emergency-care", "care-worker", "other"),
)
_OUTCOME: Final = Field("outcome", "outcome", "choice", choices=("contact", "no-answer", "moved-away", "refused"))
_DEVICE: Final = Field("device", "device", "choice", choices=("laptop", "tablet", "internet"))
_REGIME: Final = Field(
    "regime", "regime", "choice", required=False, choices=("closed", "closed-with-exceptions", "partial")
)

_REFERENCE: Final = Field("reference", "retracts.id", "text")
_REPORTER: Final = Field("reporter", "retracts.source", "text", required=False)
"""Whose report is withdrawn; by default that of the one who withdraws."""
_OF_OTHERS: Final = "leerplicht"
"""The desk that may withdraw what others reported."""

FORMS: Final[Mapping[str, Form]] = {
    form.kind: form
    for form in (
        Form(
            "contact-lost",
            (_OCCURRED, _SCHOOL, _SECTOR, _LIVES, _REASON),
            about_pupil=True,
            dated=True,
            of_household=True,
        ),
        Form("contact-restored", (_OCCURRED, _VIA), about_pupil=True, dated=True),
        Form("door-visit", (_OCCURRED, _SECTOR, _OUTCOME), about_pupil=True, dated=True, desk_member="visitor"),
        Form(
            "device-lent",
            (_OCCURRED, _SECTOR, _DEVICE, Field("lender", "lender", "text", required=False)),
            about_pupil=True,
            dated=True,
        ),
        Form("residence-established", (_OCCURRED, _PLACE), about_pupil=True, dated=True),
        Form("week-reported", (_SCHOOL, _SECTOR, _WEEK, Field("unreached", "unreached", "count"))),
        Form("reminder-sent", (_SCHOOL, _SECTOR, _WEEK)),
        Form(
            "closure-announced",
            (
                Field("closure", "closure", "text"),
                Field("sectors", "sectors", "choices", choices=SECTORS),
                _FROM,
                _UNTIL,
                Field("municipalities", "municipalities", "municipalities", required=False),
                _REGIME,
            ),
            listed=False,
        ),
        Form(
            "school-registered",
            (
                _SCHOOL,
                _SECTOR,
                _PLACE,
                _FROM,
                _UNTIL,
                Field("name", "name", "text", required=False),
                Field("pupils", "pupils", "count", required=False),
            ),
        ),
        Form(RETRACTION, (_REFERENCE,), listed=False),
    )
}
"""The forms by kind, in the order in which a desk shows them."""


def forms_of(desk: str) -> tuple[Form, ...]:
    """Give the forms of a desk: those of the kinds that it may publish."""
    forms = [form for form in FORMS.values() if desk in PUBLISHERS[form.kind]]
    if desk == _OF_OTHERS:
        forms = [replace(form, fields=(_REPORTER, _REFERENCE)) if form.kind == RETRACTION else form for form in forms]
    return tuple(forms)
