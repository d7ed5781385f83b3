"""Names on the broker: streams, subjects, headers. No pupil stands in a subject."""

import re
from collections.abc import Mapping
from typing import Final

__all__ = [
    "ABOUT",
    "DESKS",
    "EVENTS_STREAM",
    "FIELD_HEADER",
    "IMPORT_DESK",
    "PARTS",
    "PUBLISHERS",
    "REJECTED_STREAM",
    "RULE_HEADER",
    "VIEW_CHANGED",
    "VIEW_SILENT",
    "VIEW_STATUS",
    "desk_and_kind",
    "event_subject",
    "rejected_subject",
    "resend_subject",
    "resolved_subject",
]

EVENTS_STREAM: Final = "KIB_EVENTS"
"""The ledger: the events' JSON as sent, on `kib.events.<desk>.<kind>`."""
REJECTED_STREAM: Final = "KIB_REJECTED"
"""What was rejected, whole, on `kib.rejected.<desk>`, with the two headers below."""
FIELD_HEADER: Final = "Kib-Field"
"""Header of a rejected message: which field broke a rule."""
RULE_HEADER: Final = "Kib-Rule"
"""Header of a rejected message: which rule."""
VIEW_CHANGED: Final = "kib.view.changed"
"""Where the live view says that it has moved on (`events.notices.ViewChanged`)."""
VIEW_STATUS: Final = "kib.view.status"
"""Where the live view answers how far it is."""
VIEW_SILENT: Final = "kib.view.silent"
"""Where the live view answers which schools are silent: to the coordinator's desk, for its page."""
IMPORT_DESK: Final = "import"
"""The desk of imported history: only here an event's own `recordedtime` is its recorded time."""

PARTS: Final = 8
"""Into how many parts pupils and schools are divided where several workers keep the live view (`events.parts`)."""

DESKS: Final = ("school", "wij", "leerplicht", "jeugdhulp", "coordinator")
"""Who reports, each with its own intake; beside them only `import`, which may carry every kind."""
PUBLISHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "contact-lost": ("school", "leerplicht"),
    "contact-restored": ("school", "wij", "leerplicht", "jeugdhulp"),
    "device-lent": ("school", "wij"),
    "door-visit": ("school", "wij", "leerplicht", "jeugdhulp"),
    "residence-established": ("school", "wij", "leerplicht"),
    "report-retracted": DESKS,  # the source of the retracted event, whichever that is, or leerplicht
    "week-reported": ("school",),
    "reminder-sent": ("leerplicht", "coordinator"),
    "school-registered": ("coordinator",),
    "closure-announced": ("coordinator",),
}
"""Which desks may publish a kind, by the contract's table."""

_PUPIL: Final = "pupil"
_SCHOOL: Final = "school"
ABOUT: Final[Mapping[str, str]] = {
    "contact-lost": _PUPIL,
    "contact-restored": _PUPIL,
    "device-lent": _PUPIL,
    "door-visit": _PUPIL,
    "residence-established": _PUPIL,
    "week-reported": _SCHOOL,
    "school-registered": _SCHOOL,
    "reminder-sent": _SCHOOL,
}
"""What the kinds that are divided into parts are about: this stands in a subject of an import that names a part, in
place of the kind. For each message the broker looks up every subject that a worker asks for, so where there are many
messages these have to be few."""

_PARTS: Final = frozenset(map(str, range(PARTS)))
_TOKEN: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def _token(text: str) -> str:
    if _TOKEN.fullmatch(text) is None:
        raise ValueError("a desk or kind in a subject is lower-case words of a-z0-9 joined by -")
    return text


def event_subject(desk: str, kind: str, part: int | None = None) -> str:
    """Name the ledger's subject for events of a kind from a desk; raises ValueError for what is no subject token.

    `part`: that of the event (`events.parts`), where several workers keep the live view; raises KeyError for a kind
    that is in no part. A desk's subject goes on to name the kind, by which the broker permits it.
    """
    about = ABOUT[kind] if part is not None and desk == IMPORT_DESK else _token(kind)
    subject = f"kib.events.{_token(desk)}.{about}"
    return subject if part is None else f"{subject}.{part}"


def desk_and_kind(subject: str) -> tuple[str, str]:
    """Take a subject of the ledger apart; raises ValueError for any other subject, and for one that names no kind."""
    match subject.split("."):
        case ["kib", "events", desk, kind]:
            return _token(desk), _token(kind)
        case ["kib", "events", desk, kind, part] if part in _PARTS and kind not in ABOUT.values():
            return _token(desk), _token(kind)
        case _:
            raise ValueError("not a subject of the ledger")


def rejected_subject(desk: str) -> str:
    """Name the subject for what a desk rejected; raises ValueError for what is no subject token."""
    return f"kib.rejected.{_token(desk)}"


def resolved_subject(desk: str) -> str:
    """Name the subject on which a desk says which of its refusals was made good; raises as `rejected_subject`."""
    return f"{rejected_subject(desk)}.resolved"


def resend_subject(desk: str) -> str:
    """Name the subject on which a desk takes what it refused once more; raises as `rejected_subject`."""
    return f"kib.desk.{_token(desk)}.resend"
