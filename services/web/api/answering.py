"""What is answered at each address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from starlette.requests import Request

from events.times import format_instant, week_of_day
from projections.register import Municipality, municipalities
from projections.register.areas import province_of
from projections.tables import COUNT_MEASURES, COVERAGE_MEASURES, KEY, SECTORS
from services.api_rules import Problem, Reply, broken, encode, read_query
from services.web import wording
from services.web.access import Viewer, viewer_of
from services.web.api.asking import Asked, ask
from services.web.api.calendar import closed_sectors
from services.web.api.rates import RATE_FILTERS, list_rates
from services.web.api.showing import show
from services.web.api.standing import Known, Live, Replays, Standing
from services.web.api.writing import Listing, page_of
from services.web.audited import AuditSeen, audit_told
from services.web.source import ClosureLike

__all__ = [
    "CLOSURE_FIELDS",
    "COUNT_FIELDS",
    "COVERAGE_FIELDS",
    "MUNICIPALITY_FIELDS",
    "TABLE_FILTERS",
    "WEEK_FIELDS",
    "Answers",
    "camel",
]


def camel(name: str) -> str:
    """Write the name of a column as members of JSON are written: `newly_lost` as `newlyLost`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


TABLE_FILTERS: Final = ("municipality", "area", "sector", "week", "fromWeek", "untilWeek", "asOf")
COUNT_FIELDS: Final = (
    *KEY,
    "unreached",
    "unreachedLow",
    "unreachedHigh",
    *(camel(name) for name in COUNT_MEASURES if name != "unreached"),
)
COVERAGE_FIELDS: Final = (*KEY, *map(camel, COVERAGE_MEASURES))
MUNICIPALITY_FIELDS: Final = (
    *("code", "name", "validFrom", "validUntil", "successors", "province", "provinceName"),
    *("safetyRegion", "safetyRegionName", "latitude", "longitude"),
)
WEEK_FIELDS: Final = ("week", "firstDay", "lastDay", "closedSectors", "running")
CLOSURE_FIELDS: Final = ("closure", "sectors", "from", "until", "municipalities", "regime")


_LATER: Final = ((b"retry-after", b"30"),)


