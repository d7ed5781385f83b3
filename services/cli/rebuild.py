"""`kindinbeeld rebuild`: the live view anew from the ledger, while the old one goes on."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.options import DataDirOption

if TYPE_CHECKING:
    from services.view.comparing import Compared

_SHOWN: Final = 20


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def rebuild(
        wait: Annotated[
            float, typer.Option(min=0, help="Seconds to wait for the running view to take the new one in its place.")
        ] = 60.0,
        back: Annotated[
            bool, typer.Option("--back", help="Put the view that was in place before into its place again, for a day.")
        ] = False,
        from_ledger: Annotated[
            bool, typer.Option("--from-ledger", help="Read all of it from the ledger, nothing from the archive.")
        ] = False,
        data_dir: DataDirOption = None,
    ) -> None:
        """Build the live view anew from the whole ledger, beside the old one, compare, and put it into its place."""
        from services.system import DataDir
        from services.view.rebuilding import rebuild as build
        from services.view.switching import go_back, waits

        place = DataDir(data_dir)
        begun = time.monotonic()

        def told(step: str, done: int, of: int) -> None:
            print(f"{time.monotonic() - begun:6.1f} s  {step}: {done} of {of}", file=sys.stderr, flush=True)

        if back:
            go_back(place)
        else:
            built = build(place, told, archive=not from_ledger)
            print(f"built up to ledger sequence {built.position}", file=sys.stderr, flush=True)
            _tell(built.compared)
        deadline = time.monotonic() + wait
        while waits(place):
            if time.monotonic() > deadline:
                print("no live view runs: the new one is taken at the next start", file=sys.stderr)
                return
            time.sleep(0.1)
        print("the view of before is in place" if back else "the new view is in place", file=sys.stderr)


def _tell(compared: Compared | None) -> None:
    """Say what came of comparing; raises Finding when the new view is wrong: it was not put into place."""
    if compared is None:
        print("not compared: no view is in place that has come as far", file=sys.stderr)
        return
    cells, differ = compared.views.cells, len(compared.views.differences)
    print(f"compared {cells} cells with the view in place: {differ or 'none'} differ", file=sys.stderr)
    for each in compared.views.differences[:_SHOWN]:
        key = " ".join(each.key)
        print(f"{each.table} {key} {each.measure}: in place {each.live}, new {each.replay}", file=sys.stderr)
    if compared.replay is not None:
        from services.system import Finding

        if not compared.sound:
            wrong = len(compared.replay.differences)
            raise Finding(
                f"the new view differs from the replay of the ledger in {wrong} cells: it is not put into place"
            )
        print("the replay of the ledger agrees with the new view", file=sys.stderr)
