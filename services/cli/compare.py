"""`kindinbeeld compare`: a table as it was known then against what is known now, and what made the difference."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.areas import members_of
from services.cli.options import (
    ArchiveOption,
    AreaOption,
    DataDirOption,
    MeasureOption,
    WeekOption,
    archive_of,
    data_dir_of,
    instant_of,
    measure_of,
)
from services.cli.writing import Format, write_rows
from services.system.errors import WrongUsage


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def compare(
        then: Annotated[str, typer.Option("--then", metavar="TIME", help="As known at this time: RFC 3339.")],
        now: Annotated[
            str | None, typer.Option("--now", metavar="TIME", help="Against this time.", show_default="all is known")
        ] = None,
        area: AreaOption = None,
        week: WeekOption = None,
        measure: MeasureOption = "unreached",
        total: Annotated[bool, typer.Option("--total", help="Only the sums over all these cells.")] = False,
        format: Annotated[Format, typer.Option(help="How to write it.")] = Format.TABLE,
        archive: ArchiveOption = None,
        data_dir: DataDirOption = None,
    ) -> None:
        """Print each cell then, now, the difference, and how much of it each cause made; in counts, not in persons."""
        from projections.archive import Archive
        from services.archive.failing import failing

        before, after = instant_of("--then", then), instant_of("--now", now)
        measure_of(measure)
        chosen = None if area is None else members_of(area)
        directory = archive_of(archive, data_dir_of(data_dir))
        with failing(directory):
            from projections.comparing import compare as compare_tables

            opened = Archive(directory)
            until = after if after is not None else (opened.last_recorded or 0) + 1
            if before is None or before > until:
                raise WrongUsage("--then: must not be later than --now, or than all that is known")
            found = compare_tables(opened, before, until, measure)
        rows = [tuple(row.values()) for row in found.to_pylist()]
        rows = [row for row in rows if (chosen is None or row[0] in chosen) and week in (None, row[2])]
        names = found.column_names
        if total:
            sums = [sum(numbers) for numbers in zip(*(row[3:] for row in rows), strict=True)]
            names, rows = names[3:], [tuple(sums)] if sums else []
        write_rows(names, rows, format)
