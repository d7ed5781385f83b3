"""From which day on everyone is to be erased: so many days after the last closure has ended; and when that was done."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta
from typing import Protocol

from deploy.private_files import write_private
from events.times import day_start, format_instant, parse_instant
from services.system.clock import real_now
from services.system.data_dir import DataDir

__all__ = ["Ended", "due_after", "erased_at", "note_erased"]


class Ended(Protocol):
    """What is asked of a closure."""

    @property
    def until(self) -> date | None:
        """Its last day; None: no end was announced."""


def due_after(closures: Iterable[Ended], days: int, erased: int | None) -> date | None:
    """Give the day; None: nothing is due.

    So it is where no term is set, no closure was announced, one has no end yet, or everyone was erased on that day or
    later. `erased`: when that was done last, in microseconds (`erased_at`).
    """
    ends = [closure.until for closure in closures]
    known = [end for end in ends if end is not None]
    if not days or not known or len(known) < len(ends):
        return None
    due = max(known) + timedelta(days=days)
    return due if erased is None or erased < day_start(due.toordinal()) else None


def note_erased(data_dir: DataDir) -> None:
    """Note in a data directory that everyone is erased, now. Raises OSError."""
    write_private(data_dir.erased, json.dumps({"everyone": format_instant(real_now())}) + "\n")


def erased_at(data_dir: DataDir) -> int | None:
    """Give when everyone was erased last, in microseconds; None where nobody ever was, or it cannot be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return parse_instant(json.loads(data_dir.erased.read_text("utf-8"))["everyone"])
    return None
