"""Options and small pieces that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from events import DESKS, IMPORT_DESK, Rejected, parse_instant
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


def data_dir_of(path: Path | None) -> DataDir:
    """The data directory that an option names, or the default one."""
    return DataDir(path)


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
