"""Into which part of the live view an event goes, where several workers keep it: by the pupil or school it is about.

A part stands in the event's subject, so that the broker gives each worker its own. It names nobody: an eighth of all
pupils share it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from events.content import event_key
from events.envelope import Event
from events.subjects import PARTS

__all__ = ["part_of", "part_of_event", "part_of_key", "parts_of_columns"]

_ABOUT: Final = {
    "contact-lost": "pupil",
    "contact-restored": "pupil",
    "device-lent": "pupil",
    "door-visit": "pupil",
    "residence-established": "pupil",
    "week-reported": "school",
    "school-registered": "school",
}
"""By kind, the member that decides; a reminder goes by its key, any other kind is in no part."""
_BY_KEY: Final = "reminder-sent"


def part_of(owner: str) -> int:
    """Give the part of a pupil or a school, 0 to `PARTS` - 1: the same for ever, for every release."""
    return zlib.crc32(owner.encode()) % PARTS


def part_of_key(key: bytes) -> int:
    """Give the part of an event that changes nothing, by its key."""
    return key[0] % PARTS


def part_of_event(event: Event) -> int | None:
    """Give the part of an event; None for one that is for all, or only for the worker of all the rest."""
    if (member := _ABOUT.get(event.kind)) is not None:
        return part_of(getattr(event.data, member))
    return part_of_key(event_key(event.source, event.id)) if event.kind == _BY_KEY else None


def parts_of_columns(kind: str, values: Mapping[str, Sequence[Any]], keys: Sequence[bytes]) -> list[int] | None:
    """Give the part of each of many events of one kind; None where none has one."""
    if (member := _ABOUT.get(kind)) is not None:
        return list(map(part_of, values[member]))
    return list(map(part_of_key, keys)) if kind == _BY_KEY else None