class Answers:
    """Answers from the live view, and from replays of the ledger. Used on the event loop's thread."""

    def __init__(self, live: Live, replays: Replays | None) -> None:
        """`replays`: None where tables of an earlier time cannot be had."""
        self._live, self._replays = live, replays

    async def counts(self, request: Request) -> Reply:
        """Answer `GET /v1/counts`."""
        asked = ask(request, *TABLE_FILTERS, "minUnreached", "allRows")
        return await self._table(request, asked, "counts", COUNT_FIELDS)

    async def coverage(self, request: Request) -> Reply:
        """Answer `GET /v1/coverage`."""
        return await self._table(request, ask(request, *TABLE_FILTERS), "coverage", COVERAGE_FIELDS)

    async def _table(self, request: Request, asked: Asked, table: str, fields: Sequence[str]) -> Reply:
        viewer = viewer_of(request)
        known = await self._known(asked, viewer)
        # What everyone knew of a municipality at an earlier time is another question: open data answers it, by day.
        others = None if viewer.all_exact or asked.as_of is not None else self._live.others()
        shown = show(table, known.rows(table, asked.all_rows), others, viewer, asked)
        listing = Listing(fields, len(shown), shown.values)
        public_as_of = None if others is None else others.public.as_of
        return _page(request, asked, listing, known, public_as_of)

    async def rates(self, request: Request) -> Reply:
        """Answer `GET /v1/rates`."""
        asked, standing, viewer = ask(request, *RATE_FILTERS), self._standing(), viewer_of(request)
        if not viewer.all_exact and not viewer.codes:
            raise Problem(403, "Registered pupils are for those who may see exact figures.", kind="exact-only")
        return _page(request, asked, list_rates(standing.rates, viewer, asked), standing)

    async def municipalities(self, request: Request) -> Reply:
        """Answer `GET /v1/municipalities`."""
        asked, standing = ask(request, "day", "area", "q"), self._standing()
        found = [
            _municipality(m)
            for m in municipalities()
            if (asked.day is None or m.valid_from <= asked.day <= (m.valid_until or date.max))
            and (asked.municipalities is None or m.code in asked.municipalities)
            and asked.name in wording.fold(m.name)
        ]
        return _page(request, asked, Listing.of(MUNICIPALITY_FIELDS, found), standing)

    async def weeks(self, request: Request) -> Reply:
        """Answer `GET /v1/weeks`."""
        asked, standing = ask(request), self._standing()
        calendar = standing.calendar
        now = week_of_day(calendar.today)
        weeks = zip(calendar.weeks, calendar.mondays, closed_sectors(calendar), strict=True)
        found = [
            (week, _day(date.fromordinal(monday)), _day(date.fromordinal(monday + 6)), sectors, week == now)
            for week, monday, sectors in weeks
        ]
        return _page(request, asked, Listing.of(WEEK_FIELDS, found), standing)

    async def closures(self, request: Request) -> Reply:
        """Answer `GET /v1/closures`."""
        asked, standing = ask(request), self._standing()
        found = [_closure(c) for c in sorted(standing.closures, key=lambda c: (c.starts, c.name))]
        return _page(request, asked, Listing.of(CLOSURE_FIELDS, found), standing)

    async def status(self, request: Request) -> Reply:
        """Answer `GET /v1/status`."""
        read_query(request.scope["query_string"], ())
        self._standing()
        fresh = self._live.board.fresh
        if fresh is None:
            raise _starting()
        told = viewer_of(request).all_exact
        content = {
            "asOf": format_instant(fresh.as_of),
            "position": fresh.position if told else None,
            "ledgerPosition": fresh.ledger_position if told else None,
            "eventsBehind": fresh.events_behind if told else None,
            "secondsBehind": round(fresh.seconds_behind, 3) if told else None,
            "current": not fresh.problem,
            "clock": "simulated" if self._live.board.simulated else "real",
            "lastAudit": audit_told(AuditSeen.of(self._live.audit(), everything=told)),
        }
        return Reply(200, encode(content))

    def _standing(self) -> Standing:
        standing = self._live.standing()
        if standing is None:
            raise _starting()
        return standing

    async def _known(self, asked: Asked, viewer: Viewer) -> Known:
        if asked.as_of is None:
            return self._standing()
        if not viewer.all_exact and not viewer.codes:
            raise Problem(403, "Earlier times are for those who may see exact figures.", kind="exact-only")
        if asked.as_of > self._live.clock():
            raise broken("asOf", "must not lie in the future of the system's clock")
        if self._replays is None:
            raise Problem(
                503, "There is no ledger to replay here.", headers=((b"retry-after", b"30"),), kind="no-replay"
            )
        return await self._replays.known_at(asked.as_of, asked.all_rows)


def _starting() -> Problem:
    return Problem(503, "The count is being read.", headers=((b"retry-after", b"2"),), kind="starting")


def _page(request: Request, asked: Asked, listing: Listing, known: Known, public_as_of: int | None = None) -> Reply:
    # How many events the ledger holds is for who sees all of them.
    position = known.position if viewer_of(request).all_exact else None
    return page_of(request, asked, listing, as_of=known.as_of, position=position, public_as_of=public_as_of)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _municipality(m: Municipality) -> tuple[Any, ...]:
    province = province_of(m.code)
    return (
        m.code,
        m.name,
        _day(m.valid_from),
        _day(m.valid_until),
        m.successors,
        None if province is None else province.code,
        m.province,
        m.safety_region,
        m.safety_region_name,
        m.latitude,
        m.longitude,
    )


def _closure(closure: ClosureLike) -> tuple[Any, ...]:
    sectors = tuple(sector for sector in SECTORS if sector in closure.sectors)
    until = _day(closure.until)
    return closure.name, sectors, _day(closure.starts), until, closure.municipalities, closure.regime
