"""What a message of the ledger is: an event and when it was recorded, or nothing that counts."""

from __future__ import annotations

from events import IMPORT_DESK, Event, ensure_recordable, parse_event, to_micros

_IMPORTED = f"kib.events.{IMPORT_DESK}."


def judge(subject: str, stamped: int, raw: bytes) -> tuple[Event, int]:
    """Return the event of a message and its recorded time, in microseconds.

    `stamped` is the ledger's own time of the message. Only on the desk `import` an event's own recordedtime is its
    recorded time (EVENTS: a live event loses one). Raises `Rejected` for a message that is not a valid event.
    """
    imported = subject.startswith(_IMPORTED)
    event = parse_event(raw, live=not imported)
    if event.recordedtime is not None and imported:
        return event, to_micros(event.recordedtime)
    ensure_recordable(event, stamped)
    return event, stamped
