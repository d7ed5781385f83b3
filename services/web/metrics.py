"""How the page's server and the view behind it are doing, as numbers in the text format of Prometheus."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from services.web.access import viewer_of
from services.web.board import Board
from services.web.health import report

__all__ = ["MEANINGS", "metrics"]

MEANINGS: Final = {
    "kib_page_ready": "Whether the numbers shown are the ledger's (1) or not (0), as /health/ready says.",
    "kib_audit_equal": "Whether live equalled replay in the last audit (1) or not (0).",
    "kib_audit_as_of_seconds": "As of when the last audit compared, in seconds since 1970, by the system's clock.",
    "kib_audit_cells": "Cells that the last audit compared.",
    "kib_audit_differences": "Cells in which live and replay differed in the last audit.",
    "kib_audit_duration_seconds": "How long the last audit took.",
    "kib_view_events_behind": "Events of the ledger that the live view has not taken in yet.",
    "kib_view_seconds_behind": "For how long the live view has been behind the ledger.",
}
"""Every metric, each a gauge: what it means. What cannot be told now is left out."""


async def metrics(request: Request) -> PlainTextResponse:
    """Answer `/metrics`. Who does not see every figure is not told how many events or cells there are."""
    board: Board = request.app.state.boards.whole
    board.refresh()
    found = _found(board, everything=viewer_of(request).all_exact)
    lines = []
    for name, meaning in MEANINGS.items():
        if name in found:
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge", f"{name} {found[name]}"]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


def _found(board: Board, *, everything: bool) -> dict[str, float]:
    found: dict[str, float] = {"kib_page_ready": int(report(board)["ready"])}
    fresh = board.fresh
    if fresh is None:
        return found
    audit = fresh.audit
    if audit is not None:
        found |= {"kib_audit_equal": int(audit.equal), "kib_audit_as_of_seconds": audit.as_of / 1_000_000}
    if everything and audit is not None and audit.whole is not None:
        found |= {
            "kib_audit_cells": audit.whole.cells,
            "kib_audit_differences": audit.whole.differences,
            "kib_audit_duration_seconds": audit.whole.seconds,
        }
    if everything and fresh.events_behind is not None:
        found |= {
            "kib_view_events_behind": fresh.events_behind,
            "kib_view_seconds_behind": round(fresh.seconds_behind, 3),
        }
    return found
