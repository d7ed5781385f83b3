"""What was reported here before by the visitor's organisations: what became of it, and from where it is withdrawn.

An address holds the place of a report in the desk's own log, never its reference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from services.desks.answers import DeskUnavailable, Fate, StoredReport
from services.desks.desk import LAST, Desk
from services.desks.pages.composing import Given, Problem, problem_at
from services.desks.pages.fields import FORMS, RETRACTION
from services.desks.pages.front import Front

__all__ = ["Earlier", "retraction_of"]

PAGE: Final = 50
"""Reports on a page."""


@dataclass(frozen=True, slots=True)
class Line:
    """One report as the page shows it. `problem`: what was wrong with it, in the page's words, where it has them."""

    stored: StoredReport
    problem: Problem | None
    may_retract: bool


class Earlier:
    """The page of earlier reports."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def reports(self, request: Request) -> Response:
        """Answer `/reports?before=`: the newest first."""
        visitor = await self._front.visitor(request)
        if isinstance(visitor, Response):
            return visitor
        before = position_in(request, "before") or LAST
        sources = self._front.sources(visitor)
        try:
            found = await asyncio.to_thread(self._front.desk.newest, sources, before=before, limit=PAGE + 1)
        except DeskUnavailable:
            return self._front.message(request, "unavailable", 503)
        shown = self._front.shown(request, visitor)
        extra = {
            "lines": [_line(stored) for stored in found[:PAGE]],
            "older": found[PAGE - 1].position if len(found) > PAGE else None,
            "later": before != LAST,
        }
        kept = {"before": str(before)} if before != LAST else {}
        return self._front.page(request, "reports.html", replace(shown, extra=extra, kept=kept))


def _line(stored: StoredReport) -> Line:
    form = FORMS.get(stored.kind or "")
    problem = None
    if stored.fate is Fate.REJECTED:
        problem = problem_at(form, stored.field, stored.rule) if form is not None else Problem("", "problem_other")
    return Line(stored, problem, stored.fate is Fate.ACCEPTED and stored.kind != RETRACTION)


async def retraction_of(desk: Desk, sources: Sequence[str], position: int | None) -> Given:
    """Give what the form that withdraws the report at a position begins with; nothing when it is not one of theirs."""
    if position is None:
        return {}
    try:
        found = await asyncio.to_thread(desk.newest, sources, before=position + 1, limit=1)
    except DeskUnavailable:
        return {}  # sending the form will say so
    if not found or found[0].position != position or found[0].fate is not Fate.ACCEPTED:
        return {}
    source = found[0].source or ""
    return {"source": source, "reporter": source, "reference": found[0].id or ""}


def position_in(request: Request, name: str) -> int | None:
    """Read a place in the desk's log from the query; None when it is none."""
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None
