"""A closure that runs now, and reports from every municipality: what the live page is measured with.

Nobody in it exists: pseudonyms and schools are made up, organisations have numbers that are set aside for tests.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Final

from events import TYPE_PREFIX, event_subject, format_instant, local_day
from events.times import DAY
from projections.register import codes_on, municipalities

WEEKS: Final = 4
"""The closure has run for so many weeks, and goes on for as many."""
SECTORS: Final = ("po", "so", "vo", "mbo")
_SOURCE: Final = "urn:nld:oin:00000099900000000000:systeem:meting"

Message = tuple[str, bytes]
"""The subject and the bytes of an event to publish."""


class Crisis:
    """The whole country closed for weeks already; every report adds one pupil to the national number."""

    def __init__(self) -> None:
        """It is about now."""
        self.now = time.time_ns() // 1000
        today = local_day(self.now)
        self._first, self._last = today - 7 * WEEKS, today + 7 * WEEKS
        self._codes = sorted(codes_on(today)) or sorted({place.code for place in municipalities()})
        self._told = 0

    def opening(self, unreached: int) -> Iterator[Message]:
        """Give the announcement, a school of each sector in every municipality, and so many pupils not reached."""
        closure = {"closure": "meting", "sectors": SECTORS, "from": _day(self._first), "until": _day(self._last)}
        yield self._message("coordinator", "closure-announced", closure, self._first_instant)
        for place, code in enumerate(self._codes):
            for sector in SECTORS:
                school = {"school": _school(place), "sector": sector, "municipality": code, "from": "2010-08-01"}
                yield self._message("coordinator", "school-registered", school, self._first_instant)
        for number in range(unreached):
            yield self.report(self.now - (number * DAY // 97) % (7 * WEEKS * DAY))

    def report(self, occurred: int | None = None) -> Message:
        """Give the next report, from the next municipality: a pupil more that is not reached."""
        place = self._told % len(self._codes)
        loss = {
            "pupil": f"meting-{self._told:09}",
            "school": _school(place),
            "sector": SECTORS[self._told % len(SECTORS)],
            "municipality": self._codes[place],
        }
        return self._message("school", "contact-lost", loss, self.now if occurred is None else occurred)

    @property
    def _first_instant(self) -> int:
        return self.now - 7 * WEEKS * DAY

    def _message(self, desk: str, kind: str, data: Mapping[str, object], occurred: int) -> Message:
        self._told += 1
        event = {
            "specversion": "1.0",
            "id": f"meting-{self.now}-{self._told}",
            "source": _SOURCE,
            "type": TYPE_PREFIX + kind,
            "data": {"occurredAt": format_instant(occurred), **data},
        }
        return event_subject(desk, kind), json.dumps(event).encode()


def _day(ordinal: int) -> str:
    from datetime import date

    return date.fromordinal(ordinal).isoformat()


def _school(place: int) -> str:
    return f"Z{place:03}00"
