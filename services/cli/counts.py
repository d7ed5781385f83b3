"""`kindinbeeld counts`: the tables of the running system."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from events.rules import MUNICIPALITY_PATTERN
from services.cli.options import AsOfOption, DataDirOption, instant_of

if TYPE_CHECKING:
    from services.system import DataDir, SystemRecord

Row = tuple[object, ...]


class Format(StrEnum):
    """How a table is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Which(StrEnum):
    """Which of the two tables of the definition."""

    COUNTS = "counts"
    COVERAGE = "coverage"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def counts(
        as_of: AsOfOption = None,
        municipality: Annotated[
            str | None, typer.Option(metavar="GMxxxx", help="Only this municipality (or: unknown).")
        ] = None,
        week: Annotated[str | None, typer.Option(metavar="YYYY-Www", help="Only this ISO week.")] = None,
        format: Annotated[Format, typer.Option(help="How to write it.")] = Format.TABLE,
        table: Annotated[Which, typer.Option(help="The count, or who has answered.")] = Which.COUNTS,
        wait: Annotated[
            float, typer.Option(min=0, help="Seconds to wait for the view to have all that the ledger has now.")
        ] = 60.0,
        data_dir: DataDirOption = None,
    ) -> None:
        """Print the table of the running system: now, or as it was known at an earlier time."""
        from events import Rejected, format_instant, week_monday
        from services.system import DataDir, WrongUsage, find_system

        place = DataDir(data_dir)
        instant = instant_of("--as-of", as_of)
        if municipality is not None and not _is_place(municipality):
            raise WrongUsage("--municipality: must be GM and four digits, or unknown")
        if week is not None:
            try:
                week_monday(week)
            except Rejected as error:
                raise WrongUsage(f"--week: {error.rule}") from None
        record = find_system(place)
        if instant is not None and instant > record.clock.now():
            raise WrongUsage("--as-of: lies in the future of the system's clock")
        if instant is None:
            instant, rows = _live(place, record, table, wait)
        else:
            rows = list(_replayed(place, record, table, instant, municipality))
        _write(
            table,
            [row for row in rows if municipality in (None, row[0]) and week in (None, row[2])],
            format,
            format_instant(instant),
        )


def _is_place(text: str) -> bool:
    return text == "unknown" or re.fullmatch(MUNICIPALITY_PATTERN, text) is not None


def _live(place: DataDir, record: SystemRecord, table: str, wait: float) -> tuple[int, list[Row]]:
    from services.view.asking import caught_up_reader

    with caught_up_reader(place, record, wait) as reader:
        tables = reader.tables(record.clock.now())
        return tables.as_of, list(tables.rows(table))


def _replayed(
    place: DataDir, record: SystemRecord, table: str, instant: int, municipality: str | None
) -> Iterator[Row]:
    from services.archive.fresh import fresh_archive

    if (kept := fresh_archive(place, record, instant)) is not None:
        only = municipality if table == Which.COUNTS else None
        archive = kept.archive
        found = archive.table(table, instant) if only is None else archive.municipality(only, instant)
    else:
        from projections.evaluation import columns_of, replaying
        from services.ledger.history import history

        with replaying(columns_of(history(record), keep_event=False)) as replay:
            found = replay.table(table, instant)
    for batch in found.to_batches():
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _write(table: str, rows: Iterable[Row], format: Format, as_of: str) -> None:
    from projections.tables import KEY, MEASURES, write_csv

    names = (*KEY, *MEASURES[table])
    match format:
        case Format.CSV:
            write_csv(table, rows, sys.stdout)
        case Format.JSON:
            json.dump(
                {"asOf": as_of, "rows": [dict(zip(names, row, strict=True)) for row in rows]}, sys.stdout, indent=1
            )
            print()
        case Format.TABLE:
            _write_for_people(names, rows, as_of)


def _write_for_people(names: tuple[str, ...], rows: Iterable[Row], as_of: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=box.SIMPLE_HEAD, caption=f"As of {as_of}", header_style="bold", show_edge=False)
    for index, name in enumerate(names):
        drawn.add_column(name.replace("_", "\n"), justify="left" if index < 3 else "right", no_wrap=index < 3)
    for row in rows:
        drawn.add_row(*map(str, row))
    width = None if sys.stdout.isatty() else 240
    Console(width=width, highlight=False).print(drawn)
