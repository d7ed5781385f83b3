"""`kindinbeeld query`: questions in SQL to the archive and the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import (
    ArchiveOption,
    AsOfOption,
    DataDirOption,
    MemoryOption,
    archive_of,
    data_dir_of,
    instant_of,
    memory_of,
)
from services.cli.writing import Format, write_rows
from services.system.errors import WrongUsage


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def query(
        sql: Annotated[str, typer.Argument(metavar="SELECT …", help="One SELECT, as DuckDB takes it.")],
        as_of: AsOfOption = None,
        format: Annotated[Format, typer.Option(help="How to write it to standard output.")] = Format.TABLE,
        output: Annotated[
            Path | None,
            typer.Option(
                "--output", "-o", metavar="FILE", help="Write to a .csv, .parquet or .xlsx, with a dictionary."
            ),
        ] = None,
        memory: MemoryOption = "1500MB",
        archive: ArchiveOption = None,
        data_dir: DataDirOption = None,
    ) -> None:
        """Ask the archive (events, reports, pupils, households, sources, schools) and the tables counts and coverage.

        It only reads, and reaches no other file and no network. --as-of holds for counts and coverage.
        """
        from services.archive.failing import failing

        instant = instant_of("--as-of", as_of)
        memory_of(memory)
        directory = archive_of(archive, data_dir_of(data_dir))
        with failing(directory):
            from projections.archive import Archive
            from projections.archive.querying import QueryError
            from projections.archive.querying import query as ask

            opened = Archive(directory)
            k = instant if instant is not None else (opened.last_recorded or 0) + 1
            try:
                found = ask(opened, sql, k, memory)
            except QueryError as error:
                raise WrongUsage(f"the query: {error}") from None
        if output is not None:
            from services.archive.exporting import write

            write(found, output, sql)
            return
        rows = (
            row for batch in found.to_batches() for row in zip(*(c.to_pylist() for c in batch.columns), strict=True)
        )
        write_rows(found.column_names, rows, format)
