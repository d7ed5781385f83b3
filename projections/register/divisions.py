"""The municipal divisions, and what was counted under earlier codes seen in the division of a later day.

Municipalities that merged are summed under the code that they became, also through two mergers. One that was split has
no single heir: it keeps its own row, so that nothing is lost. It is marked as not comparable, as are those that took in
a part of it, on the days before the split.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from projections.register import Municipality, municipalities

__all__ = ["Division", "Seen", "divide", "division_of", "divisions", "into_division"]

Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Seen:
    """Rows of codes seen in a division."""

    codes: tuple[str, ...]
    """The rows that came of it, in the order of the codes."""
    row: NDArray[np.intp]
    """By each code that was given: its row."""
    comparable_from: NDArray[np.int64]
    """By each row: the first day (an ordinal) whose figures can be compared with those of the division's day."""

    def sum(self, values: NDArray[Value]) -> NDArray[Value]:
        """Sum arrays [code, ...] into arrays [row, ...] of the same type; of booleans, whether any is true.

        Only what may be added over municipalities keeps its meaning: not ``unreached_during`` and ``households``, which
        become upper bounds. The ends of ranges may be added, each by itself.
        """
        into = np.zeros((len(self.codes), *values.shape[1:]), dtype=values.dtype)
        np.add.at(into, self.row, values)
        return into

    def comparable(self, days: Sequence[int]) -> NDArray[np.bool_]:
        """Tell [row, day] where the figures of ``days`` can be compared with those of the division's day."""
        return np.asarray(days, dtype=np.int64)[None, :] >= self.comparable_from[:, None]


@dataclass(frozen=True, eq=False)
class Division:
    """The municipalities of one day, and what became of every code that ended before it."""

    day: int
    """A proleptic ordinal."""
    codes: tuple[str, ...]
    """Valid on the day, in the order of the codes."""
    merged: Mapping[str, str]
    """By each code that ended and has one heir on the day: that heir."""
    split: Mapping[str, tuple[str, ...]]
    """By each code that ended and has several heirs on the day: those. It cannot be compared with any later day."""
    later: frozenset[str]
    """Codes that begin after the day and have no place in the division."""
    comparable_from: Mapping[str, int]
    """By each code of the division that took in a part of one that was split: the first day after that (an ordinal)."""

    def row_of(self, code: str) -> str:
        """Give the code under which a code is seen: its heir's, or its own where it holds, was split or is unknown.

        Raises:
            ValueError: the code begins after the day.

        """
        if code in self.later:
            raise ValueError("the code begins after the day of the division")
        return self.merged.get(code, code)

    def seen(self, codes: Sequence[str]) -> Seen:
        """See rows of codes in this division; a row that the register does not know, such as unknown, stays itself.

        Raises:
            ValueError: a code begins after the day.

        """
        into = [self.row_of(code) for code in codes]
        rows = tuple(sorted(set(into)))
        index = {code: row for row, code in enumerate(rows)}
        return Seen(
            rows,
            np.array([index[code] for code in into], dtype=np.intp),
            np.array([self._comparable_from(code) for code in rows], dtype=np.int64),
        )

    def _comparable_from(self, code: str) -> int:
        return date.max.toordinal() if code in self.split else self.comparable_from.get(code, 0)


@cache
def divisions() -> tuple[int, ...]:
    """Give the first day (a proleptic ordinal) of every division that the register knows, in order."""
    register = municipalities()
    return tuple(sorted({known.valid_from.toordinal() for known in register} | set(_ends(register).values())))


def division_of(day: int) -> int:
    """Give the first day of the division that holds on ``day``; before the register begins, of its first one."""
    return max((first for first in divisions() if first <= day), default=divisions()[0])


@cache
def into_division(day: int) -> Division:
    """Give the division of a day (a proleptic ordinal), and what became in it of the codes that ended before."""
    return divide(municipalities(), day)


def divide(register: Sequence[Municipality], day: int) -> Division:
    """Give the division of a day by any register, in which codes that ended have successors that begin no earlier."""
    ended = {code: end for code, end in _ends(register).items() if end <= day}
    successors = {known.code: known.successors for known in register if known.code in ended}
    heirs = {code: _heirs(code, successors) for code in ended}
    split = {code: of for code, of in heirs.items() if len(of) > 1}
    comparable_from: dict[str, int] = {}
    for code, of in split.items():
        for heir in of:
            comparable_from[heir] = max(comparable_from.get(heir, 0), ended[code])
    later = frozenset(known.code for known in register if known.valid_from.toordinal() > day)
    return Division(
        day,
        tuple(sorted(known.code for known in register if known.code not in ended and known.code not in later)),
        {code: of[0] for code, of in heirs.items() if len(of) == 1},
        split,
        later,
        comparable_from,
    )


def _ends(register: Sequence[Municipality]) -> dict[str, int]:
    """By each code that ended: the first day on which it does not hold."""
    return {known.code: known.valid_until.toordinal() + 1 for known in register if known.valid_until}


def _heirs(code: str, successors: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Give the codes that hold and came of this one, in the order of the codes."""
    if code not in successors:
        return (code,)
    return tuple(sorted({heir for successor in successors[code] for heir in _heirs(successor, successors)}))
