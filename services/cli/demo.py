"""`kindinbeeld demo`: the first closure, simulated, flowing in live."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from services.cli.options import DataDirOption

_TOLD = """
The first school closure of 2020, simulated: none of these children exists. The clock is simulated too, and every
screen says so: a week takes {seconds:g} seconds.

What to look at: {url}
  schools are registered, the closure is announced, and in the first days schools report whom they cannot reach;
  in the second week the first schools answer for all their pupils: no answer is not a zero;
  pupils are found again, move, get a device, are visited; late reports change past weeks;
  on 21 April primary schools hear that they open again, on 11 May they do.

The same numbers in a terminal:  {run}kindinbeeld counts --data-dir {data_dir}
Live equals replay:              {run}kindinbeeld audit --data-dir {data_dir}
Ctrl-C ends the demonstration{kept}.
"""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def demo(
        context: typer.Context,
        seconds_a_week: Annotated[
            float,
            typer.Option("--seconds-per-week", min=0.5, max=86400, help="Real seconds that a simulated week takes."),
        ] = 10.0,
        port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0: any free one.")] = 8787,
        seed: Annotated[int, typer.Option(min=0, help="Another seed, another country.")] = 1,
        scale: Annotated[float, typer.Option(min=0.01, max=100, help="More or fewer pupils than in 2020.")] = 1.0,
        postgres: Annotated[
            bool, typer.Option("--postgres", help="With a PostgreSQL of its own for the live view.")
        ] = False,
        data_dir: DataDirOption = None,
    ) -> None:
        """Run the whole system with the simulated first closure flowing in, on a simulated clock."""
        from services.cli.up import ensure_one_database, run_until_signal
        from services.system import DataDir, Settings, WrongUsage
        from services.system.logs import configure_logging
        from services.up import System
        from services.up.demo import Player, running_clock, standing_clock

        settings = Settings.from_environment()
        ensure_one_database(settings, postgres)
        configure_logging(settings)
        with tempfile.TemporaryDirectory(prefix="kindinbeeld-demo-", ignore_cleanup_errors=True) as temporary:
            # A data directory from the environment is somebody's real system: only one that is named is used.
            named = _is_on_command_line(context, "data_dir")
            place = DataDir(data_dir if named else Path(temporary))
            if place.nats.exists():
                raise WrongUsage(f"--data-dir: {place} already holds a ledger; the demonstration needs an empty one")
            system = System(place, settings, port=port, clock=standing_clock(), postgres=postgres)

            async def play() -> None:
                player = Player(system.record, seed=seed, scale=scale)
                await player.open()
                clock = running_clock(seconds_a_week)
                system.set_clock(clock)
                kept = "" if named else "; nothing of it is kept"
                run = "uv run " if "UV_RUN_RECURSION_DEPTH" in os.environ else ""
                told = _TOLD.format(seconds=seconds_a_week, url=system.url, data_dir=place, kept=kept, run=run)
                print(told, file=sys.stderr, flush=True)
                await player.play(clock)
                print(
                    "The demonstration has reached its end; the page stays until Ctrl-C.", file=sys.stderr, flush=True
                )

            asyncio.run(run_until_signal(system, beside=play))


def _is_on_command_line(context: typer.Context, parameter: str) -> bool:
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "COMMANDLINE"
