"""The cells of then and now, added up by week and by municipality, of those that somebody may see exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.web.then.replays import NUMBERS, Compared

__all__ = ["Row", "Sums", "add_up"]


@dataclass(frozen=True)
class Row:
    """A week or a municipality: its numbers in the order of `NUMBERS`."""

    key: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Sums:
    """As known `then` and `now` (microseconds): `weeks` in order; `places` of one `week`, where most differs first."""

    then: int
    now: int
    weeks: tuple[Row, ...]
    week: str
    places: tuple[Row, ...]


def add_up(found: Compared, codes: frozenset[str] | None, sector: str | None, week: str, last: str) -> Sums:
    """Add up over sectors (or of one). `codes`: of these municipalities only; None: of all, and residence unknown.

    The municipalities are those of `week`; where nothing is known of that, of the newest week up to `last`.
    """
    mask = np.ones(len(found.week), dtype=np.bool_)
    if codes is not None:
        mask &= np.isin(found.municipality, sorted(codes))
    if sector is not None:
        mask &= found.sector == sector
    weeks = _added(found.week[mask], found.numbers[mask])
    known = [row.key for row in weeks]
    if week not in known:
        week = max((each for each in known if each <= last), default=known[0] if known else "")
    mask &= found.week == week
    places = _added(found.municipality[mask], found.numbers[mask])
    at = NUMBERS.index("difference")
    return Sums(
        found.then, found.now, weeks, week, tuple(sorted(places, key=lambda row: (-abs(row.numbers[at]), row.key)))
    )


def _added(keys: NDArray[np.str_], numbers: NDArray[np.int64]) -> tuple[Row, ...]:
    names, which = np.unique(keys, return_inverse=True)
    sums = np.zeros((len(names), len(NUMBERS)), dtype=np.int64)
    np.add.at(sums, which, numbers)
    return tuple(Row(name, tuple(row)) for name, row in zip(names.tolist(), sums.tolist(), strict=True))
