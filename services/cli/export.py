"""`kindinbeeld export`: the events that stand, out of the ledger."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import AsOfOption, DataDirOption, data_dir_of, instant_of
from services.system.errors import WrongUsage

if TYPE_CHECKING:
    from services.ledger.exporting import Export
    from services.system import SystemRecord


class Format(StrEnum):
    """The forms of an export."""

    NDJSON = "ndjson"
    PARQUET = "parquet"


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def export(
        as_of: AsOfOption = None,
        format: Annotated[
            Format, typer.Option("--format", help="NDJSON, or Parquet with a column for each attribute.")
        ] = Format.NDJSON,
        output: Annotated[
            Path | None, typer.Option("--output", metavar="FILE", help="Write to this file, whole or not at all.")
        ] = None,
        data_dir: DataDirOption = None,
    ) -> None:
        """Write the events of the ledger, one for each source and id, in the order recorded, with every attribute.

        Importing the result into an empty system gives the same ledger back.
        """
        from services.system.logs import configure_logging
        from services.system.record import find_system

        configure_logging()
        instant = instant_of("--as-of", as_of)
        if format is Format.PARQUET and output is None:
            raise WrongUsage("--format parquet needs --output FILE")
        if output is not None and not output.absolute().parent.is_dir():
            raise WrongUsage(f"--output: the directory {output.parent} does not exist")
        where = data_dir_of(data_dir)
        record = find_system(where)
        where.prepare()
        from services.ledger.exporting import Export

        with Export(where.temporary) as taken:
            _read(taken, record, instant)
            _write(taken, format, output)
            said = f"exported {taken.events}, copies {taken.copies}, left out {taken.left_out}"
        print(said, file=sys.stderr)


def _read(taken: Export, record: SystemRecord, as_of: int | None) -> None:
    import uvloop

    from services.ledger.connecting import connect

    async def read() -> None:
        async with await connect(record.nats, name="kindinbeeld export") as ledger:
            await taken.read(ledger.nc, as_of)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(read())


def _write(taken: Export, format: Format, output: Path | None) -> None:
    if output is None:
        taken.write(sys.stdout.buffer)
        sys.stdout.buffer.flush()
    elif format is Format.PARQUET:
        from projections.evaluation.columns import columns_of, write_parquet

        with _whole(output) as path:
            # The position of a row is its number in the export, as that of a line in the file of NDJSON.
            rows = ((number, at, text) for number, (_, at, text) in enumerate(taken.standing(), 1))
            write_parquet(columns_of(rows, keep_event=True), path)
    else:
        with _whole(output) as path, path.open("wb") as file:
            taken.write(file)


@contextmanager
def _whole(output: Path) -> Iterator[Path]:
    """Give a path to write to; what is there takes the place of `output` when all went well.

    Something that is no file, such as a pipe, is written to directly. Raises WrongUsage when it cannot be written.
    """
    if output.exists() and not output.is_file():
        yield output
        return
    partial = output.with_name(f".{output.name}.{secrets.token_hex(4)}")
    try:
        yield partial
        partial.replace(output)
    except OSError as error:
        raise WrongUsage(f"--output: {output} cannot be written: {error.strerror or os.strerror(5)}") from None
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
