"""What the fold keeps of each pupil, household, school and closure, and how it is packed in the view (MessagePack)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from projections.fold import calendar, household, reports, school
from projections.live.message import CLOSURE, PUPIL, SCHOOL

__all__ = ["DECODE", "TABLES", "announcements", "encode", "history", "members", "statements"]

encode: Final[Callable[[Any], bytes]] = msgspec.msgpack.Encoder().encode
history: Final[Callable[[bytes], list[reports.Report]]] = msgspec.msgpack.Decoder(list[reports.Report]).decode
members: Final[Callable[[bytes], dict[str, household.Member]]] = msgspec.msgpack.Decoder(
    dict[str, household.Member]
).decode
statements: Final[Callable[[bytes], list[school.Statement]]] = msgspec.msgpack.Decoder(list[school.Statement]).decode
announcements: Final[Callable[[bytes], list[calendar.Announcement]]] = msgspec.msgpack.Decoder(
    list[calendar.Announcement]
).decode
TABLES: Final = {PUPIL: "pupil", SCHOOL: "school", CLOSURE: "closure"}
"""By the kind of event, the table of whom it is about."""
DECODE: Final[dict[str, Callable[[bytes], Any]]] = {
    "pupil": history,
    "school": statements,
    "closure": announcements,
    "household": members,
}
"""By the table of the view."""
