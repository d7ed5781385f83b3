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
from events.errors import Rejected
from events.parse import parse_event
from events.subjects import ABOUT, PARTS

__all__ = ["part_of", "part_of_event", "part_of_key", "part_of_raw", "parts_of_columns"]

_BY_KEY: Final = "reminder-sent"
"""It changes nothing, and goes by its key; of the others the member that they are about decides."""


def part_of(owner: str) -> int:
    """Give the part of a pupil or a school, 0 to `PARTS` - 1: the same for ever, for every release."""
    return zlib.crc32(owner.encode()) % PARTS


def part_of_key(key: bytes) -> int:
    """Give the part of an event that changes nothing, by its key."""
    return key[0] % PARTS


def part_of_event(event: Event) -> int | None:
    """Give the part of an event; None for one that is for all, or only for the worker of all the rest."""
    if event.kind == _BY_KEY:
        return part_of_key(event_key(event.source, event.id))
    member = ABOUT.get(event.kind)
    return None if member is None else part_of(getattr(event.data, member))


def part_of_raw(raw: bytes) -> int | None:
    """Give the part of an event as it is sent; None also for what is no valid event."""
    try:
        return part_of_event(parse_event(raw))
    except Rejected:
        return None


def parts_of_columns(kind: str, values: Mapping[str, Sequence[Any]], keys: Sequence[bytes]) -> list[int] | None:
    """Give the part of each of many events of one kind; None where none has one."""
    if kind == _BY_KEY:
        return list(map(part_of_key, keys))
    member = ABOUT.get(kind)
    return None if member is None else list(map(part_of, values[member]))
