"""Which parts are in place, of those that were made one after the other: a line in a file beside them says so.

The first lie in the directory itself, those that were built anew in directories below it, by number. Each has a gate
and locks of its own. Who goes on with parts that are in place no more finds that out behind their gate, and writes
nothing.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from projections.durable import fsync_directory
from projections.parts.dividing import part_names

__all__ = ["KEPT_SECONDS", "Placed", "former_of", "in_place", "move_in", "placed", "put_in_place", "remove_others"]

_PLACE: Final = "in-place"
KEPT_SECONDS: Final = 86_400.0
"""How long what another has taken the place of is kept: a day, to go back to."""


class Placed(NamedTuple):
    """Numbers of what was made; 0: what lies in the directory itself."""

    current: int = 0
    former: int | None = None
    """Those that were in place before; None: none are left."""


def placed(directory: Path) -> Placed:
    """Tell which are in place."""
    try:
        current, former = (directory / _PLACE).read_text("ascii").split()
    except FileNotFoundError:
        return Placed()
    return Placed(int(current), None if former == "-" else int(former))


def in_place(directory: Path) -> Path:
    """Give the directory of the parts that are in place; they may not be made yet."""
    return _of(directory, placed(directory).current)


def former_of(directory: Path) -> Path | None:
    """Give the directory of those that were in place before, for a day; None when there are none any more."""
    former = placed(directory).former
    if former is None or time.time() - (directory / _PLACE).stat().st_mtime > KEPT_SECONDS:
        return None
    there = _of(directory, former)
    return there if all(path.exists() for path in part_names(there)) else None


def move_in(directory: Path, built: Path) -> Path:
    """Bring parts that lie complete in a directory of the same disk to where they may be put in place; give that."""
    remove_others(directory)
    taken = placed(directory)
    number = max(taken.current, taken.former or 0) + 1
    built.rename(directory / str(number))
    return directory / str(number)


def put_in_place(directory: Path, those: Path) -> None:
    """Have some of them in place, and those that were so far kept for a day. Their gate is closed meanwhile."""
    number = 0 if those == directory else int(those.name)
    beside = directory / f"{_PLACE}.new"
    with beside.open("w", encoding="ascii") as file:
        file.write(f"{number} {placed(directory).current}\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(directory / _PLACE)
    fsync_directory(directory)


def remove_others(directory: Path) -> None:
    """Remove what is neither in place nor kept: of before, or left behind by a build that was ended on its way."""
    if not directory.exists():
        return
    keep = {in_place(directory), former_of(directory)}
    for below in directory.iterdir():
        if below.is_dir() and below not in keep:
            shutil.rmtree(below, ignore_errors=True)
    if directory not in keep:
        for path in part_names(directory):
            for suffix in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    path.with_name(path.name + suffix).unlink()


def _of(directory: Path, number: int) -> Path:
    return directory / str(number) if number else directory
