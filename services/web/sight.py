"""What someone may see: exact figures of one's own municipalities, of all others what everyone may know.

A number is kept as the least and the most that it may be; both are equal where it is exact. What is not public at all
(flows, households, over four weeks, visits, devices, registered pupils) is not there for the municipalities of others:
not as zero, and not in any sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from projections.public import Snapshot
from services.web.details import Details, Place, Question
from services.web.source import ClosureLike, TablesLike, TableSource

__all__ = ["PartTables", "SightDetails", "SightSource", "anything_exact", "everything_exact", "most_of"]

_PUBLIC_COVERAGE: Final = ("schools_expected", "schools_reported")

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class PartTables:
    """Tables of which only the municipalities in `exact` are known exactly (see `TablesLike`)."""

    position: int
    as_of: int
    places: tuple[str, ...]
    sectors: tuple[str, ...]
    weeks: tuple[str, ...]
    open: NDArray[np.bool_]
    counts: Mapping[str, Numbers]
    coverage: Mapping[str, Numbers]
    register: Mapping[str, Numbers]
    most: Numbers
    """The most that each number of `unreached` may be."""
    exact: NDArray[np.bool_]
    """By place: whether its figures are exact."""


def most_of(tables: TablesLike) -> Numbers:
    """Give the most that each number of pupils not reached may be."""
    return tables.most if isinstance(tables, PartTables) else tables.counts["unreached"]


def everything_exact(tables: TablesLike, rows: slice | NDArray[np.intp] | Sequence[int] = slice(None)) -> bool:
    """Tell whether all figures of the places at `rows` are exact."""
    return bool(tables.exact[rows].all()) if isinstance(tables, PartTables) else True


def anything_exact(tables: TablesLike, rows: slice | NDArray[np.intp] | Sequence[int] = slice(None)) -> bool:
    """Tell whether the figures of any of the places at `rows` are exact."""
    return bool(tables.exact[rows].any()) if isinstance(tables, PartTables) else True


class SightSource:
    """The tables as someone may see them who sees the exact figures of `codes` only."""

    def __init__(self, source: TableSource, codes: frozenset[str], snapshot: Callable[[], Snapshot | None]) -> None:
        """`snapshot` gives the newest public table, None when there is none; it returns at once."""
        self._source, self._codes, self._snapshot = source, codes, snapshot

    @property
    def position(self) -> int:
        """Ledger sequence up to which events had been taken in at the last `refresh`."""
        return self._source.position

    def refresh(self) -> bool:
        """Read what was committed since; True when something changed."""
        return self._source.refresh()

    def closures(self) -> Sequence[ClosureLike]:
        """Return the closures that stand: they are public."""
        return self._source.closures()

    def tables(self, at: int) -> PartTables:
        """Return the tables as of `at`; the figures of others are those of the newest public table."""
        tables = self._source.tables(at)
        exact = np.array([place in self._codes for place in tables.places], dtype=np.bool_)
        own = exact[:, None, None]
        snapshot = self._snapshot()
        shape = tables.open.shape
        exists = _placed(snapshot, tables, shape, "exists").astype(np.bool_)
        low, high = (_placed(snapshot, tables, shape, name) for name in ("low", "high"))
        counts = {name: np.where(own, numbers, 0) for name, numbers in tables.counts.items()}
        counts["unreached"] = np.where(own, tables.counts["unreached"], low)
        coverage = {name: np.where(own, numbers, 0) for name, numbers in tables.coverage.items()}
        for name in _PUBLIC_COVERAGE:
            public = _placed(snapshot, tables, shape, name.removeprefix("schools_"))
            coverage[name] = np.where(own, tables.coverage[name], public)
        return PartTables(
            tables.position,
            tables.as_of,
            tables.places,
            tables.sectors,
            tables.weeks,
            np.where(own, tables.open, exists),
            counts,
            coverage,
            {name: np.where(own, numbers, 0) for name, numbers in tables.register.items()},
            np.where(own, tables.counts["unreached"], high),
            exact,
        )


class SightDetails:
    """The details as far as someone may see them who sees the exact figures of `codes` only: of those alone."""

    def __init__(self, details: Details, codes: frozenset[str]) -> None:
        self._details, self._codes = details, codes

    def __call__(self, question: Question, /) -> Any:
        """Give the newest answer; None where any municipality in it is not theirs."""
        asked = (question.code,) if isinstance(question, Place) else question.codes
        return self._details(question) if asked and self._codes.issuperset(asked) else None


def _placed(snapshot: Snapshot | None, tables: TablesLike, shape: tuple[int, ...], name: str) -> Numbers:
    """Give an array of the public table in the places, sectors and weeks of the tables; 0 where it has none."""
    placed = np.zeros(shape, dtype=np.int64)
    if snapshot is None:
        return placed
    pairs = [
        [(here.index(each), at) for at, each in enumerate(there) if each in set(here)]
        for here, there in (
            (tables.places, snapshot.places),
            (tables.sectors, snapshot.sectors),
            (tables.weeks, snapshot.weeks),
        )
    ]
    to, of = ([[pair[side] for pair in axis] for axis in pairs] for side in (0, 1))
    placed[np.ix_(*to)] = getattr(snapshot, name)[np.ix_(*of)]
    return placed
