"""A view that was built anew beside the one in place: brought to where that is, and compared with it cell by cell."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from projections.live.database import UNREADABLE
from projections.live.reading import LiveReader
from projections.live.tables import Tables
from projections.parts import part_names
from services.system import DataDir, SystemUnavailable, find_system, view_of
from services.view.auditing import Outcome, against_replay, between
from services.view.bringing import bring
from services.view.switching import without_log

if TYPE_CHECKING:
    from projections.rebuild import Told

__all__ = ["Compared", "compare_beside"]

_PATIENCE: Final = 10.0
"""Seconds to wait for the view in place to have what the new one has."""
_LOOK: Final = 0.1


@dataclass(frozen=True)
class Compared:
    """What came out; `replay` only where the two differ: then the new one was held against the replay of the ledger."""

    views: Outcome
    replay: Outcome | None = None

    @property
    def sound(self) -> bool:
        """Whether the new one may take the other's place."""
        return not self.views.differences or (self.replay is not None and not self.replay.differences)


def compare_beside(data_dir: DataDir, database: Path, position: int, told: Told) -> Compared | None:
    """Bring the view in a file, or in a directory of parts, to where the one in place is, and compare them as of now.

    ``told`` hears of each step. None when there is none in place that has come as far
    as ``position``, where the new one is. Raises SystemUnavailable when the ledger does not answer or the file cannot
    be used.
    """
    record = find_system(data_dir)
    old = _in_place(data_dir, position, record.clock.now())
    if old is None:
        return None
    try:
        bring(data_dir, database, old.position, told=told)
        told("comparing with the view in place", 0, 1)
        reader = LiveReader(database)
        try:
            new = reader.tables(old.as_of)
        finally:
            reader.close()
    except UNREADABLE as error:
        raise SystemUnavailable(f"the new view cannot be used ({type(error).__name__})") from None
    if not all(map(without_log, part_names(database) if database.is_dir() else [database])):
        raise SystemUnavailable("the new view is in use by another process")
    outcome = between(old, new)
    told("comparing with the view in place", 1, 1)
    if not outcome.differences:
        return Compared(outcome)
    told("replaying the ledger, since they differ", 0, 1)
    replay = against_replay(record, new)
    told("replaying the ledger, since they differ", 1, 1)
    return Compared(outcome, replay)


def _in_place(data_dir: DataDir, position: int, now: int) -> Tables | None:
    deadline = time.monotonic() + _PATIENCE
    try:
        reader = LiveReader(view_of(data_dir))
    except UNREADABLE:
        return None
    try:
        while reader.position < position:
            if time.monotonic() > deadline:
                return None
            time.sleep(_LOOK)
        return reader.tables(now)
    except UNREADABLE:
        return None
    finally:
        reader.close()
