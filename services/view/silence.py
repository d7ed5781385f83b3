"""Answering which schools are silent: listed in a process of its own, so that the fold goes on meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from pydantic import TypeAdapter

from events import local_day
from services.reminders.asking import SilentAnswer, SilentRequest, SilentSchool
from services.reminders.silence import number_of_messages
from services.system import DataDir, SystemUnavailable, find_system
from services.system.beside import written_by

if TYPE_CHECKING:
    from nats.aio.client import Client

__all__ = ["SilentLists"]

_SECONDS: Final = 50.0
"""How long a list may take; an answer after a minute would not be permitted any more."""
_WEEKS: Final = 4
"""Weeks whose lists are kept at most."""
_KEPT_SECONDS: Final = 60.0
"""How long a list is kept at most, should the ledger's clock be ahead of ours."""
_read: Final = TypeAdapter(list[SilentSchool]).validate_json


class Kept(NamedTuple):
    """A list, and while what it holds: the day, the number of messages about schools, and a moment of this process."""

    day: int
    number: int
    until: float
    as_of: int
    schools: list[SilentSchool]


class SilentLists:
    """Answers which schools are silent. `client` gives the connection to the ledger.

    A list is kept for as long as it holds: paging and choosing a municipality make none anew.
    """

    def __init__(self, data_dir: DataDir, client: Callable[[], Client | None]) -> None:
        self._data_dir, self._client = data_dir, client
        self._kept: dict[str, Kept] = {}

    async def answer(self, asked: SilentRequest) -> SilentAnswer:
        """Give the schools asked for as known now, by the clock of the system."""
        try:
            async with asyncio.timeout(_SECONDS):
                kept = await self._schools(asked.week)
        except TimeoutError:
            return SilentAnswer(as_of=0, problem="slow")
        if kept is None:
            return SilentAnswer(as_of=0, problem="ledger")
        found = [
            each
            for each in kept.schools
            if asked.municipality in (None, each.municipality) and not (asked.not_reminded and each.reminded)
        ]
        return SilentAnswer(
            as_of=kept.as_of,
            total=len(found),
            reminded=sum(each.reminded > 0 for each in found),
            schools=found[asked.offset : asked.offset + asked.limit],
        )

    async def _schools(self, week: str) -> Kept | None:
        client = self._client()
        number = None if client is None else await number_of_messages(client)
        if number is None:
            return None
        try:
            # Only now: what was counted was recorded before this.
            as_of = find_system(self._data_dir).clock.now()
        except SystemUnavailable:
            return None
        day, kept = local_day(as_of), self._kept.get(week)
        if kept is not None and (kept.day, kept.number) == (day, number) and time.monotonic() < kept.until:
            return kept
        written = await written_by("services.reminders", str(self._data_dir.path), week, str(as_of))
        if written is None:
            return None
        if len(self._kept) >= _WEEKS:
            self._kept.clear()
        self._kept[week] = Kept(day, number, time.monotonic() + _KEPT_SECONDS, as_of, _read(written))
        return self._kept[week]
