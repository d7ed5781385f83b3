"""`kindinbeeld simulate`: a plausible national history of the school closures, as a file of events."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from events import format_instant
from services.cli.options import DataDirOption
from services.system.errors import SystemUnavailable, WrongUsage

__all__ = ["register"]


class _Closure(StrEnum):
    FIRST = "first"
    SECOND = "second"
    BOTH = "both"


def simulate(
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Where to write; '-': standard output; .gz and .zst are compressed."
        ),
    ] = "-",
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 1,
    closure: Annotated[_Closure, typer.Option(help="Which closure of the schools.")] = _Closure.BOTH,
    scale: Annotated[
        float | None, typer.Option(metavar="X", help="So many times the pupils that there were.", show_default="1")
    ] = None,
    events: Annotated[
        int | None, typer.Option(metavar="N", help="About so many events; not together with --scale.")
    ] = None,
    data_dir: DataDirOption = None,
) -> None:
    """Write a plausible national history of the school closures, made up by seed, in the order recorded."""
    # Here and not above: no other command has to wait for the simulation to load.
    from services.simulate import Plan, plan_for
    from services.simulate.output import write_history

    if scale is not None and events is not None:
        raise WrongUsage("--scale and --events: give one of them")
    try:
        plan = Plan(seed=seed, closure=closure.value, scale=1.0 if scale is None else scale)
        plan = plan if events is None else plan_for(events, plan)
    except ValueError as error:
        raise WrongUsage(f"--{error}") from None
    try:
        count, first, last = write_history(plan, output)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SystemUnavailable(f"--output: cannot be written: {error.strerror}") from None
    period = "" if first is None or last is None else f", recorded {format_instant(first)} to {format_instant(last)}"
    typer.echo(f"wrote {count} events{period}; seed {seed}, scale {plan.scale:g}, schools {plan.schools:g}", err=True)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("simulate")(simulate)
