"""How the page's server and the view behind it are doing, as numbers in the text format of Prometheus."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse

from events.times import day_start
from projections.live.database import UNREADABLE
from services.system.retention import due_after
from services.web.access import viewer_of
from services.web.board import Board
from services.web.boards import Boards
from services.web.health import report

__all__ = ["MEANINGS", "Telling", "metrics"]

MEANINGS: Final = {
    "kib_page_ready": "Whether the numbers shown are the ledger's (1) or not (0), as /health/ready says.",
    "kib_page_open_pages": "Pages that are open now and bring themselves up to date.",
    "kib_audit_equal": "Whether live equalled replay in the last audit (1) or not (0).",
    "kib_audit_as_of_timestamp_seconds": "As of when the last audit compared, by the system's clock.",
    "kib_audit_cells": "Cells that the last audit compared.",
    "kib_audit_differences": "Cells in which live and replay differed in the last audit.",
    "kib_audit_duration_seconds": "How long the last audit took.",
    "kib_ledger_position": "The sequence of the last message of the ledger.",
    "kib_view_position": "The sequence of the ledger up to which the live view has taken everything in.",
    "kib_view_behind_events": "Events of the ledger that the live view has not taken in yet.",
    "kib_view_behind_seconds": "For how long the live view has been behind the ledger.",
    "kib_retention_due_timestamp_seconds": "From when on everyone is to be erased, where a term is set.",
    "kib_view_set_aside_messages": "Messages of the ledger that cannot be read and were set aside.",
}
"""Every metric, each a gauge: what it means. What cannot be told now is left out."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What else `/metrics` tells, and to whom."""

    of_others: Sequence[Path]
    """The files in which the view's process and who keeps the archive keep theirs current; absent when they do not."""
    set_aside: Callable[[], int]
    retention_days: int = 0
    """Days after the last closure from which everyone is to be erased; 0: no term is set."""
    machine: Callable[[], str] = str
    """What the pages stand on (`services.web.machine`), for who sees everything."""
    erased: Callable[[], int | None] = lambda: None
    """When everyone was erased last, in microseconds: then nothing is due any more that was due before."""
    token: str | None = None
    """Who sends this as a bearer token is told everything, as Prometheus, which cannot sign in."""

    def admits(self, request: Request) -> bool:
        """Whether a request brings the token."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return (
            self.token is not None
            and scheme.lower() == "bearer"
            and secrets.compare_digest(given.strip().encode(), self.token.encode())
        )


async def metrics(request: Request) -> PlainTextResponse:
    """Answer `/metrics`. Who does not see every figure is not told how many events or cells there are."""
    boards: Boards = request.app.state.boards
    telling: Telling | None = getattr(request.app.state, "telling", None)
    boards.whole.refresh()
    everything = viewer_of(request).all_exact or (telling is not None and telling.admits(request))
    found = _found(boards.whole, everything=everything)
    if telling is not None and boards.whole.current is not None:
        due = due_after(boards.whole.current.closures, telling.retention_days, telling.erased())
        if due is not None:
            found["kib_retention_due_timestamp_seconds"] = day_start(due.toordinal()) / 1_000_000
    text = ""
    if everything:
        found["kib_page_open_pages"] = sum(board.pages_open for board in boards)
    if everything and telling is not None:
        # While the view cannot be read, what else there is to tell is needed most.
        with suppress(*UNREADABLE):
            found["kib_view_set_aside_messages"] = telling.set_aside()
        text += telling.machine()
        for path in telling.of_others:
            with suppress(OSError):
                text += path.read_text("utf-8")
    lines = []
    for name, meaning in MEANINGS.items():
        if name in found:
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} gauge", f"{name} {found[name]}"]
    return PlainTextResponse("\n".join(lines) + "\n" + text, media_type="text/plain; version=0.0.4")


def _found(board: Board, *, everything: bool) -> dict[str, float]:
    found: dict[str, float] = {"kib_page_ready": int(report(board)["ready"])}
    fresh = board.fresh
    if fresh is None:
        return found
    audit = fresh.audit
    if audit is not None:
        found |= {"kib_audit_equal": int(audit.equal), "kib_audit_as_of_timestamp_seconds": audit.as_of / 1_000_000}
    if everything and audit is not None and audit.whole is not None:
        found |= {
            "kib_audit_cells": audit.whole.cells,
            "kib_audit_differences": audit.whole.differences,
            "kib_audit_duration_seconds": audit.whole.seconds,
        }
    if everything:
        found["kib_view_position"] = fresh.position
    if everything and fresh.ledger_position is not None and fresh.events_behind is not None:
        found |= {
            "kib_ledger_position": fresh.ledger_position,
            "kib_view_behind_events": fresh.events_behind,
            "kib_view_behind_seconds": round(fresh.seconds_behind, 3),
        }
    return found
