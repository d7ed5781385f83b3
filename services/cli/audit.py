"""`kindinbeeld audit`: live equals replay, cell by cell, or it says where not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import DataDirOption

if TYPE_CHECKING:
    from services.view.auditing import Difference

_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def audit(
        wait: Annotated[
            float, typer.Option(min=0, help="Seconds to wait for the view to have all that the ledger has now.")
        ] = 60.0,
        data_dir: DataDirOption = None,
    ) -> None:
        """Compare the live tables with the replay of the ledger; exit status 1 when a cell differs."""
        from events import format_instant
        from services.system import DataDir, Finding, find_system
        from services.view.auditing import compare

        place = DataDir(data_dir)
        outcome = compare(place, find_system(place), wait)
        for difference in outcome.differences[:_SHOWN]:
            print(_told(difference))
        print(
            f"compared {outcome.cells} cells in {outcome.rows} rows (counts and coverage) of {outcome.events} events, "
            f"up to ledger sequence {outcome.position}, as of {format_instant(outcome.as_of)}",
            file=sys.stderr,
        )
        if outcome.differences:
            more = len(outcome.differences) - _SHOWN
            raise Finding(
                f"{len(outcome.differences)} cells differ" + (f", of which {more} are not shown" if more > 0 else "")
            )
        print("live equals replay")


def _told(difference: Difference) -> str:
    key = " ".join(difference.key)
    return f"{difference.table} {key} {difference.measure}: live {difference.live}, replay {difference.replay}"
