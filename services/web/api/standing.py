"""What the interface reads from: the live tables as they stand, or tables as they were known at an earlier time.

Time goes on between two requests while the tables stay as they are. A snapshot is kept for as long as nothing in it
would differ, so that the same question has the same answer, byte for byte, and pages of one table fit together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np

from events.times import local_day
from services.web.api.calendar import Calendar, calendar_of
from services.web.api.cells import Rows, rows_of, with_zeros
from services.web.api.rates import rate_rows
from services.web.api.showing import Others
from services.web.boards import Boards
from services.web.source import ClosureLike, TablesLike

__all__ = ["Known", "Live", "Replays", "Standing"]


class Known(Protocol):
    """Both tables as of an instant: `as_of` in microseconds, `position` in the ledger."""

    @property
    def as_of(self) -> int:
        """The knowledge time K."""

    @property
    def position(self) -> int:
        """The ledger's sequence up to which events are in."""

    def rows(self, table: str, all_rows: bool = False) -> Rows:
        """Give the rows of "counts" or "coverage"; with `all_rows`, of the counts those of zeros too."""


class Replays(Protocol):
    """Tables as they were known at an earlier time."""

    async def known_at(self, as_of: int, all_rows: bool) -> Known:
        """Give both tables as of an instant (microseconds). Raises a Problem when that cannot be done now."""


class Standing:
    """The live tables at one position, and what follows from them; all of it worked out when it is first asked for."""

    def __init__(self, tables: TablesLike, closures: Sequence[ClosureLike]) -> None:
        self.tables, self.closures = tables, closures
        self._rows: dict[tuple[str, bool], Rows] = {}

    @property
    def as_of(self) -> int:
        """Since when the tables stand so, in microseconds."""
        return self.tables.as_of

    @property
    def position(self) -> int:
        """The ledger's sequence up to which events are in."""
        return self.tables.position

    @cached_property
    def calendar(self) -> Calendar:
        """Which weeks are closed where."""
        return calendar_of(self.closures, self.as_of)

    @cached_property
    def rates(self) -> Rows:
        """Registered pupils and those not reached (`rate_rows`)."""
        return rate_rows(self.tables)

    def rows(self, table: str, all_rows: bool = False) -> Rows:
        """Give the rows of a table."""
        key = table, all_rows
        if key not in self._rows:
            self._rows[key] = with_zeros(self.rows(table), self.calendar) if all_rows else rows_of(self.tables, table)
        return self._rows[key]

    def stands(self, tables: TablesLike, closures: Sequence[ClosureLike]) -> bool:
        """Tell whether these newer tables say nothing else."""
        old = self.tables
        return (
            (old.position, old.places, old.sectors, old.weeks) == (tables.position, *_axes(tables))
            and local_day(old.as_of - 1) == local_day(tables.as_of - 1)
            and list(self.closures) == list(closures)
            and np.array_equal(old.open, tables.open)
            and all(np.array_equal(old.counts[name], numbers) for name, numbers in tables.counts.items())
            and all(np.array_equal(old.coverage[name], numbers) for name, numbers in tables.coverage.items())
            and all(np.array_equal(old.register[name], numbers) for name, numbers in tables.register.items())
        )


def _axes(tables: TablesLike) -> tuple[tuple[str, ...], ...]:
    return tables.places, tables.sectors, tables.weeks


class Live:
    """Gives the snapshot of the live view as it stands now. Used on the event loop's thread only."""

    def __init__(self, boards: Boards, clock: Callable[[], int]) -> None:
        """`clock` gives the time in microseconds."""
        self.board, self.clock, self.audit = boards.whole, clock, boards.audit
        self._boards = boards
        self._others: Others | None = None
        self._seen: TablesLike | None = None
        self._standing: Standing | None = None

    def others(self) -> Others | None:
        """Give what everyone may see; None when nothing was published yet."""
        public = self._boards.public
        if public is None:
            return None
        if self._others is None or self._others.public is not public:
            self._others = Others(public)
        return self._others

    def standing(self) -> Standing | None:
        """Read the view, and give what it says; None when it has not been read yet."""
        self.board.refresh()
        current = self.board.current
        if current is None:
            return None
        kept = self._standing
        if kept is None or (self._seen is not current.tables and not kept.stands(current.tables, current.closures)):
            kept = self._standing = Standing(current.tables, current.closures)
        self._seen = current.tables
        return kept
