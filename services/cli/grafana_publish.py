"""`kindinbeeld grafana publish`, `remove` and `write`: dashboards and alerts on an organisation's own Grafana."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from deploy.grafana import Change

UrlOption = Annotated[str, typer.Option(envvar="KINDINBEELD_GRAFANA_URL", help="Address of the Grafana.")]
TokenOption = Annotated[
    str,
    typer.Option(
        envvar="KINDINBEELD_GRAFANA_TOKEN",
        show_envvar=True,
        help="Token of a service account that may administer the organisation; better by the environment.",
    ),
]
AreaOption = Annotated[
    str | None,
    typer.Option(
        metavar="CODE", help="Only this safety region (VR01) or municipality (GM0014), under names of its own"
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")]


def register(group: typer.Typer) -> None:
    """Add the commands to the group `grafana`."""

    @group.command()
    def publish(
        url: UrlOption,
        token: TokenOption,
        database: Annotated[
            str,
            typer.Option(
                envvar="KINDINBEELD_GRAFANA_DATABASE",
                metavar="URL",
                help="postgresql://user:password@host:port/name of a role that reads, as Grafana reaches it.",
            ),
        ],
        prometheus: Annotated[
            str,
            typer.Option(envvar="KINDINBEELD_GRAFANA_PROMETHEUS", metavar="URL", help="As Grafana reaches it."),
        ] = "http://127.0.0.1:9090",
        mail: Annotated[
            str | None,
            typer.Option(
                envvar="KINDINBEELD_GRAFANA_MAIL",
                metavar="ADDRESSES",
                help="Where alerts go, with commas; without it, where the organisation sends its alerts.",
            ),
        ] = None,
        coverage: Annotated[
            float, typer.Option(min=0, max=100, help="Alert where fewer of the schools answered, in per cent.")
        ] = 80,
        docs: Annotated[
            str | None, typer.Option(metavar="URL", help="Where this documentation can be read, for links from alerts.")
        ] = None,
        area: AreaOption = None,
        secrets: Annotated[
            bool, typer.Option("--secrets", help="Write passwords too that Grafana has already: they have changed.")
        ] = False,
        dry_run: DryRunOption = False,
    ) -> None:
        """Make or update a folder with data sources, dashboards, alerts and teams; twice in a row changes nothing."""
        from deploy.grafana import Choices, wanted
        from deploy.grafana import publish as write
        from services.system import WrongUsage

        if not database.startswith(("postgresql://", "postgres://")):
            raise WrongUsage("--database: must begin with postgresql://")
        want = wanted(Choices(database, prometheus, mail, coverage / 100, docs, _area(area)))
        _report(lambda: write(url, token, want, dry_run=dry_run, secrets=secrets), dry_run)

    @group.command()
    def remove(url: UrlOption, token: TokenOption, area: AreaOption = None, dry_run: DryRunOption = False) -> None:
        """Take away what `publish` put there, and nothing else."""
        from deploy.grafana import Choices, wanted
        from deploy.grafana import remove as take_away

        want = wanted(Choices("postgresql://localhost/", "", "nobody", area=_area(area)))
        _report(lambda: take_away(url, token, want, dry_run=dry_run), dry_run)

    @group.command()
    def write(
        directory: Annotated[Path, typer.Argument(help="Where to: Grafana's provisioning directory.")],
    ) -> None:
        """Write the same as files, for a Grafana that is provisioned from files."""
        from deploy.grafana import write_provisioning

        for path in write_provisioning(directory):
            print(path)

    @group.command("area")
    def _area_sql(
        code: Annotated[str, typer.Argument(metavar="CODE", help="A safety region (VR01) or a municipality (GM0014).")],
    ) -> None:
        """Print the SQL that makes a schema and a role of PostgreSQL which see one area and nothing else."""
        from deploy.grafana import area_sql
        from services.system import WrongUsage
        from services.web.access.areas import codes_of
        from services.web.access.viewer import Role

        area = _area(code) or ""
        codes = codes_of(Role.REGION if area.startswith("VR") else Role.MUNICIPALITY, area)
        if not codes:
            raise WrongUsage("CODE: no such area in the register")
        print(area_sql(area, codes), end="")


def _area(code: str | None) -> str | None:
    from services.system import WrongUsage

    if code is not None and not re.fullmatch(r"VR\d\d|GM\d{4}", code):
        raise WrongUsage("--area: must be a safety region (VR01) or a municipality (GM0014)")
    return code


def _report(act: Callable[[], Sequence[Change]], dry_run: bool) -> None:
    from deploy.grafana import GrafanaRefusedError
    from services.system import SystemUnavailable

    try:
        changes = act()
    except GrafanaRefusedError as error:
        raise SystemUnavailable(str(error)) from None
    for change in changes:
        print(f"{change.verb} {change.kind} {change.name}")
        for line in change.what:
            print(f"    {line}")
    written = sum(change.verb != "keep" for change in changes)
    print(f"changed {written}" + (" (dry run: nothing was written)" if dry_run else ""), file=sys.stderr)
