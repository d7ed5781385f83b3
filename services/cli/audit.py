"""`kindinbeeld audit`: live equals replay, cell by cell, or it says where not."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import DataDirOption

if TYPE_CHECKING:
    from services.system import DataDir
    from services.view.auditing import Difference

_SHOWN = 20
_SECOND = 1_000_000
_LINE = "{:<26} {:<26} {:>12} {:>12} {:>10} {:>7} {:>8}"


class Format(StrEnum):
    """How recorded audits are written."""

    TABLE = "table"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def audit(
        wait: Annotated[
            float, typer.Option(min=0, help="Seconds to wait for the view to have all that the ledger has now.")
        ] = 60.0,
        last: Annotated[
            bool, typer.Option("--last", help="Show the last audit that was recorded, and do none.")
        ] = False,
        history: Annotated[
            bool, typer.Option("--history", help="Show every audit that is recorded, the oldest first, and do none.")
        ] = False,
        format: Annotated[
            Format, typer.Option(help="How recorded audits are written; json: one a line.")
        ] = Format.TABLE,
        data_dir: DataDirOption = None,
    ) -> None:
        """Compare the live tables with the replay of the ledger; exit status 1 when a cell differs."""
        from services.audits import running
        from services.system import DataDir, Finding

        place = DataDir(data_dir)
        if last or history:
            _show(place, format, last_only=not history)
            return

        from events import format_instant

        outcome, found = running.audit(place, wait)
        trouble = running.keep(place, found)
        for difference in outcome.differences[:_SHOWN]:
            print(_told(difference))
        print(
            f"compared {outcome.cells} cells in {outcome.rows} rows (counts and coverage) of {outcome.events} events, "
            f"up to ledger sequence {outcome.position}, as of {format_instant(outcome.as_of)}",
            file=sys.stderr,
        )
        if trouble is not None:
            print(f"the audit could not be recorded in {place} ({trouble})", file=sys.stderr)
        if outcome.differences:
            more = len(outcome.differences) - _SHOWN
            raise Finding(
                f"{len(outcome.differences)} cells differ" + (f", of which {more} are not shown" if more > 0 else "")
            )
        print("live equals replay")


def _show(place: DataDir, format: Format, *, last_only: bool) -> None:
    """Write what is recorded; raises Finding when a cell differed in the last audit."""
    import sqlite3

    from events import format_instant
    from services.audits import AuditLog
    from services.system import Finding, SystemUnavailable

    try:
        audits = AuditLog(place.audits).history()
    except (OSError, sqlite3.Error):
        raise SystemUnavailable(f"the audits in {place.audits} cannot be read") from None
    if not audits:
        print("no audit has been recorded yet", file=sys.stderr)
        return
    shown = audits[-1:] if last_only else audits
    if format is Format.JSON:
        for audit in shown:
            print(json.dumps(audit.told()))
    else:
        print(_LINE.format("ended", "as of", "sequence", "events", "cells", "differ", "seconds"))
        for each in shown:
            times = (format_instant(at // _SECOND * _SECOND) for at in (each.ended, each.as_of))
            print(_LINE.format(*times, each.position, each.events, each.cells, each.differences, f"{each.seconds:.1f}"))
    if not audits[-1].equal:
        raise Finding(f"in the last audit {audits[-1].differences} cells differ")


def _told(difference: Difference) -> str:
    key = " ".join(difference.key)
    return f"{difference.table} {key} {difference.measure}: live {difference.live}, replay {difference.replay}"
