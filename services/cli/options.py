"""Options and small pieces that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from events import DESKS, IMPORT_DESK, Rejected, parse_instant
from projections.tables import COUNT_MEASURES
from services.system import DataDir, WrongUsage

DataDirOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        envvar="KINDINBEELD_DATA_DIR",
        show_default="the platform's data directory",
        readable=False,  # whether it can be used is said in our own words
        help="The directory of the system.",
    ),
]

AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", metavar="TIME", help="As known at this time: RFC 3339 with an offset, 2020-04-10T12:00:00+02:00."
    ),
]

ArchiveOption = Annotated[
    Path | None,
    typer.Option(
        "--archive", metavar="DIR", show_default="archive/ in the data directory", help="The directory of the archive."
    ),
]

MemoryOption = Annotated[
    str,
    typer.Option(
        "--memory",
        metavar="SIZE",
        envvar="KINDINBEELD_MEMORY",
        help="What the query may hold in memory; the rest goes to disk.",
    ),
]

AreaOption = Annotated[str | None, typer.Option("--area", metavar="CODE", help="Only municipalities in this area.")]

WeekOption = Annotated[str | None, typer.Option("--week", metavar="YYYY-Www", help="Only this ISO week.")]

MeasureOption = Annotated[str, typer.Option("--measure", metavar="NAME", help="Which column of the count.")]

_MEMORY: Final = re.compile(r"[0-9]+ ?[KMGT]i?B", re.IGNORECASE)


def data_dir_of(path: Path | None) -> DataDir:
    """The data directory that an option names, or the default one."""
    return DataDir(path)


def archive_of(path: Path | None, data_dir: DataDir) -> Path:
    """The directory of the archive that an option names, or that of the system."""
    return data_dir.archive if path is None else path.expanduser().absolute()


def memory_of(size: str) -> str:
    """Read how much memory may be taken; raises WrongUsage for what is no size."""
    if _MEMORY.fullmatch(size) is None:
        raise WrongUsage("--memory: must be a size such as 3GB")
    return size


def measure_of(name: str) -> str:
    """Read which column of the count is meant; raises WrongUsage for what is none."""
    if name not in COUNT_MEASURES:
        raise WrongUsage(f"--measure: must be one of {', '.join(COUNT_MEASURES)}")
    return name


def instant_of(option: str, text: str | None) -> int | None:
    """Read an option's time as microseconds; raises WrongUsage (exit status 2) with the rule."""
    if text is None:
        return None
    try:
        return parse_instant(text)
    except Rejected as error:
        raise WrongUsage(f"{option}: {error.rule}") from None


def ensure_rejecting_desk(desk: str | None, *others: str) -> None:
    """Raise WrongUsage when an option names what is no desk, no import, and none of `others`."""
    known = (*DESKS, IMPORT_DESK, *others)
    if desk is not None and desk not in known:
        raise WrongUsage(f"--desk: must be one of {', '.join(known)}")
