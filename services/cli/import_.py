"""`kindinbeeld import`: a file of events into the ledger."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.options import DataDirOption, data_dir_of
from services.system.errors import CommandError, WrongUsage

if TYPE_CHECKING:
    from services.ledger.connecting import Ledger
    from services.ledger.import_lines import Tally
    from services.ledger.importing import Importer
    from services.ledger.known import KnownEvents
    from services.ledger.progress import ImportProgress
    from services.system import DataDir, SystemRecord


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command(name="import")
    def import_(
        file: Annotated[
            str, typer.Argument(metavar="FILE|-", help="NDJSON of events, plain, gzip or zstd; - is standard input.")
        ],
        strict: Annotated[bool, typer.Option("--strict", help="Exit status 1 when a line was rejected.")] = False,
        data_dir: DataDirOption = None,
    ) -> None:
        """Import events into the ledger of the running system.

        A line that breaks a rule is named on standard error (line, field, rule) and kept beside the ledger; the rest
        goes on. Interrupted at any moment, it can be repeated: what the ledger holds already is known.
        """
        from services.system.logs import configure_logging
        from services.system.record import find_system

        configure_logging()
        where = data_dir_of(data_dir)
        if file != "-" and not Path(file).exists():
            raise WrongUsage(f"{file}: there is no such file")
        _Import(file, where, find_system(where)).run(strict)


class Interrupted(Exception):  # noqa: N818 - no error
    """Someone asked the import to stop (SIGINT, SIGTERM)."""


class _Import:
    def __init__(self, file: str, data_dir: DataDir, record: SystemRecord) -> None:
        self._file = file
        self._data_dir = data_dir
        self._record = record
        self._stopped = 0
        self._reading = False
        self._importer: Importer | None = None

    def run(self, strict: bool) -> None:
        """Import, say what became of the lines, and end with the exit status that follows from it."""
        import uvloop

        status, words = 0, ""
        ours = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
        before = {number: signal.signal(number, self._on_signal) for number in ours}
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._import())
        except (Interrupted, KeyboardInterrupt):
            status, words = 128 + self._stopped, "interrupted"
        except CommandError as error:
            status, words = error.exit_status, error.message
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        tally = self._tally()
        if words:
            self._say(f"{words}; what is counted below is in the ledger, import it again to go on" if tally else words)
        if tally is not None:
            print(tally, file=sys.stderr)
        if status or (strict and tally is not None and tally.rejected):
            raise typer.Exit(status or 1)

    def _tally(self) -> Tally | None:
        return self._importer.tally if self._importer is not None else None

    def _say(self, words: str) -> None:
        print(f"kindinbeeld: {words}", file=sys.stderr)

    async def _import(self) -> None:
        from services.ledger.connecting import connect
        from services.ledger.known import import_index
        from services.ledger.progress import ImportProgress, plain_size

        async with await connect(self._record.address_of("import"), name="kindinbeeld import") as ledger:
            with import_index(self._data_dir) as known, ImportProgress(plain_size(self._file)) as progress:
                await self._with(ledger, known, progress)

    async def _with(self, ledger: Ledger, known: KnownEvents, progress: ImportProgress) -> None:
        from events import LinesError
        from services.ledger.catching_up import catch_up
        from services.ledger.importing import Importer

        def caught_up(count: int) -> None:
            if self._stopped:
                raise Interrupted
            progress.caught_up(count)

        places = await catch_up(ledger.nc, known, caught_up)
        self._importer = Importer(
            ledger,
            known,
            places,
            self._record.clock,
            on_rejected=progress.rejected,
            on_settled=progress.settled,
            parted=self._record.workers > 1,
        )
        progress.begin()
        try:
            await self._importer.run(self._lines())
        except LinesError as error:
            raise WrongUsage(f"{self._file}: {error}") from None

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._stopped:
            raise KeyboardInterrupt  # asked twice: not even what is under way is waited for
        self._stopped = number
        if self._reading:
            raise Interrupted

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """Give the lines until someone asks to stop: at once where reading waits, for example for a slow pipe."""
        from events import read_lines

        lines = read_lines(self._file)
        while True:
            self._reading = True
            try:
                if self._stopped:
                    raise Interrupted
                item = next(lines, None)
            finally:
                self._reading = False
            if item is None:
                return
            yield item
