"""`kindinbeeld reminders`: the schools that have not answered for a week, and marking that they were reminded."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import AsOfOption, DataDirOption, data_dir_of, instant_of
from services.system.errors import WrongUsage

if TYPE_CHECKING:
    from services.reminders import Silent

__all__ = ["register"]

_COLUMNS = ("municipality", "school", "sector", "name", "lateBefore", "weeksBefore", "reminded", "lastReminded")
_ROW = "{:<12}  {:<7}  {:<6}  {:>6}  {:>8}  {:<20}  {}"
UNSET_SOURCE = "urn:nld:oin:00000000000000000000:systeem:meldpunt-coordinator"


class Format(StrEnum):
    """The forms of the list."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def reminders(
        week: Annotated[str, typer.Option(metavar="YYYY-Www", help="The ISO week.")],
        municipality: Annotated[str | None, typer.Option(metavar="GMxxxx", help="Only this municipality.")] = None,
        sector: Annotated[str | None, typer.Option(metavar="po|so|vo|mbo", help="Only this sector.")] = None,
        school: Annotated[
            list[str] | None, typer.Option(metavar="BRIN", help="Only this school (may be given again).")
        ] = None,
        not_reminded: Annotated[
            bool, typer.Option("--not-reminded", help="Only schools not yet reminded for this week.")
        ] = False,
        mark_sent: Annotated[
            bool, typer.Option("--mark-sent", help="Mark a reminder as sent for every school listed.")
        ] = False,
        source: Annotated[
            str, typer.Option(metavar="URN", envvar="KINDINBEELD_DESK_SOURCE", help="Who reminded, when marking.")
        ] = UNSET_SOURCE,
        format: Annotated[Format, typer.Option(help="How to write it.")] = Format.TABLE,
        as_of: AsOfOption = None,
        data_dir: DataDirOption = None,
    ) -> None:
        """List the schools that have not answered for a week, and how often each was late before.

        With --mark-sent those listed are marked as reminded (`reminder-sent`, by the coordinator's desk).
        """
        from events import Rejected
        from services.reminders import mark_sent as mark
        from services.reminders import silent_schools
        from services.system.logs import configure_logging
        from services.system.record import find_system

        configure_logging()
        instant = instant_of("--as-of", as_of)
        if mark_sent and instant is not None:
            raise WrongUsage("--mark-sent marks what is silent now: leave --as-of out")
        record = find_system(data_dir_of(data_dir))
        now = record.clock.now()
        try:
            found = silent_schools(record, week, now if instant is None else instant)
        except Rejected as error:
            raise WrongUsage(f"--week: {error.rule}") from None
        wanted = None if not school else {each.upper() for each in school}
        listed = [
            each
            for each in found
            if municipality in (None, each.municipality)
            and sector in (None, each.sector)
            and (wanted is None or each.school in wanted)
            and not (not_reminded and each.reminded)
        ]
        _write(listed, format)
        print(f"silent {len(listed)}, of them reminded {sum(each.reminded > 0 for each in listed)}", file=sys.stderr)
        if mark_sent:
            fates = asyncio.run(mark(record, listed, week, source, now))
            print(f"marked {fates['accepted']}, marked already {fates['known']}", file=sys.stderr)


def _write(listed: Sequence[Silent], format: Format) -> None:
    if format is Format.TABLE:
        print(_ROW.format("municipality", "school", "sector", "late", "reminded", "last reminded", "name"))
        for each in listed:
            late = f"{each.late_before}/{each.weeks_before}"
            last = _instant(each.last_reminded) or ""
            place, name = each.municipality, each.name or ""
            print(_ROW.format(place, each.school, each.sector, late, each.reminded, last, name).rstrip())
        return
    rows = [
        (
            each.municipality,
            each.school,
            each.sector,
            each.name,
            each.late_before,
            each.weeks_before,
            each.reminded,
            _instant(each.last_reminded),
        )
        for each in listed
    ]
    if format is Format.CSV:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows((_COLUMNS, *rows))
    else:
        json.dump([dict(zip(_COLUMNS, row, strict=True)) for row in rows], sys.stdout, indent=1, ensure_ascii=False)
        print()


def _instant(micros: int | None) -> str | None:
    from events import format_instant

    return None if micros is None else format_instant(micros // 1_000_000 * 1_000_000)
