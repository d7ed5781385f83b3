"""`kindinbeeld rebuild`: the live view anew from the ledger, while the old one goes on."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from services.cli.options import DataDirOption

if TYPE_CHECKING:
    from projections.rebuild import Told
    from services.system import DataDir
    from services.view.comparing import Compared

_SHOWN: Final = 20
_LOOK: Final = 0.1
_ASK: Final = 5.0
"""Seconds between two times of asking whether a live view runs; one that is just started may not answer yet."""
_SWITCHING: Final = "switching"


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
        from services.view.switching import go_back

        place = DataDir(data_dir)
        begun = time.monotonic()

        def told(step: str, done: int, of: int) -> None:
            print(f"{time.monotonic() - begun:6.1f} s  {step}: {done} of {of}", file=sys.stderr, flush=True)

        if back:
            go_back(place, told)
        else:
            built = build(place, told, archive=not from_ledger)
            print(f"built up to ledger sequence {built.position}", file=sys.stderr, flush=True)
            _tell(built.compared)
        if why := _not_taken(place, wait, told):
            print(why, file=sys.stderr)
        else:
            print("the view of before is in place" if back else "the new view is in place", file=sys.stderr)


def _not_taken(place: DataDir, wait: float, told: Told) -> str | None:
    """Wait until the running view has put one that waits into place; else say why that is not waited for.

    Raises SystemUnavailable when one that runs has not done so within ``wait`` seconds.
    """
    from services.system import SystemUnavailable, find_system
    from services.view.asking import runs
    from services.view.switching import waits

    told(_SWITCHING, 0, 1)
    begun = asked = time.monotonic()
    while waits(place):
        if not wait:
            return "it is laid ready: a live view that runs takes it in its place within moments, others at their start"
        now = time.monotonic()
        if now > asked + _ASK or now > begun + wait:
            asked = now
            if not runs(find_system(place)):
                return "no live view runs: it is laid ready, and taken at the next start"
        if now > begun + wait:
            raise SystemUnavailable(
                f"the live view has not put it into place within {wait:g} s; it goes on to try, and its log says why"
            )
        time.sleep(_LOOK)
    told(_SWITCHING, 1, 1)
    return None


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
