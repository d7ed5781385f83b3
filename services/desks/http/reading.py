"""Reading back: one's own reports and their fate, and for the coordinator what the desk refused."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes, urlencode

import msgspec

from events import format_instant
from services.api_rules import Problem, Reply, broken, encode, one_of, whole
from services.desks.answers import StoredRejection, StoredReport
from services.desks.desk import Desk
from services.desks.http.binding import Mode, mode_of
from services.desks.http.call import Call
from services.desks.http.limits import Limits, Meter
from services.desks.http.taking import reply_to

__all__ = ["LIMIT", "MOST", "Reading"]

LIMIT: Final = 100
"""Entries of a page unless asked otherwise."""
MOST: Final = 500
"""Entries of a page at most."""
_LAST: Final = 2**63 - 1

_EVENTS: Final = "/v1/events"
_REJECTED: Final = "/v1/rejected"
_CONTENT: Final = ((b"content-disposition", b"attachment"),)


class Reading:
    """Reads back what a desk holds. The desk's own methods block on its store: each runs in a thread."""

    def __init__(self, desk: Desk, limits: Limits, meter: Meter) -> None:
        self._desk = desk
        self._limits = limits
        self._meter = meter

    async def reports(self, call: Call) -> Reply:
        """Answer `GET /v1/events?after=&limit=&source=`."""
        query = call.query("after", "limit", "source")
        after, limit = _span(query)
        source = _own_source(call, query.get("source"))
        self._meter.pay(call.payer, 1)
        found = await asyncio.to_thread(self._desk.reports, source, after=after, limit=limit)
        asked = {"source": source} if "source" in query else {}
        return _page([_report(each) for each in found], _EVENTS, after, limit, asked)

    async def report(self, call: Call) -> Reply:
        """Answer `GET /v1/events/{source}/{id}`."""
        call.query()
        steps = _steps(call, _EVENTS)
        if len(steps) != 2:
            raise not_found()
        source, id = steps
        if call.sources is not None and source not in call.sources:
            raise not_found()  # whether another sender reported something is not told
        self._meter.pay(call.payer, 1)
        found = await asyncio.to_thread(self._desk.report, source, id)
        if found is None:
            raise not_found()
        return Reply(200, encode(_report(found) | {"event": msgspec.Raw(found.raw)}))

    async def rejected(self, call: Call) -> Reply:
        """Answer `GET /v1/rejected?after=&limit=&resolved=`."""
        call.ensure_coordinator()
        query = call.query("after", "limit", "resolved")
        after, limit = _span(query)
        resolved = one_of(query.get("resolved"), "resolved", "false", "true", "false")
        self._meter.pay(call.payer, 1)
        found = await asyncio.to_thread(self._desk.rejected, after=after, limit=limit, unresolved=resolved == "false")
        asked = {"resolved": resolved} if "resolved" in query else {}
        return _page([_rejection(each) for each in found], _REJECTED, after, limit, asked)

    async def rejection(self, call: Call) -> Reply:
        """Answer `GET /v1/rejected/{position}` and `…/content`."""
        call.ensure_coordinator()
        call.query()
        position, rest = _position(call)
        self._meter.pay(call.payer, 1)
        found = await asyncio.to_thread(self._desk.rejected, after=position - 1, limit=1, unresolved=False)
        if not found or found[0].position != position:
            raise not_found()
        if rest == ["content"]:
            return Reply(200, found[0].raw, b"application/octet-stream", _CONTENT)
        if rest:
            raise not_found()
        return Reply(200, encode(_rejection(found[0])))

    async def resend(self, call: Call) -> Reply:
        """Answer `POST /v1/rejected/{position}/resend`: as it was, or corrected by the body."""
        call.ensure_coordinator()
        call.query()
        position, rest = _position(call)
        if rest != ["resend"]:
            raise not_found()
        body = await call.body(self._limits.single_bytes)
        if body and mode_of(call.headers.get(b"content-type", b"")) is not Mode.STRUCTURED:
            raise Problem(415, f"A corrected event must be {Mode.STRUCTURED.value}, in UTF-8.")
        self._meter.pay(call.payer, 1)
        try:
            return reply_to(await self._desk.resend(position, body or None))
        except LookupError:
            raise not_found() from None


def not_found() -> Problem:
    """Give the Problem of what does not exist, or not for this sender."""
    return Problem(404, "There is nothing at this address.")


def _own_source(call: Call, asked: str | None) -> str:
    allowed = call.sources
    if asked is None:
        if allowed is None or len(allowed) != 1:
            raise broken("source", "is required where the key does not say which one")
        return next(iter(allowed))
    if allowed is not None and asked not in allowed:
        raise Problem(403, "The source is not one that the sender may speak for.", kind="forbidden")
    return asked


def _span(query: dict[str, str]) -> tuple[int, int]:
    """Read behind which position a page begins, and how many entries it has at most."""
    return whole(query.get("after"), "after", 0, 0, _LAST), whole(query.get("limit"), "limit", LIMIT, 1, MOST)


def _steps(call: Call, base: str) -> list[str]:
    """Take the address apart behind `base` as it was written: a source or an id may hold an encoded slash."""
    path: bytes = call.scope.get("raw_path") or quote(call.scope["path"]).encode()
    _, found, rest = path.partition(f"{base}/".encode())
    try:
        return [unquote_to_bytes(step).decode() for step in rest.split(b"/")] if found else []
    except UnicodeDecodeError:
        return []


def _position(call: Call) -> tuple[int, list[str]]:
    first, *rest = _steps(call, _REJECTED) or [""]
    if not (first.isascii() and first.isdigit() and len(first) <= 19 and 1 <= int(first) <= _LAST):
        raise not_found()
    return int(first), rest


def _page(entries: list[dict[str, Any]], path: str, after: int, limit: int, asked: dict[str, str]) -> Reply:
    """Give a page. The next one is linked to when this one is full; it may prove empty."""
    here = f"{path}?{urlencode(asked | {'after': str(after), 'limit': str(limit)})}"
    links = {"self": here}
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if len(entries) == limit:
        further = asked | {"after": str(entries[-1]["position"]), "limit": str(limit)}
        links["next"] = f"{path}?{urlencode(further)}"
        headers = ((b"link", f'<{links["next"]}>; rel="next"'.encode("ascii")),)
    return Reply(200, encode({"items": entries, "links": links}), headers=headers)


def _report(stored: StoredReport) -> dict[str, Any]:
    content: dict[str, Any] = {
        "position": stored.position,
        "source": stored.source,
        "id": stored.id,
        "kind": stored.kind,
        "fate": stored.fate.value,
        "receivedAt": format_instant(stored.received),
        "relayed": stored.relayed,
        "ledgerSequence": stored.sequence,
    }
    if stored.rule is not None:
        content |= {"field": stored.field, "rule": stored.rule}
    return content


def _rejection(stored: StoredRejection) -> dict[str, Any]:
    return {
        "position": stored.position,
        "source": stored.source,
        "id": stored.id,
        "fate": stored.fate.value,
        "field": stored.field,
        "rule": stored.rule,
        "receivedAt": format_instant(stored.received),
        "resolved": stored.resolved,
        "bytes": len(stored.raw),
    }
