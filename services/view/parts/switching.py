"""Putting parts of the live view that were built beside those in place into their place, under workers and readers.

Most of what came to the ledger meanwhile is taken in while the workers go on. For the rest the gate is shut, for some
tenths of a second: behind it nobody folds, the new parts are brought to the position of the farthest one in place, and
take its place there. So whoever looks sees no earlier position than before, and workers go on from there.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from projections.parts import in_place, part_names
from projections.parts.attaching import attached, positions
from projections.parts.gate import Gate
from projections.parts.placing import former_of, move_in, put_in_place
from services.system import DataDir, SystemUnavailable
from services.view.bringing import bring
from services.view.newest import newest

__all__ = ["parts_back", "parts_take_over"]

_FEW: Final = 2_000
"""Messages that are taken in while the gate is shut: the work of some tenths of a second."""
_ROUNDS: Final = 20
_PATIENCE: Final = 10.0
"""Seconds for which the gate is shut at most; a reader waits longer."""


def parts_take_over(data_dir: DataDir, built: Path) -> None:
    """Put parts that lie complete in a directory into the place of those that are there, which are kept for a day.

    Raises SystemUnavailable when the ledger does not answer, or brings more than can be taken in; then those of before
    stay in place.
    """
    data_dir.view_parts.mkdir(mode=0o700, exist_ok=True)
    _switch(data_dir, move_in(data_dir.view_parts, built))


def parts_back(data_dir: DataDir) -> bool:
    """Put the parts that were in place before into their place again, up to date; tell whether there are any left.

    Raises SystemUnavailable as `parts_take_over` does.
    """
    former = former_of(data_dir.view_parts)
    if former is None:
        return False
    _switch(data_dir, former)
    return True


def _switch(data_dir: DataDir, those: Path) -> None:
    for _ in range(_ROUNDS):
        last = asyncio.run(newest(data_dir))
        bring(data_dir, those, last)
        if asyncio.run(newest(data_dir)) - last < _FEW:
            break
    else:
        raise SystemUnavailable("more comes to the ledger than the new view takes in: try again when it is quieter")
    while True:
        present = in_place(data_dir.view_parts)
        with Gate(present).shut():
            if in_place(data_dir.view_parts) == present:  # nobody else has put others into place meanwhile
                bring(data_dir, those, _farthest(present), _PATIENCE)
                put_in_place(data_dir.view_parts, those)
                return


def _farthest(present: Path) -> int:
    """Give how far the farthest part is; 0 where they cannot be read: then nobody reads them either."""
    if all(path.exists() for path in part_names(present)):
        with suppress(sqlite3.Error), closing(attached(present)) as database:
            return max(positions(database))
    return 0
