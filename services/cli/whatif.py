"""`kindinbeeld whatif`: what would be counted by another definition, beside what is counted."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.areas import members_of
from services.cli.options import (
    ArchiveOption,
    AreaOption,
    AsOfOption,
    DataDirOption,
    MeasureOption,
    MemoryOption,
    WeekOption,
    archive_of,
    data_dir_of,
    instant_of,
    measure_of,
    memory_of,
)
from services.cli.writing import Format, write_rows
from services.system.errors import WrongUsage

if TYPE_CHECKING:
    from events import Rejected
    from projections.evaluation.query import Replay
    from services.system import DataDir


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def whatif(
        file: Annotated[
            str | None,
            typer.Argument(
                metavar="FILE|-",
                help="A file of events with recordedtime, as `evaluate` takes it.",
                show_default="the archive",
            ),
        ] = None,
        change: Annotated[
            list[str] | None,
            typer.Option("--set", metavar="PARAMETER=VALUE", help="Change a parameter; repeatable."),
        ] = None,
        variant: Annotated[
            Path | None, typer.Option("--variant", metavar="FILE.toml", help="A variant that was saved.")
        ] = None,
        name: Annotated[str | None, typer.Option("--name", help="What the variant is called.")] = None,
        save_to: Annotated[
            Path | None, typer.Option("--save", metavar="FILE.toml", help="Save the variant, with its checksum.")
        ] = None,
        as_of: AsOfOption = None,
        area: AreaOption = None,
        week: WeekOption = None,
        measure: MeasureOption = "unreached",
        total: Annotated[bool, typer.Option("--total", help="Only the sums by week over all these cells.")] = False,
        format: Annotated[Format, typer.Option(help="How to write it.")] = Format.TABLE,
        memory: MemoryOption = "3GB",
        archive: ArchiveOption = None,
        data_dir: DataDirOption = None,
    ) -> None:
        """Print each cell by the official definition, by a variant of it, and the difference.

        Every row names the variant. No variant is ever live, on a page or in the open data.
        """
        from services.cli.variants import save, variant_of

        instant = instant_of("--as-of", as_of)
        memory_of(memory)
        measure_of(measure)
        if file is not None and archive is not None:
            raise WrongUsage("--archive: not together with a FILE")
        if variant is None and not change:
            raise WrongUsage("--set or --variant: say what is to be changed")
        chosen = None if area is None else members_of(area)
        definition = variant_of(variant, change or (), name)
        if save_to is not None:
            save(definition, save_to)
        with _replayed(file, archive, data_dir_of(data_dir), memory) as replay:
            from projections.evaluation.whatif import COLUMNS, what_if

            k = instant if instant is not None else replay.after_all or 0
            found = what_if(replay, k, definition, measure)
        rows = [tuple(row.values()) for row in found.to_pylist()]
        rows = [row for row in rows if (chosen is None or row[1] in chosen) and week in (None, row[3])]
        names: tuple[str, ...] = COLUMNS
        if total:
            names, rows = ("definition", *COLUMNS[3:]), list(_by_week(rows))
        write_rows(names, rows, format, caption=f"{measure}: {definition.mark}, not the official count")
        print(f"{definition.mark}; checksum {definition.checksum}", file=sys.stderr)


def _by_week(rows: list[tuple[object, ...]]) -> Iterator[tuple[object, ...]]:
    sums: dict[tuple[object, object], list[int]] = {}
    for definition, _, _, week, *numbers in rows:
        into = sums.setdefault((definition, week), [0, 0, 0])
        sums[definition, week] = [a + int(str(b)) for a, b in zip(into, numbers, strict=True)]
    for key in sorted(sums, key=str):
        yield (*key, *sums[key])


@contextmanager
def _replayed(file: str | None, archive: Path | None, data_dir: DataDir, memory: str) -> Iterator[Replay]:
    from services.cli.variants import replayed_archive

    if file is None:
        with replayed_archive(archive_of(archive, data_dir), memory) as replay:
            yield replay
        return
    from projections.evaluation import replaying_file
    from services.cli.evaluate import failing_file

    with failing_file(file), replaying_file(file, _name_line, memory=memory) as (replay, _):
        yield replay


def _name_line(line: int, error: Rejected) -> None:
    print(f"line {line}: {error}", file=sys.stderr)
