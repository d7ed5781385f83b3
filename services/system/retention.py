"""From which day on everyone is to be erased: so many days after the last closure has ended."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Protocol

__all__ = ["Ended", "due_after"]


class Ended(Protocol):
    """What is asked of a closure."""

    @property
    def until(self) -> date | None:
        """Its last day; None: no end was announced."""


def due_after(closures: Iterable[Ended], days: int) -> date | None:
    """Give the day; None where no term is set, no closure was announced, or one has no end yet: nothing is due then."""
    ends = [closure.until for closure in closures]
    known = [end for end in ends if end is not None]
    return max(known) + timedelta(days=days) if days and known and len(known) == len(ends) else None
