"""`kindinbeeld bench`: the project's own measure."""

from __future__ import annotations

import signal
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from services.system.errors import SystemUnavailable, WrongUsage

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.bench import Results
    from services.bench.holding import Held

__all__ = ["register"]

_EVENTS, _QUICK_EVENTS, _LARGE = 1_000_000, 100_000, 10_000_000
_FEWEST = 2_000
_TIMES = 3


class Format(StrEnum):
    """How the results are written."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


def bench(
    events: Annotated[
        int | None,
        typer.Option(metavar="N", min=_FEWEST, help="How many events.", show_default="1000000, with --quick 100000"),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Less of everything: about a minute on two processors.")
    ] = False,
    large: Annotated[
        bool, typer.Option("--large", help="Also 10 million events from Parquet; making those takes minutes.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME", help="Only this measurement; may be repeated.")
    ] = None,
    format: Annotated[Format, typer.Option(help="How to write the results.")] = Format.TABLE,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write.", show_default="stdout")
    ] = None,
    chart: Annotated[
        Path | None, typer.Option("--chart", metavar="FILE", help="Draw how it grows (`growth`), as SVG.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Exit status 1 when a target is missed.")] = False,
    hold: Annotated[
        Path | None,
        typer.Option(
            "--hold",
            metavar="FILE",
            help="Exit status 1 when a ratio is less than two thirds of the one in FILE (JSON), three times measured.",
        ),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            "--data-dir",
            help="Where to work, and to keep the events for the next run.",
            show_default="a temporary directory",
        ),
    ] = None,
) -> None:
    """Measure this installation: every figure with its target, and its ratio to baselines of the same run.

    Nothing of a system that runs is touched: the ledgers, views and pages that are measured are its own, on loopback,
    and end with it. Exit status 3 when something could not be measured.
    """
    from services.bench import MEASUREMENTS

    for name in only or ():
        if name not in MEASUREMENTS:
            raise WrongUsage(f"--only: must be one of {', '.join(MEASUREMENTS)}")
    recorded = None if hold is None else _recorded(hold)
    count = events if events is not None else _QUICK_EVENTS if quick else _EVENTS

    def measured() -> Results:
        return _measured(count, quick, large or count >= _LARGE, only, data_dir)

    # Asked to end, it ends what it started. By a handler of its own: asyncio's would cancel a task instead, which a
    # result that comes in the same moment may swallow before Python 3.12.
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        results = measured()
        fallen = [] if recorded is None else _held(recorded, results, measured)
    except KeyboardInterrupt:
        print("kindinbeeld: interrupted; what was started has ended", file=sys.stderr)
        raise typer.Exit(130) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    _write(results, format, output)
    if chart is not None:
        _draw(results, chart)
    for figure in results.absent:
        print(f"not measured: {figure.label}: {figure.note}", file=sys.stderr)
    for each in fallen:
        print(f"slower than it was: {each}", file=sys.stderr)
    if status := results.status(check=check) or bool(fallen):
        raise typer.Exit(status)


def _recorded(file: Path) -> dict[tuple[str, str], float]:
    from services.bench.holding import read_recorded

    try:
        return read_recorded(file)
    except (OSError, ValueError) as error:
        raise WrongUsage(f"--hold: {getattr(error, 'strerror', None) or error}") from None


def _held(recorded: dict[tuple[str, str], float], first: Results, again: Callable[[], Results]) -> list[Held]:
    """Give the ratios that have fallen, each time that they were measured."""
    from services.bench.holding import held

    runs = [first.ratios]
    while (fallen := [each for each in held(recorded, runs) if each.fallen]) and len(runs) < _TIMES:
        for each in fallen:
            print(f"measuring again: {each}", file=sys.stderr)
        runs.append(again().ratios)
    return fallen


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _measured(number: int, quick: bool, large: bool, only: list[str] | None, data_dir: Path | None) -> Results:
    from services.bench import Results, measure
    from services.bench.context import Asked, Bench
    from services.bench.data import Data
    from services.bench.machine import describe
    from services.system import DataDir

    begun = datetime.now(UTC)
    if data_dir is not None:
        DataDir(data_dir).prepare()
    try:
        with TemporaryDirectory(prefix="kindinbeeld-bench-", dir=data_dir, ignore_cleanup_errors=True) as temporary:
            place = Path(temporary)
            machine = describe(place)
            data = Data(place if data_dir is None else data_dir / "bench-events")
            with Bench(Asked(number, quick, large), place, data) as run:
                figures = list(measure(run, only))
    except OSError as error:
        raise SystemUnavailable(f"the files of the benchmark cannot be written: {error.strerror}") from None
    options = "".join([" --quick" * quick, " --large" * large, f" --events {number}"])
    return Results(begun, f"kindinbeeld bench{options}", machine, figures)


def _draw(results: Results, file: Path) -> None:
    from services.bench.growth import drawn

    try:
        file.write_text(drawn(results.figures), "utf-8")
    except (OSError, ValueError) as error:
        raise SystemUnavailable(f"--chart: cannot be drawn: {getattr(error, 'strerror', None) or error}") from None


def _write(results: Results, format: Format, output: Path | None) -> None:
    try:
        opened = nullcontext(sys.stdout) if output is None else output.open("w", encoding="utf-8")
        with opened as to:
            _write_to(results, format, to)
    except OSError as error:
        raise SystemUnavailable(f"--output: the file cannot be written: {error.strerror}") from None


def _write_to(results: Results, format: Format, to: TextIO) -> None:
    match format:
        case Format.TABLE:
            results.write_table(to)
        case Format.JSON:
            results.write_json(to)
        case Format.MARKDOWN:
            results.write_markdown(to)


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(bench)
