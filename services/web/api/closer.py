"""The closer look of the pages: of an area, and of one municipality school by school and by its past weeks.

It is answered only to whoever sees each municipality of the area exactly; whether that is so follows from the register
and the viewer alone, never from what was reported. A process beside the server works it out, as it does for the pages.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from starlette.requests import Request

from events.times import format_instant
from projections.live.durations import DURATIONS
from projections.live.schools import School
from services.api_rules import Problem, Reply, broken
from services.web.access import viewer_of
from services.web.api.asking import Asked, ask
from services.web.api.standing import Live
from services.web.api.writing import Listing, page_of
from services.web.boards import Boards
from services.web.details import Area, OfArea, OfPlace, Place, SettledWeek
from services.web.details.answering import FOLLOWED
from services.web.frame import KEYS
from services.web.municipality.closer import question_of as question_of_place
from services.web.now.closer import question_of as question_of_area
from services.web.topics import Current

__all__ = ["AREA_FIELDS", "AREA_FILTERS", "PLACE_FILTERS", "SCHOOL_FIELDS", "SETTLING_FIELDS", "CloserAnswers"]

AREA_FILTERS: Final = ("area", "sector")
PLACE_FILTERS: Final = ("municipality", "sector")
AREA_FIELDS: Final = (
    *("sector", "week", "unreached", "changeSinceYesterday", "households", "unreachedDuring"),
    *("under1Week", "from1To2Weeks", "from2To4Weeks", "over4Weeks"),
)
SCHOOL_FIELDS: Final = (
    *("school", "sector", "week", "reported", "onTime", "claimedUnreached"),
    *("firstRecorded", "lastRecorded", "silentSince", "silentWeeks"),
)
SETTLING_FIELDS: Final = (
    *("sector", "week", "atItsEnd", "after1Week", "after2Weeks", "after3Weeks", "after4Weeks", "now"),
)

_WAIT_SECONDS: Final = 10.0
_AGAIN: Final = 0.1
_SOON: Final = ((b"retry-after", b"5"),)


def _anything(_: object) -> bool:
    return True


class CloserAnswers:
    """Answers from what a process beside the server reads. Used on the event loop's thread."""

    def __init__(self, boards: Boards, live: Live) -> None:
        self._boards, self._live = boards, live

    async def area(self, request: Request) -> Reply:
        """Answer `GET /v1/closer`: a row for all sectors together, and one for each."""
        asked = ask(request, *AREA_FILTERS)
        codes, current = asked.municipalities, self._current(request, asked.municipalities)
        places = current.tables.places
        rows = None if codes is None else [at for at, place in enumerate(places) if place in codes]
        question = question_of_area(current.tables, current.frame, rows)
        if question is None:
            return self._page(request, asked, AREA_FIELDS, [])
        told: OfArea = await self._told(request, question)
        during = None
        if codes is not None and len(codes) == 1:
            (code,) = codes
            of_place: OfPlace = await self._told(request, Place(code, question.weeks))
            during = None if of_place.together is None else of_place.together.during
        return self._page(request, asked, AREA_FIELDS, list(_of_area(told, question, asked, during)))

    async def schools(self, request: Request) -> Reply:
        """Answer `GET /v1/schools`: those that are expected to answer for the last week of their sector."""
        asked, question, told = await self._of_place(request)
        weeks = dict(question.weeks) if question is not None else {}
        listed = [] if told is None else [each for each in told.schools if asked.sector in (None, each.sector)]
        return self._page(request, asked, SCHOOL_FIELDS, [_of_school(each, weeks[each.sector]) for each in listed])

    async def settling(self, request: Request) -> Reply:
        """Answer `GET /v1/settling`: past weeks, the last first, as they were known when."""
        asked, _, told = await self._of_place(request, lambda told: told.settled is not None)
        settled = {} if told is None else told.settled or {}
        found = [
            _of_week(key, week)
            for key in (KEYS if asked.sector is None else (asked.sector,))
            for week in settled.get(key, ())
        ]
        return self._page(request, asked, SETTLING_FIELDS, found)

    async def _of_place(
        self, request: Request, enough: Callable[[OfPlace], bool] = _anything
    ) -> tuple[Asked, Place | None, OfPlace | None]:
        asked = ask(request, *PLACE_FILTERS)
        if asked.municipalities is None or [name for name, _ in asked.pairs].count("municipality") != 1:
            raise broken("municipality", "must be given, once")
        current = self._current(request, asked.municipalities)
        (code,) = asked.municipalities
        question = question_of_place(current.frame, code)
        return asked, question, None if question is None else await self._told(request, question, enough)

    def _current(self, request: Request, codes: frozenset[str] | None) -> Current:
        """Give what the viewer's pages show. Raises a Problem where any of the municipalities is not theirs."""
        viewer = viewer_of(request)
        if viewer.codes is not None and (codes is None or not codes or not viewer.codes.issuperset(codes)):
            raise Problem(403, "A closer look is for those who see all of it exactly.", kind="exact-only")
        board = self._boards.of(viewer)
        board.refresh()
        if board.current is None:
            raise Problem(503, "The count is being read.", headers=((b"retry-after", b"2"),), kind="starting")
        return board.current

    async def _told(self, request: Request, question: Area | Place, enough: Callable[[Any], bool] = _anything) -> Any:
        """Wait for an answer to a question that is enough. Raises a Problem when it does not come."""
        deadline = time.monotonic() + (_WAIT_SECONDS if request.app.state.details is not None else 0)
        board = self._boards.of(viewer_of(request))
        while True:
            found: Any = None if board.current is None else board.current.details(question)
            if found is not None and enough(found):
                return found
            if time.monotonic() >= deadline:
                raise Problem(503, "It is being worked out; ask again.", headers=_SOON, kind="working")
            await asyncio.sleep(_AGAIN)

    def _page(self, request: Request, asked: Asked, fields: tuple[str, ...], items: list[tuple[Any, ...]]) -> Reply:
        standing = self._live.standing()
        as_of = standing.as_of if standing is not None else self._live.clock()
        return page_of(request, asked, Listing.of(fields, items), as_of=as_of, position=None)


def _of_area(told: OfArea, question: Area, asked: Asked, during: int | None) -> Iterator[tuple[Any, ...]]:
    for key, week in question.weeks:
        if asked.sector in (None, key):
            parts = told.durations.get(key, (None,) * len(DURATIONS))
            numbers = told.unreached.get(key), told.change.get(key), told.households.get(key)
            yield key, week, *numbers, during if key == KEYS[0] else None, *parts


def _of_school(school: School, week: str) -> tuple[Any, ...]:
    return (
        *(school.school, school.sector, week, school.reported, school.on_time, school.claim),
        *(None if at is None else format_instant(at) for at in (school.first_recorded, school.last_recorded)),
        *(school.silent_since, school.silent_weeks),
    )


def _of_week(key: str, week: SettledWeek) -> tuple[Any, ...]:
    return key, week.week, *week.known, *(None,) * (FOLLOWED - len(week.known)), week.now
