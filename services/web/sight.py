"""What someone may see: exact figures of one's own municipalities, of all others what everyone may know.

A number is kept as the least and the most that it may be; both are equal where it is exact. What is not public at all
(flows, households, over four weeks, visits, devices, registered pupils) is not there for the municipalities of others:
not as zero, and not in any sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from projections.public import Snapshot
from services.web.details import Details, Place, Question
from services.web.source import ClosureLike, TablesLike, TableSource

__all__ = [
    "PartTables",
    "SightDetails",
    "SightSource",
    "anything_exact",
    "everything_exact",
    "exact_at",
    "most_of",
    "public_tables",
]

_PUBLIC_COVERAGE: Final = ("schools_expected", "schools_reported")
_ARRAYS: Final = ("exists", "low", "high", "expected", "reported")
"""The arrays of a public table."""

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


def exact_at(tables: TablesLike, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell of each of the places at `rows` whether its figures are exact."""
    found: NDArray[np.bool_] = tables.exact[rows] if isinstance(tables, PartTables) else np.ones(len(rows), np.bool_)
    return found


def anything_exact(tables: TablesLike, rows: slice | NDArray[np.intp] | Sequence[int] = slice(None)) -> bool:
    """Tell whether the figures of any of the places at `rows` are exact."""
    return bool(tables.exact[rows].any()) if isinstance(tables, PartTables) else True


class SightSource:
    """The tables as someone may see them who sees the exact figures of `codes` only."""

    def __init__(self, source: TableSource, codes: frozenset[str], snapshot: Callable[[], Snapshot | None]) -> None:
        """`snapshot` gives the newest public table, None when there is none; it returns at once."""
        self._source, self._codes, self._snapshot = source, codes, snapshot
        self._told: _Told | None = None
        self._public: _Public | None = None

    def look(self, at: int) -> tuple[PartTables, Sequence[ClosureLike]]:
        """Return the tables as of `at`, others with the figures of the newest public table, and the closures."""
        (tables, closures), snapshot = self._source.look(at), self._snapshot()
        told = self._told
        if told is not None and told.counts is tables.counts and told.snapshot is snapshot:
            return replace(told.part, as_of=tables.as_of), closures
        if self._public is None or not self._public.fits(tables, snapshot):
            self._public = _Public(tables, snapshot)
        part = _part_of(tables, self._codes, self._public)
        self._told = _Told(tables.counts, snapshot, part)
        return part, closures


def public_tables(tables: TablesLike, snapshot: Snapshot) -> PartTables:
    """Give the tables as everyone may see them: no figure is anyone's own."""
    return _part_of(tables, frozenset(), _Public(tables, snapshot))


class _Told(NamedTuple):
    """What was given last, and what it was made of."""

    counts: Mapping[str, Numbers]
    snapshot: Snapshot | None
    part: PartTables


class _Public:
    """The newest public table in the places, sectors and weeks of the tables; 0 where it has nothing."""

    def __init__(self, tables: TablesLike, snapshot: Snapshot | None) -> None:
        self._axes, self._snapshot = (tables.places, tables.sectors, tables.weeks), snapshot
        self._arrays = {name: np.zeros(tables.open.shape, dtype=np.int64) for name in _ARRAYS}
        if snapshot is not None:
            theirs = (snapshot.places, snapshot.sectors, snapshot.weeks)
            pairs = [_same(here, there) for here, there in zip(self._axes, theirs, strict=True)]
            to, of = (np.ix_(*(axis[side] for axis in pairs)) for side in (0, 1))
            for name, placed in self._arrays.items():
                placed[to] = getattr(snapshot, name)[of]

    def fits(self, tables: TablesLike, snapshot: Snapshot | None) -> bool:
        """Tell whether it is what would be made of these."""
        return snapshot is self._snapshot and self._axes == (tables.places, tables.sectors, tables.weeks)

    def __getitem__(self, name: str) -> Numbers:
        return self._arrays[name]


def _same(here: Sequence[str], there: Sequence[str]) -> tuple[list[int], list[int]]:
    """Give where those are that are in both: here, and there."""
    known = {name: at for at, name in enumerate(here)}
    pairs = [(known[name], at) for at, name in enumerate(there) if name in known]
    return [to for to, _ in pairs], [of for _, of in pairs]


def _part_of(tables: TablesLike, codes: frozenset[str], public: _Public) -> PartTables:
    exact = np.array([place in codes for place in tables.places], dtype=np.bool_)
    own = np.flatnonzero(exact)

    def only(numbers: Numbers) -> Numbers:
        """Give one's own rows, and nothing of others: few rows are copied, whatever there are of others."""
        return beside(np.zeros(numbers.shape, dtype=np.int64), numbers)

    def beside(others: Numbers, numbers: Numbers) -> Numbers:
        others[own] = numbers[own]
        return others

    unreached = tables.counts["unreached"]
    counts = {name: only(numbers) for name, numbers in tables.counts.items()}
    counts["unreached"] = beside(public["low"].copy(), unreached)
    coverage = {name: only(numbers) for name, numbers in tables.coverage.items()}
    for name in _PUBLIC_COVERAGE:
        coverage[name] = beside(public[name.removeprefix("schools_")].copy(), tables.coverage[name])
    exists = public["exists"] != 0
    exists[own] = tables.open[own]
    return PartTables(
        tables.position,
        tables.as_of,
        tables.places,
        tables.sectors,
        tables.weeks,
        exists,
        counts,
        coverage,
        {name: only(numbers) for name, numbers in tables.register.items()},
        beside(public["high"].copy(), unreached),
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
