"""`kindinbeeld up`: the whole system on this machine."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer

from events import PARTS
from services.cli.options import DataDirOption
from services.system.ending import end_tasks

if TYPE_CHECKING:
    from services.system import Settings
    from services.up import System

MOST_WORKERS: Final = PARTS + 1


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def up(
        port: Annotated[
            int | None,
            typer.Option(
                min=0, max=65535, show_default="KINDINBEELD_PORT, or 8787", help="Port of the page; 0: any free one."
            ),
        ] = None,
        desks: Annotated[
            bool | None,
            typer.Option("--desks/--no-desks", show_default="KINDINBEELD_DESKS, or yes", help="Run the desks too."),
        ] = None,
        postgres: Annotated[
            bool, typer.Option("--postgres", help="With a PostgreSQL of its own for the live view and the desks.")
        ] = False,
        workers: Annotated[
            int | None,
            typer.Option(
                min=1,
                max=MOST_WORKERS,
                show_default="KINDINBEELD_WORKERS, or 1",
                help="Workers that keep the live view together; 1: it is one view.",
            ),
        ] = None,
        data_dir: DataDirOption = None,
    ) -> None:
        """Run the whole system on this machine until SIGINT or SIGTERM; says on standard output when it is ready."""
        from services.system import DataDir, Settings
        from services.system.logs import configure_logging
        from services.up import System

        settings = Settings.from_environment()
        if workers is not None:
            settings = replace(settings, workers=workers)
        ensure_one_database(settings, postgres)
        configure_logging(settings)
        system = System(
            DataDir(data_dir),
            settings,
            port=settings.port if port is None else port,
            desks=settings.desks if desks is None else desks,
            postgres=postgres,
        )
        asyncio.run(run_until_signal(system))


def ensure_one_database(settings: Settings, postgres: bool) -> None:
    """Raise WrongUsage when two PostgreSQLs are wanted, the system's own and another, or any for several workers."""
    from services.system import WrongUsage

    if settings.workers > 1 and (postgres or settings.database is not None):
        raise WrongUsage(
            "several workers (--workers, KINDINBEELD_WORKERS) keep the live view in files, not in PostgreSQL:"
            " leave out --postgres and KINDINBEELD_DATABASE; KINDINBEELD_DESK_DATABASE is for the desks alone"
        )
    if postgres and settings.database is not None:
        raise WrongUsage("--postgres and KINDINBEELD_DATABASE: one of the two, the system's own database or another")


async def run_until_signal(system: System, *, beside: Callable[[], Awaitable[None]] | None = None) -> None:
    """Start a system, say that it is ready, and keep it, with what runs ``beside`` it, until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    starting = asyncio.ensure_future(system.start())
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        # Asked to stop before it was ready: what was started is stopped again.
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return
    await starting
    for name, url in system.record.desks.items():
        print(f"desk {name} {url}", file=sys.stderr, flush=True)
    print(f"ready {system.url}", flush=True)
    aside = asyncio.ensure_future(beside() if beside is not None else _nothing())
    running = asyncio.ensure_future(system.run(stop))
    try:
        await asyncio.wait({aside, running}, return_when=asyncio.FIRST_COMPLETED)
        if aside.done():
            await aside
            await running
    finally:
        stop.set()
        await end_tasks([aside])
        await asyncio.gather(aside, running, return_exceptions=True)
        await system.stop()


async def _nothing() -> None:
    """Run beside a system that needs nothing beside it."""
