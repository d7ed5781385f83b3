"""Which schools have not answered for a week, on the coordinator's page, and marking that they were reminded.

The list is the live view's to give: a desk reads nothing of the ledger. A mark is a report like any other, taken in by
this desk itself.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from events import TYPE_PREFIX, Rejected, format_instant, local_day, week_monday, week_of_day
from services.desks.answers import DeskUnavailable, Fate
from services.desks.pages.fields import Field
from services.desks.pages.front import Front
from services.desks.pages.places import options
from services.desks.pages.rendering import Shown
from services.desks.pages.sessions import Visitor
from services.reminders.asking import Ask, SilentRequest
from services.reminders.marking import reminder_id

__all__ = ["COORDINATOR", "SilentSchools"]

COORDINATOR: Final = "coordinator"
PAGE: Final = 100
"""Schools on a page."""
_WEEK: Final = Field("week", "week", "week")
_PLACE: Final = Field("municipality", "municipality", "municipality", required=False)
_TICKED: Final = re.compile(r"([0-9A-Z]{6}):([a-z]{2,3}):([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which schools to list: `fresh`: those not reminded yet; `start`: how many are passed over."""

    week: str
    municipality: str | None
    fresh: bool
    start: int

    @classmethod
    def read(cls, given: Mapping[str, str], now: int) -> Wanted:
        """Read it from an address or a form; what cannot be is as if it were not there. By default the last week."""
        week = given.get("week", "")
        try:
            week_monday(week)
        except Rejected:
            week = week_of_day(local_day(now) - 7)
        place, start = given.get("municipality", ""), given.get("start", "")
        known = {code for code, _ in options(now)}
        return cls(
            week,
            place if place in known else None,
            given.get("fresh") == "yes",
            int(start) if start.isascii() and start.isdigit() and len(start) <= 6 else 0,
        )

    def parameters(self, **changes: str) -> dict[str, str]:
        """Give it as an address has it, with `changes`."""
        given = {
            "week": self.week,
            "municipality": self.municipality or "",
            "fresh": "yes" if self.fresh else "",
            "start": str(self.start) if self.start else "",
        }
        return {name: value for name, value in (given | changes).items() if value}

    def href(self, **changes: str) -> str:
        """Give the address of the page with `changes`."""
        return f"/silent?{urlencode(self.parameters(**changes))}"


class SilentSchools:
    """The page of silent schools. `ask`: asks the live view; None: nobody can be asked."""

    def __init__(self, front: Front, ask: Ask | None) -> None:
        self._front, self._ask = front, ask

    async def page(self, request: Request) -> Response:
        """Answer `/silent?week=&municipality=&fresh=&start=`, and the marks sent from there."""
        visitor = await self._front.visitor(request)
        if isinstance(visitor, Response):
            return visitor
        shown = self._front.shown(request, visitor)
        if request.method != "POST":
            wanted = Wanted.read(request.query_params, shown.now)
            return await self._list(request, shown, wanted, all_ticked=request.query_params.get("tick") == "all")
        submitted = await self._front.submitted(request, shown)
        if isinstance(submitted, Response):
            return submitted
        wanted = Wanted.read(submitted.fields, shown.now)
        ticked = list(dict.fromkeys(_TICKED.findall(submitted.fields.get("school", ""))))
        if not ticked or not self._front.sources(visitor):
            return await self._list(request, replace(shown, notice="mark_none"), wanted, status=400)
        source = self._front.source_of(visitor, submitted.fields)
        try:
            marked = await self._mark(ticked, wanted.week, source, visitor)
        except DeskUnavailable as trouble:
            return self._front.message(request, "unsure" if trouble.unsure else "unavailable", 503)
        extra = {"marked": marked, "week": wanted.week, "back": wanted.href(start="")}
        refused = marked["refused"] > 0
        return self._front.page(request, "marked.html", replace(shown, extra=extra), 400 if refused else 200)

    async def _list(
        self, request: Request, shown: Shown, wanted: Wanted, *, all_ticked: bool = False, status: int = 200
    ) -> Response:
        answer = None
        if self._ask is not None:
            answer = await self._ask(
                SilentRequest(
                    week=wanted.week,
                    municipality=wanted.municipality,
                    not_reminded=wanted.fresh,
                    offset=wanted.start,
                    limit=PAGE,
                )
            )
        away = answer is None or answer.problem is not None
        more = answer is not None and wanted.start + PAGE < answer.total
        extra = {
            "found": None if away else answer,
            "wanted": wanted,
            "fields": (_WEEK, _PLACE),
            "all_ticked": all_ticked,
            "following": wanted.href(start=str(wanted.start + PAGE)) if more else None,
            "preceding": wanted.href(start=str(max(0, wanted.start - PAGE) or "")) if wanted.start else None,
        }
        if away and not shown.notice:
            shown = replace(shown, notice="silent_slow" if answer and answer.problem == "slow" else "silent_away")
        given = {"week": wanted.week, "municipality": wanted.municipality or ""}
        told = replace(shown, given=given, kept=wanted.parameters(), extra=extra)
        return self._front.page(request, "silent.html", told, 503 if away and status == 200 else status)

    async def _mark(self, ticked: list[tuple[str, str, str]], week: str, source: str, visitor: Visitor) -> Counter[str]:
        """Report a reminder for each school; give how many were marked, marked already, and refused."""
        desk, marked = self._front.desk, Counter[str]()
        raws: list[bytes] = []
        for school, sector, reminded in ticked:
            id = reminder_id(source, school, sector, week, int(reminded))
            if await asyncio.to_thread(desk.report, source, id) is not None:
                marked["known"] += 1  # by somebody else a moment ago, or by this form sent twice
                continue
            data = {"school": school, "sector": sector, "week": week, "occurredAt": format_instant(desk.now())}
            kind = f"{TYPE_PREFIX}reminder-sent"
            event = {"specversion": "1.0", "id": id, "source": source, "type": kind, "data": data}
            raws.append(json.dumps(event, separators=(",", ":")).encode())
        for answer in await desk.accept(raws, sources=visitor.sources):
            # Another time under the same id: somebody else marked it at this very moment.
            known = answer.fate in (Fate.KNOWN, Fate.CONFLICT)
            marked["accepted" if answer.fate is Fate.ACCEPTED else "known" if known else "refused"] += 1
        return marked
