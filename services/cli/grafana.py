"""`kindinbeeld grafana`: dashboards, alerts and closures on an organisation's own Grafana."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli import grafana_publish
from services.cli.options import DataDirOption

if TYPE_CHECKING:
    from deploy.grafana import ClosureNote
    from projections.fold.calendar import Closure


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Dashboards, alerts and closures on an organisation's own Grafana.")
    app.add_typer(group, name="grafana")

    grafana_publish.register(group)

    @group.command()
    def annotate(
        url: Annotated[str, typer.Option(envvar="KINDINBEELD_GRAFANA_URL", help="Address of the Grafana.")],
        token: Annotated[
            str,
            typer.Option(
                envvar="KINDINBEELD_GRAFANA_TOKEN",
                show_envvar=True,
                help="Token of a service account that may write annotations; better by the environment.",
            ),
        ],
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
        data_dir: DataDirOption = None,
    ) -> None:
        """Make the closures that stand annotations of the Grafana; twice in a row changes nothing."""
        from deploy.grafana import GrafanaRefusedError
        from deploy.grafana import annotate as write
        from services.system import DataDir, SystemUnavailable, find_system
        from services.view.asking import caught_up_reader

        place = DataDir(data_dir)
        with caught_up_reader(place, find_system(place), patience=60) as reader:
            notes = [_note(closure) for closure in reader.closures()]
        try:
            written = write(url, token, notes, dry_run=dry_run)
        except GrafanaRefusedError as error:
            raise SystemUnavailable(str(error)) from None
        for verb in ("added", "updated", "removed"):
            for name in getattr(written, verb):
                print(f"{verb} {name}")
        print(
            f"added {len(written.added)}, updated {len(written.updated)}, removed {len(written.removed)}, "
            f"unchanged {len(written.unchanged)}" + (" (dry run: nothing was written)" if dry_run else ""),
            file=sys.stderr,
        )


def _note(closure: Closure) -> ClosureNote:
    from deploy.grafana import ClosureNote
    from events import day_start

    until = None if closure.until is None else day_start(closure.until.toordinal() + 1) // 1000
    where = "heel Nederland" if closure.municipalities is None else ", ".join(closure.municipalities)
    last = "nog niet bekend" if closure.until is None else f"t/m {closure.until:%d-%m-%Y}"
    text = f"{closure.name}: {', '.join(closure.sectors)}; {where}; vanaf {closure.starts:%d-%m-%Y} {last}"
    return ClosureNote(closure.name, day_start(closure.starts.toordinal()) // 1000, until, text)
