"""What the page asks of the live view and of the ledger: no more than this.

Instants are microseconds since 1970-01-01T00:00Z, days are dates of Europe/Amsterdam.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClosureLike", "Lag", "TableSource", "TablesLike"]


class TablesLike(Protocol):
    """Both tables as of one instant, dense: every array is indexed [place, sector, week]."""

    @property
    def position(self) -> int:
        """Ledger sequence up to which events are in."""

    @property
    def as_of(self) -> int:
        """The knowledge time K, in microseconds."""

    @property
    def places(self) -> tuple[str, ...]:
        """Municipality codes, and `unknown`."""

    @property
    def sectors(self) -> tuple[str, ...]:
        """The sectors, in the order of the arrays."""

    @property
    def weeks(self) -> tuple[str, ...]:
        """ISO weeks in which some closure runs before K, ascending."""

    @property
    def open(self) -> NDArray[np.bool_]:
        """Where a row may exist: a closure of the sector there meets the week before K."""

    @property
    def counts(self) -> Mapping[str, NDArray[np.int64]]:
        """The measures of the count, 0 where no row may exist."""

    @property
    def coverage(self) -> Mapping[str, NDArray[np.int64]]:
        """The measures of the coverage, 0 where no row may exist."""

    @property
    def register(self) -> Mapping[str, NDArray[np.int64]]:
        """The registered pupils (`REGISTER_MEASURES`), 0 where no row may exist."""


class ClosureLike(Protocol):
    """One closure as its last announcement has it."""

    @property
    def name(self) -> str:
        """What the closure is called."""

    @property
    def sectors(self) -> tuple[str, ...]:
        """The sectors that close."""

    @property
    def starts(self) -> date:
        """The first day closed."""

    @property
    def until(self) -> date | None:
        """The last day closed; None: not known yet."""

    @property
    def municipalities(self) -> tuple[str, ...] | None:
        """Codes of the municipalities that close; None: the whole country."""

    @property
    def regime(self) -> str | None:
        """How closed: `closed`, `closed-with-exceptions`, `partial`; None: not stated."""

    @property
    def announced(self) -> tuple[int, ...]:
        """When it was announced, and then announced otherwise: in microseconds, ascending."""


class TableSource(Protocol):
    """The live view, read."""

    def look(self, at: int) -> tuple[TablesLike, Sequence[ClosureLike]]:
        """Return both tables as of `at` (microseconds), or of the newest event taken in, and the closures that stand.

        Both are of one moment. It is called on the event loop's thread, and must return within milliseconds. Where
        `counts` is the object that was returned before, nothing in the tables differs but `as_of`.
        """


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the ledger is: its last sequence, None when the ledger cannot be reached."""

    ledger_position: int | None
