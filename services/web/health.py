"""How the page's server and the view behind it are doing, for people and for machines."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from events.times import format_instant
from services.archive.measuring import told as of_archive
from services.web.access import viewer_of
from services.web.board import Board

__all__ = ["health", "live", "ready", "report"]

LONGEST_BEHIND: Final = 30.0
"""Seconds that the view may be behind the ledger and still be called ready."""


def report(board: Board) -> dict[str, Any]:
    """Tell the state; `reason` is null when ready."""
    fresh = board.fresh
    if fresh is None:
        return {"ready": False, "reason": "the view has not been read yet"} | _CLOCK[board.simulated]
    reason = None
    if fresh.problem:
        reason = "the view cannot be read"
    elif fresh.ledger_position is None:
        reason = "the ledger cannot be reached"
    elif fresh.seconds_behind > LONGEST_BEHIND:
        reason = "the view is behind the ledger"
    elif fresh.audit is not None and not fresh.audit.equal:
        reason = "the last audit found cells that differ"
    return {
        "ready": reason is None,
        "reason": reason,
        "viewPosition": fresh.position,
        "ledgerPosition": fresh.ledger_position,
        "eventsBehind": fresh.events_behind,
        "secondsBehind": round(fresh.seconds_behind, 3),
        "asOf": format_instant(fresh.as_of),
        "lastAudit": fresh.audit.whole.told() if fresh.audit is not None and fresh.audit.whole is not None else None,
    } | _CLOCK[board.simulated]


_CLOCK: Final = {False: {"clock": "real"}, True: {"clock": "simulated"}}


_FOR_ALL: Final = ("ready", "reason", "clock")


async def live(request: Request) -> JSONResponse:
    """Answer `/health/live`: 200 whenever the server answers at all."""
    return JSONResponse({"live": True})


async def ready(request: Request) -> JSONResponse:
    """Answer `/health/ready`: 200 when the numbers shown are the ledger's, 503 with the reason when they are not."""
    board: Board = request.app.state.boards.whole
    board.refresh()
    told = report(board)
    return JSONResponse({"ready": told["ready"], "reason": told["reason"]}, status_code=200 if told["ready"] else 503)


async def health(request: Request) -> JSONResponse:
    """Answer `/health`: how far the view is behind the ledger, as of when, and by which clock; always 200.

    Who does not see every figure is only told whether all is well, and not how many events come in.
    """
    board: Board = request.app.state.boards.whole
    board.refresh()
    told = report(board) | {"archive": None}
    if (path := getattr(request.app.state, "archive", None)) is not None:
        with suppress(OSError, ValueError):
            told["archive"] = of_archive(path)
    if not viewer_of(request).all_exact:
        told = {name: told[name] for name in _FOR_ALL}
    return JSONResponse(told)
