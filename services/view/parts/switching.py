"""Putting parts of the live view that were built beside those in place into their place, under workers and readers.

Most of what came to the ledger meanwhile is taken in while the workers go on. For the rest the gate is shut, for some
tenths of a second: behind it nobody folds, the new parts are brought to the position of the farthest one in place, and
take its place there. So whoever looks sees no earlier position than before, and workers go on from there.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from projections.parts import in_place, part_names
from projections.parts.attaching import attached, positions
from projections.parts.gate import Gate
from projections.parts.placing import former_of, move_in, put_in_place
from services.system import DataDir
from services.view.bringing import bring, bring_up

if TYPE_CHECKING:
    from projections.rebuild import Told

__all__ = ["parts_back", "parts_take_over"]

_PATIENCE: Final = 10.0
"""Seconds for which the gate is shut at most; a reader waits longer."""


def parts_take_over(data_dir: DataDir, built: Path, told: Told) -> None:
    """Put parts that lie complete in a directory into the place of those that are there, which are kept for a day.

    Raises SystemUnavailable when the ledger does not answer, or brings more than can be taken in; then those of before
    stay in place.
    """
    data_dir.view_parts.mkdir(mode=0o700, exist_ok=True)
    _switch(data_dir, move_in(data_dir.view_parts, built), told)


def parts_back(data_dir: DataDir, told: Told) -> bool:
    """Put the parts that were in place before into their place again, up to date; tell whether there are any left.

    Raises SystemUnavailable as `parts_take_over` does.
    """
    former = former_of(data_dir.view_parts)
    if former is None:
        return False
    _switch(data_dir, former, told)
    return True


def _switch(data_dir: DataDir, those: Path, told: Told) -> None:
    bring_up(data_dir, those, told)
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
