"""Asking the live view's process which schools are silent, for whoever may not read the ledger itself.

A request on `kib.view.silent`, answered once. Nothing of a pupil is in it: schools and weeks only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from events.subjects import VIEW_SILENT
from events.values import Municipality, School, Sector, Week

__all__ = ["MOST", "SILENT_SUBJECT", "Ask", "SilentAnswer", "SilentRequest", "SilentSchool"]

SILENT_SUBJECT: Final = VIEW_SILENT
MOST: Final = 200
"""Schools in one answer at most: a message of the broker holds 1 MiB."""


class SilentRequest(BaseModel):
    """Which silent schools to list: those of a week, from the `offset`th on, by municipality and school."""

    model_config = ConfigDict(frozen=True)

    week: Week
    municipality: Municipality | None = None
    not_reminded: bool = False
    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=MOST, ge=1, le=MOST)


class SilentSchool(BaseModel):
    """A silent school, as `services.reminders.Silent` says it."""

    model_config = ConfigDict(frozen=True)

    municipality: str
    school: School
    sector: Sector
    name: str | None
    late_before: int
    weeks_before: int
    reminded: int
    last_reminded: int | None


class SilentAnswer(BaseModel):
    """The schools asked for, as known at `as_of` (microseconds), and how many there are in all.

    `reminded`: how many of these were reminded. `problem`: why there is no list.
    """

    model_config = ConfigDict(frozen=True)

    as_of: int
    total: int = 0
    reminded: int = 0
    schools: list[SilentSchool] = []
    problem: Literal["ledger", "slow"] | None = None


Ask = Callable[[SilentRequest], Awaitable[SilentAnswer | None]]
"""Asks; None when nobody answers."""
