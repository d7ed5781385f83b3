"""`kindinbeeld rebuild`: the live view anew from the ledger, while the old one goes on."""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from services.cli.options import DataDirOption


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def rebuild(
        wait: Annotated[
            float, typer.Option(min=0, help="Seconds to wait for the running view to take the new one in its place.")
        ] = 60.0,
        data_dir: DataDirOption = None,
    ) -> None:
        """Build the live view anew from the whole ledger, beside the old one, and put it into its place."""
        from services.system import DataDir, find_system
        from services.view.rebuilding import rebuild as build
        from services.view.switching import waits

        place = DataDir(data_dir)
        find_system(place)
        begun = time.monotonic()

        def told(step: str, done: int, of: int) -> None:
            print(f"{time.monotonic() - begun:6.1f} s  {step}: {done} of {of}", file=sys.stderr, flush=True)

        position = build(place, told)
        print(f"built up to ledger sequence {position}", file=sys.stderr, flush=True)
        deadline = time.monotonic() + wait
        while waits(place):
            if time.monotonic() > deadline:
                print("no live view runs: the new one is taken at the next start", file=sys.stderr)
                return
            time.sleep(0.1)
        print("the new view is in place", file=sys.stderr)
